/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/trial_files.h"

#include "rig/base/file.h"
#include "rig/tls/pcap.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

static rig_result write_file(const char *folder, const char *name, const struct rig_buf *content,
                             struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;

    if (content->len == 0) {
        return RIG_DONE;
    }
    RIG_TRY(rig_path_join(folder, name, &path, err));
    return rig_file_replace(path, content->data, content->len, 0644, err);
}

static rig_result write_capture(const char *folder, const struct rig_trial_place *place,
                                const struct rig_both_sides *both, struct rig_error *err)
{
    const struct rig_tls_capture *const captures[] = {both->capture};
    RIG_AUTO(rig_buf_free) struct rig_buf file = {.secret = true};

    if (both->capture == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_tls_pcap_append(captures, 1, place->plan->name, &file, err));
    return write_file(folder, "handshake.pcapng", &file, err);
}

static rig_result write_nginx(const char *folder, const struct rig_trial_place *place,
                              struct rig_error *err)
{
    const struct rig_nginx *nginx = place->other_nginx != NULL ? place->other_nginx : place->nginx;

    if (nginx == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(write_file(folder, "nginx.conf", rig_nginx_config(nginx), err));
    return write_file(folder, "nginx.log", rig_nginx_log(nginx), err);
}

rig_result rig_trial_files_write(const struct rig_trial_place *place,
                                 const struct rig_both_sides *both, json_t *evidence,
                                 struct rig_error *err)
{
    const struct rig_board_report *report = place->board->report;
    RIG_AUTO(rig_free_chars) char *log_path = strdup(report->log_path);
    RIG_AUTO(rig_free_chars) char *folder = NULL;
    char name[160];

    if (log_path == NULL) {
        return rig_fail_memory(err);
    }
    (void)snprintf(name, sizeof name, "cases/%s-%s-%s", place->board->place->id.text,
                   rig_key_type_name(place->board->cell.key_type), place->plan->name);
    RIG_TRY(rig_path_join(dirname(log_path), name, &folder, err));
    RIG_TRY(rig_dir_make(folder, 0755, err));
    if (place->presented.has_certificate) {
        RIG_TRY(rig_pki_identity_write(&place->device, folder, "device", err));
    }
    RIG_TRY(rig_pki_identity_write(&place->server, folder, "server", err));
    RIG_TRY(write_file(folder, "server-crls.pem", &place->crls, err));
    RIG_TRY(write_file(folder, "board-crls.pem", &place->board_crls, err));
    RIG_TRY(write_capture(folder, place, both, err));
    RIG_TRY(write_nginx(folder, place, err));
    (void)json_object_set_new(evidence, "files", json_string(name));
    return RIG_DONE;
}
