/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/shelf.h"

#include "rig/base/file.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_GRACE_MS 2000
#define USAGE_EXIT_CODE 2
#define SIGNAL_EXIT_CODE 128 /* and the signal's number on top */
#define MAX_LOG_BYTES ((size_t)16 << 20)
#define MAX_ARGS (24 + 2 * RIG_SHELF_MAX_FAULTS)
#define DEFAULT_CHIP "esp32"
#define FIRST_MAC 0x246f28aa0000ULL /* below it: Espressif's 24:6f:28 */

static void set_place(struct rig_bench_board *place, size_t number, const char *chip)
{
    const unsigned long long mac = FIRST_MAC + number;

    memset(place, 0, sizeof *place);
    (void)snprintf(place->id.text, sizeof place->id.text, "b%zu", number);
    (void)rig_copy_text(place->chip, sizeof place->chip, chip != NULL ? chip : DEFAULT_CHIP);
    for (size_t i = 0; i < RIG_MAC_SIZE; i++) {
        place->mac[i] = (uint8_t)(mac >> (8 * (RIG_MAC_SIZE - 1 - i)));
    }
    place->has_mac = true;
    place->baud = 115200;
    place->enabled = true;
}

static rig_result start_one(const struct rig_shelf_options *options, const char *program,
                            struct rig_bench_board *place, size_t number, struct rig_child *child,
                            struct rig_error *err)
{
    char flash[PATH_MAX];
    char log[PATH_MAX];
    char mac[RIG_MAC_TEXT_SIZE];
    const char *args[MAX_ARGS];
    size_t n = 0;
    const bool is_default = strcmp(place->chip, DEFAULT_CHIP) == 0;

    /* a flash fits one kind of chip: another kind in the same folder gets its own */
    (void)snprintf(flash, sizeof flash, "%s/%s%s%s.flash", options->folder, place->id.text,
                   is_default ? "" : ".", is_default ? "" : place->chip);
    (void)snprintf(log, sizeof log, "%s/%s.log", options->folder, place->id.text);
    rig_mac_text(place->mac, mac);
    args[n++] = program;
    args[n++] = "--exit-with-parent";
    args[n++] = "--name";
    args[n++] = place->id.text;
    args[n++] = "--chip";
    args[n++] = place->chip;
    args[n++] = "--flash";
    args[n++] = flash;
    args[n++] = "--mac";
    args[n++] = mac;
    if (options->pace != NULL) {
        args[n++] = "--pace";
        args[n++] = options->pace;
    }
    for (size_t i = 0; i < options->n_faults; i++) {
        if (options->faults[i].board == number) {
            args[n++] = "--fault";
            args[n++] = options->faults[i].name;
        }
    }
    args[n] = NULL;
    return rig_child_start(child, args, log, err);
}

/* What a virtual board said before it ended: the last line of its log, unless a signal left it no
 * time to say anything. Its exit code 2 means that its options, so the user's, were wrong. */
static rig_result explain_end(struct rig_child *child, const struct rig_bench_board *place,
                              const char *folder, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf log = {0};
    struct rig_error ignored;
    char path[PATH_MAX];
    int status = 0;
    char *last;

    (void)snprintf(path, sizeof path, "%s/%s.log", folder, place->id.text);
    if (!rig_file_read(path, MAX_LOG_BYTES, &log, &ignored).ok || log.len == 0 ||
        !rig_child_join(child, wait, &status, &ignored).ok || status > SIGNAL_EXIT_CODE) {
        return rig_wrap(err, "virtual board %s", place->id.text);
    }
    if (log.data[log.len - 1] == '\n') {
        log.data[--log.len] = 0;
    }
    last = strrchr((char *)log.data, '\n');
    return rig_fail(err, status == USAGE_EXIT_CODE ? RIG_CLASS_USAGE : RIG_CLASS_RIG, RIG_E_INVALID,
                    "virtual board %s: %s", place->id.text,
                    last != NULL ? last + 1 : (const char *)log.data);
}

static rig_result read_address(struct rig_child *child, struct rig_bench_board *place,
                               const char *folder, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

    if (!rig_child_read_line(child, wait, &line, err).ok) {
        return explain_end(child, place, folder, wait, err);
    }
    (void)rig_copy_text(place->port, sizeof place->port, rig_buf_text(&line));
    return RIG_DONE;
}

static rig_result start_all(const struct rig_shelf_options *options, struct rig_shelf *shelf,
                            struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *folder = NULL;
    RIG_AUTO(rig_free_chars) char *program = NULL;

    RIG_TRY(rig_program_folder(&folder, err));
    RIG_TRY(rig_path_join(folder, "vboard", &program, err));
    RIG_TRY(rig_dir_make(options->folder, 0755, err));
    for (size_t i = 0; i < options->n_boards; i++) {
        set_place(&shelf->boards[i], i + 1, options->chip);
        RIG_TRY(start_one(options, program, &shelf->boards[i], i + 1, &shelf->children[i], err));
        shelf->n_boards++;
    }
    for (size_t i = 0; i < options->n_boards; i++) {
        RIG_TRY(read_address(&shelf->children[i], &shelf->boards[i], options->folder, wait, err));
    }
    return RIG_DONE;
}

rig_result rig_shelf_start(const struct rig_shelf_options *options, struct rig_shelf *shelf,
                           struct rig_wait wait, struct rig_error *err)
{
    rig_result result;

    memset(shelf, 0, sizeof *shelf);
    shelf->children = calloc(options->n_boards, sizeof *shelf->children);
    shelf->boards = calloc(options->n_boards, sizeof *shelf->boards);
    result = shelf->children == NULL || shelf->boards == NULL
                 ? rig_fail_memory(err)
                 : start_all(options, shelf, wait, err);
    if (!result.ok) {
        rig_shelf_stop(shelf);
    }
    return result;
}

void rig_shelf_stop(struct rig_shelf *shelf)
{
    if (shelf->children == NULL) {
        shelf->n_boards = 0;
    }
    for (size_t i = 0; i < shelf->n_boards; i++) {
        if (shelf->children[i].pid > 0) {
            (void)kill(shelf->children[i].pid, SIGTERM); /* all at once, then wait for each */
        }
    }
    for (size_t i = 0; i < shelf->n_boards; i++) {
        rig_child_stop(&shelf->children[i], STOP_GRACE_MS);
    }
    free(shelf->children);
    free(shelf->boards);
    memset(shelf, 0, sizeof *shelf);
}
