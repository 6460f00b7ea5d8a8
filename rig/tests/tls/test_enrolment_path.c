/* SPDX-License-Identifier: Apache-2.0 */
/* Which path is walked when a device has several, and how a CA becomes a verified one. */
#include "rig/tests/tls/enrolment_pki.h"
#include "rig/tls/enrolment.h"
#include "rig/tls/possession.h"

#include <openssl/x509_vfy.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct ep ep;
static int64_t now_ms;

static int make_pki(void **state)
{
    (void)state;
    now_ms = (int64_t)time(NULL) * 1000;
    ep_make(&ep);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    ep_free(&ep);
    return 0;
}

static void ok(rig_result result, const struct rig_error *err)
{
    if (!result.ok) {
        fail_msg("%s", err->text);
    }
}

static struct rig_enrolment *list_of(const struct pki_ca *const *cas)
{
    struct rig_enrolment *made = NULL;
    struct rig_error err;

    ok(rig_enrolment_new(&(struct rig_enrolment_settings){0}, &made, &err), &err);
    for (size_t i = 0; cas[i] != NULL; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "ca-%zu", i);
        ok(rig_enrolment_add_ca(made, name, cas[i]->certificate, true, &err), &err);
    }
    return made;
}

static STACK_OF(X509) * path_of(const struct rig_enrolment *enrolment, const X509 *const *sent)
{
    STACK_OF(X509) *presented = sk_X509_new_null();
    STACK_OF(X509) *path = NULL;
    struct rig_error err;

    for (size_t i = 0; sent[i] != NULL; i++) {
        assert_true(sk_X509_push(presented, (X509 *)sent[i]) > 0);
    }
    ok(rig_enrolment_path(enrolment,
                          &(struct rig_enrolment_offer){
                              .presented = presented, .now_ms = now_ms, .security_level = 2},
                          &path, &err),
       &err);
    sk_X509_free(presented);
    return path;
}

static void check_path(const struct rig_enrolment *enrolment, const X509 *const *sent,
                       const X509 *const *expected)
{
    STACK_OF(X509) *path = path_of(enrolment, sent);
    int n = 0;

    while (expected != NULL && expected[n] != NULL) {
        n++;
    }
    assert_int_equal(path != NULL ? sk_X509_num(path) : 0, n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(X509_cmp(sk_X509_value(path, i), expected[i]), 0);
    }
    sk_X509_pop_free(path, X509_free);
}

static void plain_paths(void **state)
{
    const struct pki_ca *const cas[] = {&ep.root, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list_of(cas);
    const X509 *leaf = ep.devices[2];
    const X509 *const good[] = {leaf, ep.a.certificate, ep.root.certificate, NULL};

    (void)state;
    check_path(enrolment, (const X509 *[]){leaf, ep.a.certificate, NULL}, good);
    check_path(enrolment, (const X509 *[]){leaf, ep.a.certificate, ep.root.certificate, NULL},
               good);
    check_path(enrolment, (const X509 *[]){leaf, ep.b.certificate, ep.a.certificate, NULL}, good);
    check_path(enrolment, (const X509 *[]){leaf, NULL}, NULL);
    check_path(enrolment, (const X509 *[]){leaf, ep.b.certificate, NULL}, NULL);
    check_path(enrolment, (const X509 *[]){leaf, ep.renewed_a.certificate, NULL}, NULL);
    check_path(enrolment, (const X509 *[]){NULL}, NULL);
}

static void a_chain_that_stops_short_has_no_path(void **state)
{
    const struct pki_ca *const root[] = {&ep.root, NULL};
    const struct pki_ca *const line[] = {&ep.line, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *by_root = list_of(root);
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *by_line = list_of(line);
    const X509 *leaf = ep_device(&ep, &ep.line, ep.device_keys[0], "device-1", 8);
    struct rig_error err;

    (void)state;
    ok(rig_enrolment_add(by_root,
                         &(struct rig_enrolment_entry){.name = "line",
                                                       .kind = RIG_ENROLMENT_GROUP,
                                                       .enabled = true,
                                                       .certificate = ep.line.certificate},
                         &err),
       &err);
    check_path(by_root, (const X509 *[]){leaf, ep.line.certificate, NULL}, NULL);
    check_path(by_root, (const X509 *[]){leaf, ep.line.certificate, ep.factory.certificate, NULL},
               (const X509 *[]){leaf, ep.line.certificate, ep.factory.certificate,
                                ep.root.certificate, NULL});
    /* a CA in the middle is no anchor */
    check_path(by_line, (const X509 *[]){leaf, ep.line.certificate, NULL}, NULL);
}

/* Cross-signed: A under root and A under root2, one key. */
static void the_sender_does_not_choose_the_path(void **state)
{
    const struct pki_ca *const cas[] = {&ep.root, &ep.root2, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list_of(cas);
    const X509 *leaf = ep.devices[0];
    const X509 *a = ep.a.certificate;
    const X509 *cross = ep.cross_a.certificate;
    const X509 *const expected[] = {leaf, a, ep.root.certificate, NULL};
    const struct pki_ca *const other_way[] = {&ep.root2, &ep.root, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *second = list_of(other_way);

    (void)state;
    /* the service's order decides */
    check_path(second, (const X509 *[]){leaf, a, cross, NULL},
               (const X509 *[]){leaf, cross, ep.root2.certificate, NULL});
    check_path(enrolment, (const X509 *[]){leaf, a, cross, NULL}, expected);
    check_path(enrolment, (const X509 *[]){leaf, cross, a, NULL}, expected);
    check_path(enrolment, (const X509 *[]){leaf, cross, a, cross, a, NULL}, expected);
    /* what was not sent can't be walked */
    check_path(enrolment, (const X509 *[]){leaf, cross, NULL},
               (const X509 *[]){leaf, cross, ep.root2.certificate, NULL});
}

static void the_shortest_path_wins(void **state)
{
    /* the factory is a verified root of its own as well, with the same key */
    struct pki_ca self = {.key = ep.factory.key};
    const X509 *leaf = ep_device(&ep, &ep.line, ep.device_keys[0], "device-1", 8);

    (void)state;
    self.certificate = pki_issue(&(struct pki_wish){.common_name = "Factory 7",
                                                    .key = ep.factory.key,
                                                    .is_ca = true,
                                                    .starts_in_s = -3600,
                                                    .ends_in_s = PKI_DAY_S});
    const struct pki_ca *const cas[] = {&ep.root, &self, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list_of(cas);

    check_path(enrolment,
               (const X509 *[]){leaf, ep.line.certificate, ep.factory.certificate,
                                ep.root.certificate, NULL},
               (const X509 *[]){leaf, ep.line.certificate, self.certificate, NULL});
    X509_free(self.certificate);
}

static void a_hostile_list_is_bounded(void **state)
{
    enum { N = 60 };
    const struct pki_ca *const cas[] = {&ep.root, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list_of(cas);
    EVP_PKEY *key = pki_key(0);
    const X509 *sent[N + 2] = {NULL};
    X509 *made[N];

    (void)state;
    /* all of one name and key: each could have issued each */
    for (size_t i = 0; i < N; i++) {
        made[i] = pki_issue(&(struct pki_wish){.common_name = "loop",
                                               .key = key,
                                               .is_ca = true,
                                               .starts_in_s = -3600,
                                               .ends_in_s = PKI_DAY_S});
        sent[i + 1] = made[i];
    }
    const struct pki_ca loop = {.certificate = made[0], .key = key};

    sent[0] = ep_device(&ep, &loop, ep.device_keys[0], "device-1", 8);
    check_path(enrolment, sent, NULL);
    for (size_t i = 0; i < N; i++) {
        X509_free(made[i]);
    }
    EVP_PKEY_free(key);
}

/* ---- proof of possession ---- */

static X509 *prove(const struct pki_ca *ca, EVP_PKEY *key, const char *code, int64_t at_ms)
{
    X509 *proof = NULL;
    struct rig_error err;

    ok(rig_possession_prove(ca->certificate, key, code, at_ms, &proof, &err), &err);
    return proof;
}

static void refused(struct rig_possession *possession, const X509 *proof, int64_t at_ms,
                    enum rig_error_code code, const char *text)
{
    struct rig_error err;

    assert_false(rig_possession_check(possession, ep.root.certificate, proof, at_ms, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, code);
    if (strstr(err.text, text) == NULL) {
        fail_msg("expected \"%s\" in: %s", text, err.text);
    }
    assert_false(possession->verified);
}

static void an_owner_proves_possession(void **state)
{
    struct rig_possession possession = {0};
    struct rig_possession second = {0};
    struct rig_error err;
    X509 *proof;

    (void)state;
    ok(rig_possession_ask(&possession, ep.root.certificate, now_ms, &err), &err);
    ok(rig_possession_ask(&second, ep.root.certificate, now_ms, &err), &err);
    assert_int_equal(strlen(possession.code), RIG_POSSESSION_CODE_SIZE - 1);
    assert_string_not_equal(possession.code, second.code);
    proof = prove(&ep.root, ep.root.key, possession.code, now_ms);
    ok(rig_possession_check(&possession, ep.root.certificate, proof, now_ms, &err), &err);
    assert_true(possession.verified);
    /* a code is good for one proof */
    assert_string_equal(possession.code, "");
    possession.verified = false;
    refused(&possession, proof, now_ms, RIG_E_REFUSED, "no verification code");
    X509_free(proof);
}

static void what_proves_nothing_is_refused(void **state)
{
    struct rig_possession possession = {0};
    struct rig_error err;
    char old_code[RIG_POSSESSION_CODE_SIZE];
    char upper[RIG_POSSESSION_CODE_SIZE];
    struct pki_ca imposter = {.key = pki_key(0)};
    const int64_t late_ms = now_ms + (RIG_POSSESSION_MINUTES + 1) * INT64_C(60000);
    X509 *proofs[6];

    (void)state;
    ok(rig_possession_ask(&possession, ep.root.certificate, now_ms, &err), &err);
    (void)rig_copy_text(old_code, sizeof old_code, possession.code);
    ok(rig_possession_ask(&possession, ep.root.certificate, now_ms, &err), &err);
    for (size_t i = 0; i < sizeof upper; i++) {
        upper[i] = (char)(possession.code[i] >= 'a' ? possession.code[i] - 32 : possession.code[i]);
    }
    proofs[0] = prove(&ep.root, ep.root.key, old_code, now_ms);
    proofs[1] = prove(&ep.root, imposter.key, possession.code, now_ms);
    proofs[2] = prove(&ep.root2, ep.root2.key, possession.code, now_ms);
    proofs[3] = prove(&ep.root, ep.root.key, "code", now_ms);
    proofs[4] = prove(&ep.root, ep.root.key, possession.code, now_ms - 3 * 86400000);
    proofs[5] = prove(&ep.root, ep.root.key, possession.code, now_ms);
    refused(&possession, proofs[0], now_ms, RIG_E_REFUSED, "not the verification code");
    refused(&possession, proofs[1], now_ms, RIG_E_REFUSED, "another key");
    refused(&possession, proofs[2], now_ms, RIG_E_REFUSED, "another issuer");
    refused(&possession, proofs[3], now_ms, RIG_E_REFUSED, "not the verification code");
    refused(&possession, proofs[4], now_ms, RIG_E_REFUSED, "not valid at this time");
    refused(&possession, ep.root.certificate, now_ms, RIG_E_REFUSED, "not the verification code");
    refused(&possession, proofs[5], late_ms, RIG_E_TIMEOUT, "ask for a new one");
    refused(&possession, proofs[5], now_ms - 1, RIG_E_TIMEOUT, "ask for a new one");
    ok(rig_possession_check(&possession, ep.root.certificate, proofs[5], now_ms, &err), &err);
    assert_false(rig_possession_ask(&possession, ep.devices[0], now_ms, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
    for (size_t i = 0; i < 6; i++) {
        X509_free(proofs[i]);
    }
    EVP_PKEY_free(imposter.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_paths),
        cmocka_unit_test(a_chain_that_stops_short_has_no_path),
        cmocka_unit_test(the_sender_does_not_choose_the_path),
        cmocka_unit_test(the_shortest_path_wins),
        cmocka_unit_test(a_hostile_list_is_bounded),
        cmocka_unit_test(an_owner_proves_possession),
        cmocka_unit_test(what_proves_nothing_is_refused),
    };

    return cmocka_run_group_tests_name("enrolment path", tests, make_pki, free_pki);
}
