/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define JSON "application/json"
#define ERRORS(text) "{\"errors\":[\"" text "\"]}"

static const struct {
    long status;
    const char *content_type;
    const char *body;
    enum rig_vault_fault fault;
} answers[] = {
    {200, JSON, "{}", RIG_VAULT_FAULT_NONE},
    {204, "", "", RIG_VAULT_FAULT_NONE},
    {503, JSON, ERRORS("Vault is sealed"), RIG_VAULT_FAULT_SEALED},
    {503, JSON, ERRORS("error performing token check: Vault is sealed"), RIG_VAULT_FAULT_SEALED},
    {503, JSON, ERRORS("Vault is in standby mode"), RIG_VAULT_FAULT_STANDBY},
    {500, JSON, ERRORS("local node not active but active cluster node not found"),
     RIG_VAULT_FAULT_STANDBY},
    {473, JSON, "{\"sealed\":false}", RIG_VAULT_FAULT_STANDBY},
    {501, JSON, "{\"initialized\":false}", RIG_VAULT_FAULT_UNINITIALIZED},
    {400, JSON, ERRORS("Vault is not initialized"), RIG_VAULT_FAULT_UNINITIALIZED},
    {403, JSON, ERRORS("permission denied"), RIG_VAULT_FAULT_DENIED},
    {403, JSON, ERRORS("1 error occurred:\\n\\t* permission denied\\n\\n"), RIG_VAULT_FAULT_DENIED},
    {403, JSON, ERRORS("2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n"),
     RIG_VAULT_FAULT_TOKEN},
    {403, JSON, ERRORS("bad token"), RIG_VAULT_FAULT_TOKEN},
    {400, JSON, ERRORS("missing client token"), RIG_VAULT_FAULT_TOKEN},
    {404, JSON, ERRORS("no handler for route \\\"nosuch/foo\\\". route entry not found."),
     RIG_VAULT_FAULT_NO_ROUTE},
    {404, JSON, ERRORS("1 error occurred:\\n\\t* unsupported path\\n\\n"),
     RIG_VAULT_FAULT_NO_ROUTE},
    {404, JSON, "{\"errors\":[]}", RIG_VAULT_FAULT_NOT_FOUND},
    {400, JSON, ERRORS("unknown role: x"), RIG_VAULT_FAULT_UNKNOWN_ROLE},
    {405, JSON, ERRORS("1 error occurred:\\n\\t* unsupported operation\\n\\n"),
     RIG_VAULT_FAULT_BAD_REQUEST},
    {400, JSON, ERRORS("failed to parse JSON input: invalid character 'x'"),
     RIG_VAULT_FAULT_BAD_REQUEST},
    {400, JSON, ERRORS("\\\"csr\\\" is empty"), RIG_VAULT_FAULT_CSR_REFUSED},
    {400, JSON, ERRORS("certificate request could not be parsed: asn1"),
     RIG_VAULT_FAULT_CSR_REFUSED},
    {400, JSON, ERRORS("request signature invalid"), RIG_VAULT_FAULT_CSR_REFUSED},
    {400, JSON, ERRORS("role requires keys of type rsa"), RIG_VAULT_FAULT_KEY_REFUSED},
    {400, JSON, ERRORS("role requires a minimum of a 2048-bit key, but CSR's key is 1024 bits"),
     RIG_VAULT_FAULT_KEY_REFUSED},
    {400, JSON, ERRORS("common name a_b not allowed by this role"), RIG_VAULT_FAULT_NAME_REFUSED},
    {400, JSON, ERRORS("URI Subject Alternative Names are not allowed in this role"),
     RIG_VAULT_FAULT_NAME_REFUSED},
    {400, JSON, ERRORS("the common_name field is required, or must be provided in a CSR"),
     RIG_VAULT_FAULT_NAME_REFUSED},
    {400, JSON,
     ERRORS("cannot satisfy request, as TTL would result in notAfter of 2030 that is beyond"),
     RIG_VAULT_FAULT_TTL_BEYOND_CA},
    {500, JSON, ERRORS("could not fetch the CA certificate (was one set?): no default issuer"),
     RIG_VAULT_FAULT_NO_ISSUER},
    {400, JSON, ERRORS("no default issuer currently configured"), RIG_VAULT_FAULT_NO_ISSUER},
    {429, JSON, ERRORS("request path \\\"pki/sign/x\\\": rate limit quota exceeded"),
     RIG_VAULT_FAULT_QUOTA},
    {429, "text/html", "<html>slow down</html>", RIG_VAULT_FAULT_QUOTA},
    {500, JSON, ERRORS("internal error"), RIG_VAULT_FAULT_SERVER},
    {502, "text/html", "<html>Bad Gateway</html>", RIG_VAULT_FAULT_SERVER},
    {503, "text/html", "<html>sealed</html>", RIG_VAULT_FAULT_SERVER},
    {404, "text/html", "<html>not here</html>", RIG_VAULT_FAULT_NOT_VAULT},
    {302, "text/html", "", RIG_VAULT_FAULT_NOT_VAULT},
    {400, JSON, "{\"errors\":[\"cut", RIG_VAULT_FAULT_GARBAGE},
    {400, "text/plain", "Client sent an HTTP request to an HTTPS server.\n",
     RIG_VAULT_FAULT_NOT_VAULT},
    {401, "application/ocsp-response", "0\003", RIG_VAULT_FAULT_BAD_REQUEST},
    {0, "", "", RIG_VAULT_FAULT_NOT_VAULT},
};

static void answers_are_classified(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char words[RIG_VAULT_WORDS_SIZE];
        const enum rig_vault_fault fault =
            rig_vault_classify(answers[i].status, answers[i].content_type, answers[i].body,
                               strlen(answers[i].body), words);

        if (fault != answers[i].fault) {
            fail_msg("%ld %s is '%s', not '%s'", answers[i].status, answers[i].body,
                     rig_vault_fault_name(answers[i].fault), rig_vault_fault_name(fault));
        }
    }
}

static void words_are_one_printable_line(void **state)
{
    static const char body[] =
        "{\"errors\":[\"1 error occurred:\\n\\t* one\\u0007 two\\u00e9\\n\\n\",\"other\"]}";
    char words[RIG_VAULT_WORDS_SIZE];
    char big[2000];

    (void)state;
    (void)rig_vault_classify(400, JSON, body, sizeof body - 1, words);
    assert_string_equal(words, "one two??");
    (void)snprintf(big, sizeof big, "{\"errors\":[\"%01900d\"]}", 0);
    (void)rig_vault_classify(400, JSON, big, strlen(big), words);
    assert_true(strlen(words) < RIG_VAULT_WORDS_SIZE && strlen(words) > 200);
}

static void each_fault_has_its_name_words_and_remedy(void **state)
{
    (void)state;
    for (int i = 1; i < RIG_VAULT_N_FAULTS; i++) {
        const enum rig_vault_fault fault = (enum rig_vault_fault)i;
        struct rig_error err = {0};

        assert_false(rig_vault_fail(&err, fault, "GET x", "why", NULL).ok);
        assert_true(err.cls == RIG_CLASS_CA || err.cls == RIG_CLASS_NETWORK ||
                    err.cls == RIG_CLASS_USAGE);
        assert_int_not_equal(err.code, RIG_E_NONE);
        assert_non_null(strstr(err.text, "GET x: "));
        assert_non_null(strstr(err.text, rig_vault_fault_sentence(fault)));
        assert_non_null(strstr(err.text, " (why): "));
        assert_true(strlen(strstr(err.text, " (why): ")) > 18);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(rig_vault_fault_name(fault),
                                    rig_vault_fault_name((enum rig_vault_fault)j));
        }
    }
}

static void only_what_is_safe_is_repeated(void **state)
{
    (void)state;
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_UNREACHABLE, false, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_QUOTA, true, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_STANDBY, true, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_SEALED, true, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_CUT, false, false));
    assert_false(rig_vault_may_repeat(RIG_VAULT_FAULT_CUT, true, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_CUT, true, true));
    assert_false(rig_vault_may_repeat(RIG_VAULT_FAULT_SERVER, true, false));
    assert_true(rig_vault_may_repeat(RIG_VAULT_FAULT_SERVER, true, true));
    assert_false(rig_vault_may_repeat(RIG_VAULT_FAULT_DENIED, true, true));
    assert_false(rig_vault_may_repeat(RIG_VAULT_FAULT_TLS, false, true));
    assert_true(rig_vault_uncertain(RIG_VAULT_FAULT_CUT, 0, true));
    assert_false(rig_vault_uncertain(RIG_VAULT_FAULT_CUT, 0, false));
    assert_true(rig_vault_uncertain(RIG_VAULT_FAULT_NOT_VAULT, 200, true));
    assert_false(rig_vault_uncertain(RIG_VAULT_FAULT_NOT_VAULT, 404, true));
    assert_false(rig_vault_uncertain(RIG_VAULT_FAULT_SEALED, 503, true));
}

static void pauses_grow_jitter_and_obey(void **state)
{
    (void)state;
    assert_int_equal(rig_vault_pause_ms(2, 0, 0), 50);
    assert_int_equal(rig_vault_pause_ms(2, 0, 50), 100);
    assert_int_equal(rig_vault_pause_ms(3, 0, 0), 100);
    assert_int_equal(rig_vault_pause_ms(40, 0, 0), 2500);
    assert_true(rig_vault_pause_ms(7, 0, UINT32_MAX) <= 5000);
    assert_true(rig_vault_pause_ms(2, 3000, 0) >= 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_classified),
        cmocka_unit_test(words_are_one_printable_line),
        cmocka_unit_test(each_fault_has_its_name_words_and_remedy),
        cmocka_unit_test(only_what_is_safe_is_repeated),
        cmocka_unit_test(pauses_grow_jitter_and_obey),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
