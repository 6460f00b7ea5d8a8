/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of unknown origin (a serial log, a board's answer) as text that XML 1.0, JSON and a
 * terminal all take: valid UTF-8 without control characters but tab and line feed. What is not
 * allowed is shown as `\xNN`, so nothing is lost and nothing acts. For the writers of this folder
 * only.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include "rig/base/buf.h"

/* CR LF and a lone CR become LF. A Jenkins/GitLab attachment marker is broken up: a board must not
 * pick files of the CI server. */
RIG_CHECKED rig_result rig_text_printable(const void *bytes, size_t n_bytes, struct rig_buf *out,
                                          struct rig_error *err);
/* The same for a C text, and line breaks and tabs become spaces. */
RIG_CHECKED rig_result rig_text_one_line(const char *text, struct rig_buf *out,
                                         struct rig_error *err);
/* As rig_text_printable; of more than `max_bytes` the first quarter and the last three, with a line
 * that says so. */
RIG_CHECKED rig_result rig_text_excerpt(const void *bytes, size_t n_bytes, size_t max_bytes,
                                        struct rig_buf *out, struct rig_error *err);
/* Seconds with three decimals ("12.345") from nanoseconds, whatever the locale; a negative time is
 * "0.000". */
#define RIG_TEXT_SECONDS_SIZE 32
void rig_text_seconds(int64_t duration_ns, char out[RIG_TEXT_SECONDS_SIZE]);

#endif
