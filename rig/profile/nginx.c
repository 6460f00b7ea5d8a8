/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/profile/nginx.h"

#include "rig/base/child.h"
#include "rig/base/cleanup.h"
#include "rig/base/file.h"
#include "rig/profile/nginx_log.h"
#include "rig/tls/listener.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_TRIES 5 /* another program may take the port before nginx has it */
#define STOP_GRACE_MS 3000
#define RELOAD_TIMEOUT_MS 15000
#define MAX_LOG_BYTES ((size_t)1 << 20)

struct rig_nginx {
    struct rig_nginx_options options;
    struct rig_tls_settings settings; /* texts are gone after the start; the rest stays */
    bool has_crls;
    char *folder;
    struct rig_child child;
    struct rig_buf config;
    struct rig_buf log;
    struct rig_buf partial; /* of a line */
    uint16_t port;
    unsigned generation;
    long worker_pid;
};

static rig_result write_file(const struct rig_nginx *nginx, const char *name, const void *bytes,
                             size_t n_bytes, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;

    RIG_TRY(rig_path_join(nginx->folder, name, &path, err));
    return rig_file_replace(path, bytes, n_bytes, 0600, err);
}

static rig_result write_text(const struct rig_nginx *nginx, const char *name, const char *text,
                             struct rig_error *err)
{
    return text != NULL ? write_file(nginx, name, text, strlen(text), err) : RIG_DONE;
}

/* ---- its output ---- */

/* `wait` over: TIMEOUT, and what came of the line is kept for the next call. */
static rig_result next_line(struct rig_nginx *nginx, struct rig_nginx_line *line,
                            struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_child_read_line(&nginx->child, wait, &nginx->partial, err));
    rig_nginx_parse_line((const char *)nginx->partial.data, nginx->partial.len, line);
    if (nginx->log.len + nginx->partial.len < MAX_LOG_BYTES) {
        RIG_TRY(rig_buf_append(&nginx->log, nginx->partial.data, nginx->partial.len, err));
        RIG_TRY(rig_buf_append_text(&nginx->log, "\n", err));
    }
    rig_buf_reset(&nginx->partial);
    if (line->kind == RIG_NGINX_WORKER_STARTED) {
        nginx->worker_pid = line->pid;
    }
    return RIG_DONE;
}

static rig_result fail_emergency(const struct rig_nginx *nginx, const struct rig_nginx_line *line,
                                 struct rig_error *err)
{
    const bool taken = strstr(line->text, "bind() to ") != NULL;

    return rig_fail(err, RIG_CLASS_RIG, taken ? RIG_E_BUSY : RIG_E_INVALID, "nginx (%s): %s",
                    nginx->options.profile->binary, line->text);
}

static rig_result await_worker(struct rig_nginx *nginx, struct rig_wait wait, struct rig_error *err)
{
    struct rig_nginx_line line;

    do {
        RIG_TRY_IN(next_line(nginx, &line, wait, err), err, "%s does not start",
                   nginx->options.profile->binary);
        if (line.kind == RIG_NGINX_EMERGENCY) {
            return fail_emergency(nginx, &line, err);
        }
    } while (line.kind != RIG_NGINX_WORKER_STARTED);
    return RIG_DONE;
}

/* ---- start ---- */

static rig_result make_folder(struct rig_nginx *nginx, struct rig_error *err)
{
    RIG_TRY(rig_dir_make(nginx->options.parent_folder, 0700, err));
    RIG_TRY(rig_path_join(nginx->options.parent_folder, "nginx-XXXXXX", &nginx->folder, err));
    if (mkdtemp(nginx->folder) == NULL) {
        const int cause = errno;
        RIG_AUTO(rig_free_chars) char *name = nginx->folder;

        nginx->folder = NULL; /* nothing to remove */
        return rig_fail_errno(err, cause, "cannot make the folder '%s'", name);
    }
    return RIG_DONE;
}

static rig_result write_settings(struct rig_nginx *nginx, struct rig_error *err)
{
    const struct rig_tls_settings *settings = &nginx->settings;

    RIG_TRY(write_text(nginx, RIG_NGINX_CHAIN_FILE, settings->certificate_pem, err));
    RIG_TRY(write_text(nginx, RIG_NGINX_KEY_FILE, settings->key_pem, err));
    RIG_TRY(write_text(nginx, RIG_NGINX_ROOTS_FILE, settings->client_roots_pem, err));
    RIG_TRY(write_text(nginx, RIG_NGINX_CRLS_FILE, settings->crls_pem, err));
    if (settings->ticket_key != NULL) {
        RIG_TRY(write_file(nginx, RIG_NGINX_TICKET_FILE, settings->ticket_key,
                           RIG_TLS_TICKET_KEY_BYTES, err));
    }
    return RIG_DONE;
}

static rig_result write_config(struct rig_nginx *nginx, const char *address, struct rig_error *err)
{
    const struct rig_nginx_place place = {
        .address = address,
        .port = nginx->port,
        .generation = nginx->generation,
        .has_crls = nginx->has_crls,
    };

    rig_buf_reset(&nginx->config);
    RIG_TRY(rig_nginx_config_write(nginx->options.profile, &nginx->settings, &place, &nginx->config,
                                   err));
    return write_file(nginx, RIG_NGINX_CONFIG_FILE, nginx->config.data, nginx->config.len, err);
}

static const char *address_of(const struct rig_nginx *nginx, const struct rig_tls_address *address)
{
    return nginx->options.bind_address != NULL     ? nginx->options.bind_address
           : address->at.any.sa_family == AF_INET6 ? "::"
                                                   : "0.0.0.0";
}

static rig_result spawn(struct rig_nginx *nginx, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *config = NULL;
    RIG_AUTO(rig_free_chars) char *prefix = realpath(nginx->folder, NULL);

    if (prefix == NULL) {
        return rig_fail_errno(err, errno, "cannot find the folder '%s'", nginx->folder);
    }
    RIG_TRY(rig_path_join(prefix, RIG_NGINX_CONFIG_FILE, &config, err));
    const char *const argv[] = {
        "setpriv", "--pdeathsig", "TERM", "--",   nginx->options.profile->binary,
        "-e",      "/dev/stdout", "-p",   prefix, "-c",
        config,    NULL};

    return rig_child_start(&nginx->child, argv, NULL, err);
}

/* Another program may be quicker with the port that was just free. */
static rig_result start_on_a_port(struct rig_nginx *nginx, const struct rig_tls_address *address,
                                  struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = -1;
    rig_result result;

    RIG_TRY(rig_tls_listen(address, (uint16_t)(nginx->port + 1U), &fd, &nginx->port, err));
    rig_close_fd(&fd);
    RIG_TRY(write_config(nginx, address_of(nginx, address), err));
    RIG_TRY(spawn(nginx, err));
    result = await_worker(nginx, wait, err);
    if (!result.ok) {
        rig_child_stop(&nginx->child, STOP_GRACE_MS);
        rig_buf_reset(&nginx->partial);
    }
    return result;
}

static rig_result start(struct rig_nginx *nginx, const struct rig_tls_settings *settings,
                        struct rig_wait wait, struct rig_error *err)
{
    const char *cannot = rig_nginx_cannot(settings);
    struct rig_tls_address address;
    rig_result result;

    if (cannot != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED, "%s", cannot);
    }
    nginx->settings = *settings;
    nginx->has_crls = settings->crls_pem != NULL && settings->crl_check != RIG_TLS_CRL_NONE;
    nginx->generation = 1;
    RIG_TRY(rig_tls_address_parse(nginx->options.bind_address, nginx->options.first_port,
                                  nginx->options.last_port, &address, err));
    RIG_TRY(make_folder(nginx, err));
    RIG_TRY(write_settings(nginx, err));
    for (unsigned n = 1;; n++) {
        result = start_on_a_port(nginx, &address, wait, err);
        if (result.ok || err->code != RIG_E_BUSY || n == START_TRIES) {
            return result;
        }
    }
}

rig_result rig_nginx_start(const struct rig_nginx_options *options,
                           const struct rig_tls_settings *settings, struct rig_nginx **nginx,
                           struct rig_wait wait, struct rig_error *err)
{
    struct rig_nginx *made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->options = *options;
    made->child = (struct rig_child){.stdin_fd = -1, .stdout_fd = -1};
    result = start(made, settings, wait, err);
    made->settings.certificate_pem = made->settings.key_pem = NULL;
    made->settings.client_roots_pem = made->settings.crls_pem = NULL;
    if (!result.ok) {
        rig_nginx_stop(made);
        return result;
    }
    *nginx = made;
    return RIG_DONE;
}

uint16_t rig_nginx_port(const struct rig_nginx *nginx)
{
    return nginx->port;
}

const struct rig_buf *rig_nginx_config(const struct rig_nginx *nginx)
{
    return &nginx->config;
}

const struct rig_buf *rig_nginx_log(const struct rig_nginx *nginx)
{
    return &nginx->log;
}

void rig_nginx_stop(struct rig_nginx *nginx)
{
    struct rig_error ignored;

    if (nginx == NULL) {
        return;
    }
    rig_child_stop(&nginx->child, STOP_GRACE_MS);
    if (nginx->folder != NULL) {
        (void)rig_dir_remove(nginx->folder, &ignored).ok;
    }
    free(nginx->folder);
    rig_buf_free(&nginx->config);
    rig_buf_free(&nginx->log);
    rig_buf_free(&nginx->partial);
    free(nginx);
}

/* ---- reload ---- */

/* The new worker is there and the old one is gone: until then either may take a connection. */
static rig_result await_change_of_workers(struct rig_nginx *nginx, long old_pid,
                                          struct rig_wait wait, struct rig_error *err)
{
    bool started = false;
    bool exited = false;
    struct rig_nginx_line line;

    while (!started || !exited) {
        RIG_TRY_IN(next_line(nginx, &line, wait, err), err, "nginx does not load its CRLs anew");
        if (line.kind == RIG_NGINX_EMERGENCY) {
            return fail_emergency(nginx, &line, err);
        }
        started = started || line.kind == RIG_NGINX_WORKER_STARTED;
        exited = exited || (line.kind == RIG_NGINX_WORKER_EXITED && line.pid == old_pid);
    }
    return RIG_DONE;
}

rig_result rig_nginx_reload(struct rig_nginx *nginx, const struct rig_tls_trust_texts *trust,
                            struct rig_wait wait, struct rig_error *err)
{
    const long old_pid = nginx->worker_pid;
    struct rig_tls_address address;

    nginx->has_crls = trust->crls_pem != NULL && nginx->settings.crl_check != RIG_TLS_CRL_NONE;
    nginx->generation++;
    RIG_TRY(rig_tls_address_parse(nginx->options.bind_address, 0, 0, &address, err));
    RIG_TRY(write_text(nginx, RIG_NGINX_ROOTS_FILE, trust->client_roots_pem, err));
    RIG_TRY(write_text(nginx, RIG_NGINX_CRLS_FILE, trust->crls_pem, err));
    RIG_TRY(write_config(nginx, address_of(nginx, &address), err));
    if (kill(nginx->child.pid, SIGHUP) != 0) {
        return rig_fail_errno(err, errno, "cannot tell nginx to load its configuration");
    }
    return await_change_of_workers(nginx, old_pid, rig_wait_within(wait, RELOAD_TIMEOUT_MS), err);
}

/* ---- evidence ---- */

/* What was read of connections whose request is not there yet. */
struct verify_errors {
    uint64_t connection;
    int error;
    char text[128];
};

static void take_access(const struct rig_nginx_line *line, const struct verify_errors *last,
                        struct rig_nginx_answer *answer)
{
    struct rig_tls_evidence *evidence = &answer->evidence;

    evidence->client_hello_seen = true;
    evidence->handshake_done = true;
    evidence->echoed = line->status == 200;
    evidence->resumed = line->resumed;
    evidence->peer_presented = line->presented && !line->resumed;
    memcpy(evidence->peer_sha256, line->sha256, RIG_SHA256_SIZE);
    evidence->trust_generation = line->generation;
    (void)rig_copy_text(evidence->peer_subject, sizeof evidence->peer_subject, line->subject);
    (void)rig_copy_text(evidence->version, sizeof evidence->version, line->protocol);
    (void)rig_copy_text(evidence->cipher, sizeof evidence->cipher, line->cipher);
    (void)rig_copy_text(evidence->sni, sizeof evidence->sni, line->sni);
    if (last->connection == line->connection) {
        evidence->verify_error = last->error;
        if (last->error == 0) {
            evidence->refused_by = RIG_TLS_REFUSED_BY_OCSP;
            (void)rig_copy_text(evidence->refusal_text, sizeof evidence->refusal_text, last->text);
        }
        (void)rig_copy_text(evidence->error_text, sizeof evidence->error_text, last->text);
    }
    answer->http_status = line->status;
    (void)rig_copy_text(answer->verify, sizeof answer->verify, line->verify);
}

static void take_failure(const struct rig_nginx_line *line, struct rig_nginx_answer *answer)
{
    struct rig_tls_evidence *evidence = &answer->evidence;

    evidence->client_hello_seen = true;
    evidence->alert_received = line->alert_received;
    evidence->handshake_done = strstr(line->text, "while waiting for request") != NULL;
    (void)rig_copy_text(evidence->error_text, sizeof evidence->error_text, line->text);
}

rig_result rig_nginx_evidence(struct rig_nginx *nginx, const char *nonce,
                              struct rig_nginx_answer *answer, struct rig_wait wait,
                              struct rig_error *err)
{
    struct verify_errors last = {0};
    struct rig_nginx_line line;

    *answer = (struct rig_nginx_answer){.evidence = {.verify_depth = -1,
                                                     .alert_sent = RIG_TLS_NO_ALERT,
                                                     .alert_received = RIG_TLS_NO_ALERT}};
    for (;;) {
        const rig_result result = next_line(nginx, &line, wait, err);

        if (!result.ok) {
            return err->code == RIG_E_TIMEOUT ? RIG_DONE : result;
        }
        if (line.kind == RIG_NGINX_ACCESS && strcmp(line.nonce, nonce) == 0) {
            take_access(&line, &last, answer);
            return RIG_DONE;
        }
        if (line.kind == RIG_NGINX_TLS_FAILED) {
            take_failure(&line, answer);
            return RIG_DONE;
        }
        if (line.kind == RIG_NGINX_VERIFY_ERROR) {
            last =
                (struct verify_errors){.connection = line.connection, .error = line.verify_error};
            (void)rig_copy_text(last.text, sizeof last.text, line.text);
        }
        answer->n_strangers += line.kind == RIG_NGINX_ACCESS;
    }
}
