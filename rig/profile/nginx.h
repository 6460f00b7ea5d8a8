/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx in the place of an endpoint of the test server: one program of its own per endpoint, with a
 * configuration, a port and a folder of its own, without privileges, in the foreground; it ends
 * when we end, however that is (setpriv of util-linux). A client asks GET /?rig=NONCE and gets the
 * nonce back.
 *
 * nginx completes the handshake with whatever certificate comes and refuses behind it: HTTP 400,
 * and a line in its log with the verify error, the last one of the walk (ours stops at the first)
 * and without a depth. What it does not tell is left zero in the evidence, the depth -1.
 *
 * Errors: class USAGE for what nginx can't be set up as, and for a program that is not there (code
 * NOT_FOUND); class RIG for one that does not start, with its own words. What clients do is
 * evidence. Threads: one at a time per object, and the one that started it must not end before it
 * is stopped.
 */
#ifndef RIG_PROFILE_NGINX_H
#define RIG_PROFILE_NGINX_H

#include "rig/profile/nginx_config.h"
#include "rig/tls/evidence.h"
#include "rig/tls/server.h"

struct rig_nginx;

/* Borrowed while it runs. */
struct rig_nginx_options {
    const struct rig_server_profile *profile;
    const char *parent_folder; /* it makes a folder of its own there, 0700, and removes it */
    const char *bind_address;  /* as of struct rig_tls_server_options, as the ports */
    uint16_t first_port;
    uint16_t last_port;
};

/* When it returns, nginx listens. The caller stops *nginx. */
RIG_CHECKED rig_result rig_nginx_start(const struct rig_nginx_options *options,
                                       const struct rig_tls_settings *settings,
                                       struct rig_nginx **nginx, struct rig_wait wait,
                                       struct rig_error *err);
uint16_t rig_nginx_port(const struct rig_nginx *nginx);

/* Other trust anchors and CRLs, by SIGHUP. When it returns, the workers with the old ones are gone;
 * the log's lines carry the new generation, which evidence.trust_generation gives. */
RIG_CHECKED rig_result rig_nginx_reload(struct rig_nginx *nginx,
                                        const struct rig_tls_trust_texts *trust,
                                        struct rig_wait wait, struct rig_error *err);

struct rig_nginx_answer {
    struct rig_tls_evidence evidence;
    unsigned http_status; /* 0: no request came so far */
    char verify[160];     /* $ssl_client_verify */
    unsigned n_strangers; /* connections of others since the last answer */
};
/*
 * Waits for the connection whose request had this nonce, or whose handshake failed. Nothing within
 * `wait` is an answer too (client_hello_seen is false). Only a cancelled wait and an nginx that
 * ended fail.
 */
RIG_CHECKED rig_result rig_nginx_evidence(struct rig_nginx *nginx, const char *nonce,
                                          struct rig_nginx_answer *answer, struct rig_wait wait,
                                          struct rig_error *err);

/* What it was told and what it said so far, for people; valid until the next call. No secrets. */
const struct rig_buf *rig_nginx_config(const struct rig_nginx *nginx);
const struct rig_buf *rig_nginx_log(const struct rig_nginx *nginx);

/* NULL is fine. */
void rig_nginx_stop(struct rig_nginx *nginx);
static inline void rig_auto_nginx(struct rig_nginx **nginx)
{
    rig_nginx_stop(*nginx);
    *nginx = NULL;
}

#endif
