/* SPDX-License-Identifier: Apache-2.0 */
/* A world of the shipped fixtures, for the tests of rig/pki. Failing is the test's failure. */
#ifndef RIG_TESTS_PKI_FIXTURE_H
#define RIG_TESTS_PKI_FIXTURE_H

#include "rig/pki/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SERVER_NAME "srv.rig.test"
#define BOARD_NAME "rig-246f28aa0001"

struct pki_test {
    struct rig_fixtures *fixtures;
    struct rig_pki_world *world;
    int64_t now_ms;
};

/* All files of `folder`; the caller frees them with pki_test_close. */
void pki_test_open(struct pki_test *test, const char *folder);
void pki_test_close(struct pki_test *test);

/* With a fresh key; the caller frees the identity. */
void pki_test_identity(const struct pki_test *test, enum rig_pki_kind kind, const char *name,
                       struct rig_pki_identity *identity);

/* Prints the error and fails unless `result` is good. */
void pki_test_good(rig_result result, const struct rig_error *err, const char *what);

#endif
