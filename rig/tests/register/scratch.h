/* SPDX-License-Identifier: Apache-2.0 */
/* What the register's tests share: a folder of their own, a clock that ticks by hand, a filled
 * certificate. */
#ifndef RIG_TESTS_REGISTER_SCRATCH_H
#define RIG_TESTS_REGISTER_SCRATCH_H

#include "rig/register/register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct scratch {
    char folder[64];
    struct rig_clock clock;
    int64_t now_ms;
};

/* cmocka set-up and tear-down: *state is a struct scratch. */
int scratch_open(void **state);
int scratch_close(void **state);

struct rig_register *scratch_register(struct scratch *scratch, bool writer);
void scratch_path(const struct scratch *scratch, const char *name, char *path, size_t size);
struct rig_register_certificate scratch_certificate(const char *serial, const char *device_id);

/* Journals and records an issued certificate. */
void scratch_issue(struct rig_register *reg, const struct rig_register_certificate *certificate);
/* Runs SQL on rig.db behind the register's back. */
void scratch_sql(const struct scratch *scratch, const char *sql);

/* Counts what it is called with. */
struct tally {
    size_t n;
    struct rig_journal_entry entries[8];
    struct rig_register_certificate certificates[8];
    struct rig_register_device devices[8];
    struct rig_register_run runs[8];
};
rig_result tally_entry(void *ctx, const struct rig_journal_entry *entry, struct rig_error *err);
rig_result tally_certificate(void *ctx, const struct rig_register_certificate *certificate,
                             struct rig_error *err);
rig_result tally_device(void *ctx, const struct rig_register_device *device, struct rig_error *err);
rig_result tally_run(void *ctx, const struct rig_register_run *run, struct rig_error *err);

#define assert_done(expr)                                                                          \
    do {                                                                                           \
        if (!(expr).ok) {                                                                          \
            fail_msg("%s: %s", #expr, err.text);                                                   \
        }                                                                                          \
    } while (0)

#define assert_failed(expr, wanted_class, wanted_code)                                             \
    do {                                                                                           \
        if ((expr).ok) {                                                                           \
            fail_msg("%s was expected to fail", #expr);                                            \
        }                                                                                          \
        if (err.cls != (wanted_class) || err.code != (wanted_code)) {                              \
            fail_msg("%s: class %s, code %s: %s", #expr, rig_error_class_name(err.cls),            \
                     rig_error_code_name(err.code), err.text);                                     \
        }                                                                                          \
    } while (0)

#define assert_says(words)                                                                         \
    do {                                                                                           \
        if (strstr(err.text, (words)) == NULL) {                                                   \
            fail_msg("'%s' is missing in: %s", (words), err.text);                                 \
        }                                                                                          \
    } while (0)

#endif
