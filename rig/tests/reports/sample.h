/* SPDX-License-Identifier: Apache-2.0 */
/* Reports to write, for the tests of the writers: a small run with one step of each verdict, and
 * random ones. */
#ifndef RIG_TESTS_REPORTS_SAMPLE_H
#define RIG_TESTS_REPORTS_SAMPLE_H

#include "reports/writers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The caller frees what these make with rig_run_report_free. */
struct rig_run_report sample_run(void);
struct rig_run_report sample_random_run(unsigned *seed);
/* Replaces the log (or evidence) of a step. */
void sample_put(struct rig_buf *buf, const void *bytes, size_t n_bytes);

#define assert_done(expr)                                                                          \
    do {                                                                                           \
        if (!(expr).ok) {                                                                          \
            fail_msg("%s: %s", #expr, err.text);                                                   \
        }                                                                                          \
    } while (0)

#define assert_has(buf, words)                                                                     \
    do {                                                                                           \
        if (strstr(rig_buf_text(buf), (words)) == NULL) {                                          \
            fail_msg("'%s' is missing in:\n%.2000s", (words), rig_buf_text(buf));                  \
        }                                                                                          \
    } while (0)

#define assert_has_not(buf, words)                                                                 \
    do {                                                                                           \
        if (strstr(rig_buf_text(buf), (words)) != NULL) {                                          \
            fail_msg("'%s' must not be in:\n%.2000s", (words), rig_buf_text(buf));                 \
        }                                                                                          \
    } while (0)

#endif
