/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a server profile (rig/profile/profile.h): `rig run SUITE --server FILE`.
 *
 *     rig: 1
 *     profile: nginx
 *     program: nginx
 *     directives: [ssl_prefer_server_ciphers on]
 *     cases:
 *       - {case: wrong-intermediate, verify_errors: [UNABLE_TO_VERIFY_LEAF_SIGNATURE], why: "..."}
 *
 * Errors and `mistakes` as of rig_suite_load.
 */
#ifndef RIG_SUITE_PROFILE_FILE_H
#define RIG_SUITE_PROFILE_FILE_H

#include "rig/base/buf.h"
#include "rig/profile/profile.h"

/* The caller frees *profile with free(). */
RIG_CHECKED rig_result rig_profile_file_load(const char *path, struct rig_server_profile **profile,
                                             struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_profile_file_parse(const char *path_for_messages, const char *text,
                                              size_t n_bytes, struct rig_server_profile **profile,
                                              struct rig_buf *mistakes, struct rig_error *err);

/* Appends the reference as Markdown tables. */
RIG_CHECKED rig_result rig_profile_file_describe(struct rig_buf *text, struct rig_error *err);

#endif
