/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that is not ours in the place of an endpoint: nginx set up by a profile, or a running
 * server of the user's, of which only the address is known. Both speak HTTP: a status 2xx is their
 * yes.
 *
 * Errors: those of rig/profile/nginx.h and of the agent. Threads: the board's own.
 */
#ifndef RIG_RUN_OTHER_SERVER_H
#define RIG_RUN_OTHER_SERVER_H

#include "rig/profile/nginx.h"
#include "rig/run/handshake.h"
#include "rig/run/judge.h"

#define RIG_HTTP_PATH_SIZE 320

/* "https://host[:port][/path]". USAGE/INVALID with what is expected. */
RIG_CHECKED rig_result rig_server_url_parse(const char *text, struct rig_server_url *url,
                                            struct rig_error *err);

/* What the board is to trust such a server by: certificates in PEM and nothing else, since it goes
 * to the board and into logs as it is. USAGE/INVALID names `path`. */
RIG_CHECKED rig_result rig_server_roots_check(const char *pem, const char *path,
                                              struct rig_error *err);

/* Whether the run's server can't play this step, and why; false where the run's server is ours. */
bool rig_other_server_cannot(const struct rig_board *board, const struct rig_step_plan *plan,
                             char *reason, size_t reason_size);

/* nginx for an endpoint with these settings, in the run's work folder. */
RIG_CHECKED rig_result rig_other_server_start(const struct rig_board *board,
                                              const struct rig_tls_settings *settings,
                                              struct rig_nginx **nginx, struct rig_wait wait,
                                              struct rig_error *err);

/* The path and query that carry the nonce. */
void rig_other_server_path(const char *path, const char *nonce, char out[RIG_HTTP_PATH_SIZE]);

/* nginx's word on the handshake of both->nonce: both->server, and both->http. What it does not see
 * is taken from the client's report (an alert that it sent, a certificate in a handshake that
 * failed). */
RIG_CHECKED rig_result rig_other_server_collect(struct rig_nginx *nginx,
                                                struct rig_both_sides *both, struct rig_wait wait,
                                                struct rig_error *err);
/* The same of a server that tells nothing: what the client saw of it. */
void rig_other_server_guess(struct rig_both_sides *both);

/*
 * The plan as the run's server ends it, for the judge: a copy with the profile's own expectations.
 * `evidence` gets what is declared.
 */
void rig_other_server_plan(const struct rig_board *board, const struct rig_step_plan *plan,
                           const struct rig_both_sides *both, struct rig_case_plan *out,
                           json_t *evidence);
/* The judge's input for what such a server tells; that of ours stays as it is. */
void rig_other_server_judged(const struct rig_both_sides *both, struct rig_judge_input *input);

#endif
