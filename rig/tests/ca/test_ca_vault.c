/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vault back end against a server that errs as the test says: answers that get lost, late or
 * changed on the way, a server that is not fit to be used, CRLs that can't serve. Behind the server
 * signs a local CA.
 */
#include "fixture.h"
#include "rig/base/file.h"
#include "rig/ca/csr_pem.h"
#include "rig/ca/vault.h"
#include "rig/tests/vault/server.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ISSUED 8

struct issued {
    char serial[RIG_SERIAL_TEXT_SIZE];
    char pem[2048];
    bool revoked;
    bool hidden; /* not listed yet */
};

struct fake {
    struct fx fx;       /* the CA behind the server */
    struct fx other_fx; /* another one, of another root */
    struct test_server *server;
    struct rig_ca_vault_config config;
    struct rig_ca *ca; /* what is tested */
    size_t n_issued;
    struct issued issued[MAX_ISSUED];
    unsigned n_asked;
    int64_t last_ttl_s;
    /* how it errs */
    bool sealed;
    int64_t skew_ms;
    const char *role; /* JSON members */
    bool other_issuer;
    unsigned drop_before; /* the so-many first requests to sign get lost on their way there */
    unsigned drop_after;  /* ... their answers, on their way back */
    unsigned garble;      /* ... come with a certificate that can't be read */
    bool late;            /* what was signed for a lost answer shows up later */
    bool list_denied;
    bool revoke_denied;
    bool rotate_denied;
    unsigned n_rotated;
    int64_t cap_ttl_s;
};

/* ---- the server ---- */

static void say(struct test_answer *answer, int status, const char *fmt, ...) RIG_PRINTF(3, 4);
static void say(struct test_answer *answer, int status, const char *fmt, ...)
{
    va_list args;

    answer->status = status;
    va_start(args, fmt);
    assert_true((size_t)vsnprintf(answer->body, sizeof answer->body, fmt, args) <
                sizeof answer->body);
    va_end(args);
}

/* A PEM text as a JSON text. */
static void quote(const char *pem, char *out, size_t size)
{
    size_t n = 0;

    for (; *pem != '\0' && n + 3 < size; pem++) {
        if (*pem == '\n') {
            out[n++] = '\\';
            out[n++] = 'n';
        } else {
            out[n++] = *pem;
        }
    }
    out[n] = '\0';
}

static void colons(const char *serial, char *out)
{
    for (; *serial != '\0'; serial += 2) {
        *out++ = serial[0];
        *out++ = serial[1];
        *out++ = serial[2] != '\0' ? ':' : '\0';
    }
}

static bool is_of_fake(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

static void sign_one(struct fake *fake, const struct test_request *request)
{
    json_t *body = json_loads(request->body, 0, NULL);
    const char *pem = json_string_value(json_object_get(body, "csr"));
    const char *ttl = json_string_value(json_object_get(body, "ttl"));
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate made = {0};
    struct issued *issued = &fake->issued[fake->n_issued];
    struct rig_ca_request ask;

    assert_true(fake->n_issued < MAX_ISSUED);
    assert_true(json_is_true(json_object_get(body, "exclude_cn_from_sans")));
    fx_ok(rig_csr_of_pem(pem, strlen(pem), &der, &fake->fx.err), &fake->fx.err);
    fake->last_ttl_s = ttl != NULL ? strtol(ttl, NULL, 10) : 86400;
    if (fake->cap_ttl_s != 0 && fake->last_ttl_s > fake->cap_ttl_s) {
        fake->last_ttl_s = fake->cap_ttl_s;
    }
    ask = fx_request(&der, "b1");
    ask.not_after_ms = rig_clock_now_ms(&rig_clock_system) + fake->last_ttl_s * 1000;
    fx_ok(rig_ca_sign(fake->other_issuer ? fake->other_fx.ca : fake->fx.ca, &ask, &made, fx_wait(),
                      &fake->fx.err),
          &fake->fx.err);
    (void)rig_copy_text(issued->serial, sizeof issued->serial, made.serial);
    quote(rig_buf_text(&made.leaf_pem), issued->pem, sizeof issued->pem);
    fake->n_issued++;
    json_decref(body);
}

static void answer_sign(struct fake *fake, const struct test_request *request,
                        struct test_answer *answer)
{
    const struct issued *issued = &fake->issued[fake->n_issued];
    char ca[2048];

    fake->n_asked++;
    if (fake->n_asked <= fake->drop_before) {
        answer->misdeed = TEST_DROP;
        return;
    }
    sign_one(fake, request);
    if (fake->n_asked <= fake->drop_after) {
        fake->issued[fake->n_issued - 1].hidden = fake->late;
        answer->misdeed = TEST_DROP;
        return;
    }
    for (size_t i = 0; i < fake->n_issued; i++) {
        fake->issued[i].hidden = false;
    }
    quote(rig_buf_text(&fake->fx.ca->chain_pem), ca, sizeof ca);
    say(answer, 200,
        "{\"request_id\":\"3f2a7c52-0000-4000-8000-000000000001\",\"data\":{\"certificate\":\"%s\","
        "\"ca_chain\":[\"%s\"]},\"warnings\":%s}",
        fake->n_asked <= fake->garble ? "-----BEGIN CERTIFICATE-----\\nMII" : issued->pem, ca,
        fake->cap_ttl_s != 0 ? "[\"TTL \\\"72h0m0s\\\" is longer than permitted maxTTL\"]"
                             : "null");
}

static void answer_list(const struct fake *fake, struct test_answer *answer)
{
    char keys[1024] = "";

    if (fake->list_denied) {
        say(answer, 403, "{\"errors\":[\"permission denied\"]}");
        return;
    }
    for (size_t i = 0; i < fake->n_issued; i++) {
        const size_t used = strlen(keys);
        char serial[3 * RIG_SERIAL_TEXT_SIZE];

        if (!fake->issued[i].hidden) {
            colons(fake->issued[i].serial, serial);
            (void)snprintf(keys + used, sizeof keys - used, "%s\"%s\"", used != 0 ? "," : "",
                           serial);
        }
    }
    if (keys[0] == '\0') {
        say(answer, 404, "{\"errors\":[]}");
    } else {
        say(answer, 200, "{\"request_id\":\"l\",\"data\":{\"keys\":[%s]}}", keys);
    }
}

static struct issued *find_issued(struct fake *fake, const char *text)
{
    for (size_t i = 0; i < fake->n_issued; i++) {
        char serial[3 * RIG_SERIAL_TEXT_SIZE];

        colons(fake->issued[i].serial, serial);
        if (strstr(text, serial) != NULL) {
            return &fake->issued[i];
        }
    }
    return NULL;
}

static void answer_health(const struct fake *fake, struct test_answer *answer)
{
    const int64_t at_ms = rig_clock_now_ms(&rig_clock_system) + fake->skew_ms;

    say(answer, 200,
        "{\"initialized\":true,\"sealed\":%s,\"standby\":false,\"version\":\"1.99\","
        "\"server_time_utc\":%" PRId64 "}",
        fake->sealed ? "true" : "false", at_ms / 1000);
}

static void answer_issuer(const struct fake *fake, const char *path, struct test_answer *answer)
{
    const bool root = strstr(path, "issuer/root/") != NULL;
    char pem[2048];

    quote(rig_buf_text(root ? &fake->fx.ca->root_pem : &fake->fx.ca->chain_pem), pem, sizeof pem);
    say(answer, 200, "{\"request_id\":\"i\",\"data\":{\"certificate\":\"%s\"}}", pem);
}

/* The CRL of the signing CA, first of those that the local CA makes. */
static void answer_crl(struct fake *fake, struct test_answer *answer)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    char *end;

    fx_ok(rig_ca_crls(fake->fx.ca, &pem, fx_wait(), &fake->fx.err), &fake->fx.err);
    end = strstr((char *)pem.data, "-----END X509 CRL-----");
    end[strlen("-----END X509 CRL-----\n")] = '\0';
    answer->content_type = "application/pkix-crl";
    say(answer, 200, "%s", (const char *)pem.data);
}

static void answer_cert(struct fake *fake, const char *path, struct test_answer *answer)
{
    const struct issued *issued = find_issued(fake, path);

    if (issued == NULL) {
        say(answer, 404, "{\"errors\":[]}");
        return;
    }
    say(answer, 200,
        "{\"request_id\":\"c\",\"data\":{\"certificate\":\"%s\",\"revocation_time\":%d}}",
        issued->pem, issued->revoked ? 1 : 0);
}

static void answer_revoke(struct fake *fake, const struct test_request *request,
                          struct test_answer *answer)
{
    struct issued *issued = find_issued(fake, request->body);

    if (fake->revoke_denied) {
        say(answer, 403, "{\"errors\":[\"permission denied\"]}");
    } else if (issued == NULL) {
        say(answer, 400, "{\"errors\":[\"certificate with serial x not found\"]}");
    } else {
        issued->revoked = true;
        say(answer, 200, "{\"request_id\":\"v\",\"data\":{\"state\":\"revoked\"}}");
    }
}

/* Only now do revocations get into the CRL. */
static void answer_rotate(struct fake *fake, struct test_answer *answer)
{
    if (fake->rotate_denied) {
        say(answer, 403, "{\"errors\":[\"permission denied\"]}");
        return;
    }
    fake->n_rotated++;
    for (size_t i = 0; i < fake->n_issued; i++) {
        if (fake->issued[i].revoked) {
            fx_ok(rig_ca_revoke(fake->fx.ca, fake->issued[i].serial, RIG_REVOKED_CESSATION,
                                fx_wait(), &fake->fx.err),
                  &fake->fx.err);
        }
    }
    say(answer, 200, "{\"request_id\":\"w\",\"data\":{\"success\":true}}");
}

static void serve(void *ctx, const struct test_request *request, struct test_answer *answer)
{
    struct fake *fake = ctx;
    const char *path = request->path;

    if (is_of_fake(path, "/v1/sys/health")) {
        answer_health(fake, answer);
    } else if (is_of_fake(path, "/v1/auth/token/lookup-self")) {
        say(answer, 200,
            "{\"request_id\":\"t\",\"data\":{\"accessor\":\"acc\",\"policies\":[\"rig\"],"
            "\"ttl\":3600,\"renewable\":true,\"num_uses\":0}}");
    } else if (is_of_fake(path, "/v1/pki/issuers")) {
        say(answer, 200,
            "{\"request_id\":\"s\",\"data\":{\"keys\":[\"line\",\"root\"],\"key_info\":{"
            "\"line\":{\"key_id\":\"k1\"},\"root\":{\"key_id\":\"\"}}}}");
    } else if (is_of_fake(path, "/v1/pki/issuer/line/crl")) {
        answer_crl(fake, answer);
    } else if (is_of_fake(path, "/v1/pki/issuer/")) {
        answer_issuer(fake, path, answer);
    } else if (is_of_fake(path, "/v1/pki/roles/")) {
        say(answer, 200, "{\"request_id\":\"o\",\"data\":{%s}}",
            strstr(path, "/dev") != NULL && fake->role != NULL ? fake->role
                                                               : "\"use_csr_common_name\":true");
    } else if (is_of_fake(path, "/v1/pki/sign/dev")) {
        answer_sign(fake, request, answer);
    } else if (is_of_fake(path, "/v1/pki/certs")) {
        answer_list(fake, answer);
    } else if (is_of_fake(path, "/v1/pki/cert/")) {
        answer_cert(fake, path, answer);
    } else if (is_of_fake(path, "/v1/pki/revoke")) {
        answer_revoke(fake, request, answer);
    } else if (is_of_fake(path, "/v1/pki/crl/rotate")) {
        answer_rotate(fake, answer);
    } else {
        say(answer, 403, "{\"errors\":[\"permission denied\"]}");
    }
}

/* ---- setup ---- */

static void write_file(struct fx *fx, const char *name, const void *bytes, size_t len,
                       char path[RIG_CA_VAULT_PATH_SIZE])
{
    (void)snprintf(path, RIG_CA_VAULT_PATH_SIZE, "%s/%s", fx->folder, name);
    fx_ok(rig_file_replace(path, bytes, len, 0600, &fx->err), &fx->err);
}

/* The root's CRL, which the server does not have. */
static void write_root_crl(struct fake *fake, struct fx *of)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    const char *last;

    fx_ok(rig_ca_crls(of->ca, &pem, fx_wait(), &of->err), &of->err);
    last = strstr(rig_buf_text(&pem), "-----END X509 CRL-----\n") + 23;
    write_file(&fake->fx, "root.crl", last, strlen(last), fake->config.crl_files[0]);
    fake->config.n_crls = 1;
}

static int setup(void **state)
{
    static const struct rig_ca_local_plan plan = {
        .levels = {"root", "line"}, .n_levels = 2, .organization = "WiseFido Inc", .country = "US"};
    struct fake *fake = calloc(1, sizeof *fake);
    struct rig_ca_vault_config *config = &fake->config;

    fx_init(&fake->fx);
    fx_open_ca(&fake->fx, &plan, NULL);
    fx_init(&fake->other_fx);
    fx_open_ca(&fake->other_fx, &plan, NULL);
    fake->server = test_server_start(NULL, 0, false, serve, fake);
    (void)rig_copy_text(config->path, sizeof config->path, "ca.yaml");
    (void)rig_copy_text(config->address, sizeof config->address, test_server_address(fake->server));
    config->device = (struct rig_ca_vault_role){"pki", "dev"};
    config->server = (struct rig_ca_vault_role){"pki", "srv"};
    config->max_clock_skew_ms = 30000;
    config->request_timeout_ms = 5000;
    config->login.secret.secret = true;
    fx_ok(rig_buf_append_text(&config->login.secret, "s.station", &fake->fx.err), &fake->fx.err);
    write_file(&fake->fx, "root.pem", fake->fx.ca->root_pem.data, fake->fx.ca->root_pem.len,
               config->root_file);
    write_root_crl(fake, &fake->fx);
    *state = fake;
    return 0;
}

static int teardown(void **state)
{
    struct fake *fake = *state;

    rig_ca_close(fake->ca);
    test_server_stop(fake->server);
    rig_ca_vault_config_free(&fake->config);
    fx_close(&fake->other_fx);
    fx_close(&fake->fx);
    free(fake);
    return 0;
}

static void open_ca(struct fake *fake)
{
    fx_ok(rig_ca_vault_open(&fake->config, &rig_clock_system, &fake->ca, fx_wait(), &fake->fx.err),
          &fake->fx.err);
}

static rig_result sign(struct fake *fake, struct rig_ca_certificate *certificate)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3 * FX_MS_PER_DAY;
    return rig_ca_sign(fake->ca, &request, certificate, fx_wait(), &fake->fx.err);
}

/* ---- answers that get lost ---- */

static void test_an_answer_that_was_lost_is_found(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 1);
    assert_int_equal(fake->n_issued, 1);
    assert_string_equal(certificate.serial, fake->issued[0].serial);
    assert_int_equal(fx_count(rig_buf_text(&certificate.chain_pem), "BEGIN CERTIFICATE"), 2);
    assert_false(fake->issued[0].revoked);
}

static void test_a_request_that_was_lost_is_sent_once_more(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_before = 1;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 2);
    assert_int_equal(fake->n_issued, 1);
}

static void test_a_late_twin_is_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    fake->late = true;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_issued, 2);
    assert_string_equal(certificate.serial, fake->issued[1].serial);
    assert_true(fake->issued[0].revoked);
    assert_false(fake->issued[1].revoked);
}

static void test_who_cannot_look_does_not_ask_again(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    fake->list_denied = true;
    open_ca(fake);
    assert_false(sign(fake, &certificate).ok);
    assert_int_equal(fake->fx.err.cls, RIG_CLASS_NETWORK);
    assert_non_null(strstr(fake->fx.err.text, "whether it was signed all the same"));
    assert_int_equal(fake->n_asked, 1);
}

static void test_another_signature_for_the_same_key_is_not_taken_for_it(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate first = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate second = {0};
    struct rig_ca_request request;

    open_ca(fake);
    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3 * FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fake->ca, &request, &first, fx_wait(), &fake->fx.err), &fake->fx.err);
    fake->n_asked = 0;
    fake->drop_before = 1;
    fx_ok(rig_ca_sign(fake->ca, &request, &second, fx_wait(), &fake->fx.err), &fake->fx.err);
    assert_string_not_equal(first.serial, second.serial);
    assert_int_equal(fake->n_issued, 2);
    assert_false(fake->issued[0].revoked || fake->issued[1].revoked);
}

/* ---- answers that are not what was asked for ---- */

/* So that it can be written down, and found there. */
static void is_handed_over(const struct fake *fake, const struct rig_ca_certificate *certificate,
                           bool revoked)
{
    assert_true(certificate->refused);
    assert_int_equal(certificate->revoked, revoked);
    assert_string_equal(certificate->serial, fake->issued[0].serial);
    assert_true(certificate->der.len != 0 && certificate->issuer[0] != '\0');
    assert_true(certificate->not_after_ms > certificate->not_before_ms);
}

static void test_an_answer_that_cannot_be_read_is_fetched_again(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->garble = 1;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 1);
    assert_string_equal(certificate.serial, fake->issued[0].serial);
}

static void test_an_answer_that_cannot_be_read_is_no_clear_no(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->garble = 1;
    fake->list_denied = true;
    open_ca(fake);
    assert_false(sign(fake, &certificate).ok);
    assert_int_equal(fake->fx.err.cls, RIG_CLASS_CA);
    assert_false(rig_ca_said_no(&fake->fx.err));
    assert_false(certificate.refused);
    assert_int_equal(fake->n_asked, 1);
}

static void test_a_capped_ttl_is_refused_and_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->cap_ttl_s = 3600;
    open_ca(fake);
    fx_failed(sign(fake, &certificate), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY,
              "role dev of pki did not grant the ttl of 259200 s");
    assert_non_null(strstr(fake->fx.err.text, "was revoked"));
    assert_non_null(strstr(fake->fx.err.text, "max_ttl"));
    assert_true(fake->issued[0].revoked);
    is_handed_over(fake, &certificate, true);
}

static void test_what_cannot_be_revoked_is_handed_over_to_be_written_down(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->cap_ttl_s = 3600;
    fake->revoke_denied = true;
    open_ca(fake);
    assert_false(sign(fake, &certificate).ok);
    is_handed_over(fake, &certificate, false);
    assert_non_null(strstr(fake->fx.err.text, "could not be revoked"));
    assert_non_null(strstr(fake->fx.err.text, fake->issued[0].serial));
}

static void test_a_certificate_of_another_root_is_refused_and_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    open_ca(fake);
    fake->other_issuer = true;
    fx_failed(sign(fake, &certificate), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY,
              "does not lead to the pinned root");
    assert_true(fake->issued[0].revoked);
    is_handed_over(fake, &certificate, true);
}

/* ---- the first look ---- */

static void refuses_to_open(struct fake *fake, enum rig_error_class cls, enum rig_error_code code,
                            const char *text)
{
    fx_failed(
        rig_ca_vault_open(&fake->config, &rig_clock_system, &fake->ca, fx_wait(), &fake->fx.err),
        &fake->fx.err, cls, code, text);
    assert_null(fake->ca);
    assert_int_equal(fake->n_asked, 0);
}

static void test_an_unfit_server_is_named(void **state)
{
    struct fake *fake = *state;

    fake->sealed = true;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_UNAVAILABLE, "is sealed");
    fake->sealed = false;
    fake->skew_ms = 120000;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "s ahead of this host's");
    fake->skew_ms = -120000;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "s behind this host's");
    assert_non_null(strstr(fake->fx.err.text, "NTP"));
}

static void test_an_unfit_role_is_named(void **state)
{
    static const struct {
        const char *role;
        const char *text;
    } roles[] = {
        {"\"no_store\":true", "set no_store=false"},
        {"\"generate_lease\":true", "set generate_lease=false"},
        {"\"server_flag\":true", "a board could pose as your server"},
        {"\"code_signing_flag\":true", "set code_signing_flag=false"},
    };
    struct fake *fake = *state;

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        fake->role = roles[i].role;
        refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, roles[i].text);
        assert_non_null(strstr(fake->fx.err.text, "role dev of pki"));
    }
}

static void test_the_root_must_be_the_pinned_one(void **state)
{
    struct fake *fake = *state;
    const struct rig_buf *other = &fake->other_fx.ca->root_pem;
    char path[RIG_CA_VAULT_PATH_SIZE];

    write_file(&fake->fx, "root.pem", other->data, other->len, path);
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "does not lead to the pinned root");
    write_file(&fake->fx, "root.pem", fake->fx.ca->chain_pem.data, fake->fx.ca->chain_pem.len,
               path);
    refuses_to_open(fake, RIG_CLASS_USAGE, RIG_E_INVALID, "holds no root");
    write_file(&fake->fx, "root.pem", "no PEM", 6, path);
    refuses_to_open(fake, RIG_CLASS_USAGE, RIG_E_INVALID, "root.pem");
}

/* A server whose clock is off by less than the limit: the end is meant on our clock. */
static void test_the_server_s_clock_is_allowed_for(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->skew_ms = 20000;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_in_range(fake->last_ttl_s, 3 * 86400 - 22, 3 * 86400 - 18);
}

/* ---- CRLs ---- */

static rig_result crls(struct fake *fake, struct rig_buf *pem)
{
    return rig_ca_crls(fake->ca, pem, fx_wait(), &fake->fx.err);
}

static void test_crls_of_the_server_and_of_files(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    open_ca(fake);
    fx_ok(crls(fake, &pem), &fake->fx.err);
    assert_int_equal(fx_count(rig_buf_text(&pem), "BEGIN X509 CRL"), 2);
}

static void test_a_crl_that_cannot_serve_is_named(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    char path[RIG_CA_VAULT_PATH_SIZE];

    fake->config.n_crls = 0;
    open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_NOT_FOUND, "under `crls`");
    assert_non_null(strstr(fake->fx.err.text, "root CA"));
    rig_auto_ca(&fake->ca);
    write_root_crl(fake, &fake->other_fx);
    open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_NOT_FOUND, "is its own");
    write_file(&fake->fx, "root.crl", "nothing", 7, path);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_USAGE, RIG_E_INVALID, "is no CRL");
    assert_int_equal(pem.len, 0);
}

static void test_a_crl_that_lapsed_is_named(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fake->fx.now_ms -= 30 * FX_MS_PER_DAY; /* made then, good for a week */
    write_root_crl(fake, &fake->fx);
    fake->fx.now_ms += 30 * FX_MS_PER_DAY;
    open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY, "lapsed at");
    assert_non_null(strstr(fake->fx.err.text, "root.crl"));
}

static rig_result revoke_it(struct fake *fake, const char *serial)
{
    return rig_ca_revoke(fake->ca, serial, RIG_REVOKED_CESSATION, fx_wait(), &fake->fx.err);
}

/* The server makes CRLs by time alone, and the login may not rotate: an error, not a CRL that lets
 * it through. */
static void test_a_crl_without_what_was_revoked_is_no_crl(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fake->rotate_denied = true;
    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    assert_false(revoke_it(fake, certificate.serial).ok);
    assert_true(fake->issued[0].revoked);
    assert_non_null(strstr(fake->fx.err.text, "is revoked, but the published CRL does not say so"));
    assert_non_null(strstr(fake->fx.err.text, "rotating the CRL of pki"));
    assert_false(crls(fake, &pem).ok);
    assert_non_null(strstr(fake->fx.err.text, "rotating the CRL of pki"));
    /* once it is there */
    fx_ok(rig_ca_revoke(fake->fx.ca, certificate.serial, RIG_REVOKED_CESSATION, fx_wait(),
                        &fake->fx.err),
          &fake->fx.err);
    fx_ok(crls(fake, &pem), &fake->fx.err);
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
}

static void test_what_is_revoked_is_in_the_published_crl(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    open_ca(fake);
    fx_ok(sign(fake, &certificate), &fake->fx.err);
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
    assert_int_equal(fake->n_rotated, 1);
    /* it is there already: nothing to rotate */
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
    assert_int_equal(fake->n_rotated, 1);
}

#define VAULT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VAULT_TEST(test_an_answer_that_was_lost_is_found),
        VAULT_TEST(test_a_request_that_was_lost_is_sent_once_more),
        VAULT_TEST(test_a_late_twin_is_revoked),
        VAULT_TEST(test_who_cannot_look_does_not_ask_again),
        VAULT_TEST(test_another_signature_for_the_same_key_is_not_taken_for_it),
        VAULT_TEST(test_a_capped_ttl_is_refused_and_revoked),
        VAULT_TEST(test_what_cannot_be_revoked_is_handed_over_to_be_written_down),
        VAULT_TEST(test_an_answer_that_cannot_be_read_is_fetched_again),
        VAULT_TEST(test_an_answer_that_cannot_be_read_is_no_clear_no),
        VAULT_TEST(test_a_certificate_of_another_root_is_refused_and_revoked),
        VAULT_TEST(test_an_unfit_server_is_named),
        VAULT_TEST(test_an_unfit_role_is_named),
        VAULT_TEST(test_the_root_must_be_the_pinned_one),
        VAULT_TEST(test_the_server_s_clock_is_allowed_for),
        VAULT_TEST(test_crls_of_the_server_and_of_files),
        VAULT_TEST(test_a_crl_that_cannot_serve_is_named),
        VAULT_TEST(test_a_crl_that_lapsed_is_named),
        VAULT_TEST(test_a_crl_without_what_was_revoked_is_no_crl),
        VAULT_TEST(test_what_is_revoked_is_in_the_published_crl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
