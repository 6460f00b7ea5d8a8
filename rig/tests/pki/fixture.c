/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/pki/fixture.h"

#include "rig/suite/fixtures.h"

#include <stdio.h>
#include <time.h>

void pki_test_good(rig_result result, const struct rig_error *err, const char *what)
{
    if (!result.ok) {
        fail_msg("%s: %s", what, err->text);
    }
}

void pki_test_open(struct pki_test *test, const char *folder)
{
    static const char *const names[] = {"authorities", "device", "server", "crl", "ocsp"};
    enum { N_NAMES = sizeof names / sizeof *names };
    char paths[N_NAMES][512];
    const char *list[N_NAMES];
    struct rig_buf mistakes = {0};
    struct rig_error err;

    for (size_t i = 0; i < N_NAMES; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s.yaml", folder, names[i]);
        list[i] = paths[i];
    }
    pki_test_good(rig_fixtures_load(list, N_NAMES, &test->fixtures, &mistakes, &err), &err,
                  "load the fixtures");
    rig_buf_free(&mistakes);
    test->now_ms = (int64_t)time(NULL) * 1000;
    pki_test_good(rig_pki_world_open(test->fixtures, test->now_ms, &test->world, &err), &err,
                  "open a world");
}

void pki_test_close(struct pki_test *test)
{
    rig_pki_world_close(test->world);
    rig_fixtures_free(test->fixtures);
}

void pki_test_identity(const struct pki_test *test, enum rig_pki_kind kind, const char *name,
                       struct rig_pki_identity *identity)
{
    const struct rig_pki_request request = {
        .kind = kind,
        .name = name,
        .common_name = kind == RIG_PKI_SERVER ? SERVER_NAME : BOARD_NAME,
    };
    struct rig_error err;

    pki_test_good(rig_pki_identity(test->world, &request, identity, &err), &err, name);
}
