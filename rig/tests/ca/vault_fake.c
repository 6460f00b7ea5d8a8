/* SPDX-License-Identifier: Apache-2.0 */
#include "vault_fake.h"

#include "rig/base/file.h"
#include "rig/ca/csr_pem.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct fake_issued *issued = &fake->issued[fake->n_issued];
    struct rig_ca_request ask;

    assert_true(fake->n_issued < FAKE_MAX_ISSUED);
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
    const struct fake_issued *issued = &fake->issued[fake->n_issued];
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

static struct fake_issued *find_issued(struct fake *fake, const char *text)
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
    const struct fake_issued *issued = find_issued(fake, path);

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
    struct fake_issued *issued = find_issued(fake, request->body);

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

/* As the CA behind it says. */
static void answer_ocsp(struct fake *fake, const struct test_request *request,
                        struct test_answer *answer)
{
    const uint8_t error[] = {0x30, 0x03, 0x0a, 0x01, fake->ocsp_says};
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};

    fx_ok(rig_ca_answer_ocsp(fake->fx.ca, request->body, request->body_len, &response, fx_wait(),
                             &fake->fx.err),
          &fake->fx.err);
    if (fake->ocsp_says != 0) {
        rig_buf_reset(&response);
        fx_ok(rig_buf_append(&response, error, sizeof error, &fake->fx.err), &fake->fx.err);
    }
    assert_true(response.len <= sizeof answer->body);
    memcpy(answer->body, response.data, response.len);
    answer->body_len = response.len;
    answer->status = fake->ocsp_status;
    answer->content_type = "application/ocsp-response";
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
    } else if (is_of_fake(path, "/v1/pki/ocsp")) {
        answer_ocsp(fake, request, answer);
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

void fake_write_file(struct fx *fx, const char *name, const void *bytes, size_t len,
                     char path[RIG_CA_VAULT_PATH_SIZE])
{
    (void)snprintf(path, RIG_CA_VAULT_PATH_SIZE, "%s/%s", fx->folder, name);
    fx_ok(rig_file_replace(path, bytes, len, 0600, &fx->err), &fx->err);
}

/* The root's CRL, which the server does not have. */
void fake_write_root_crl(struct fake *fake, struct fx *of)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    const char *last;

    fx_ok(rig_ca_crls(of->ca, &pem, fx_wait(), &of->err), &of->err);
    last = strstr(rig_buf_text(&pem), "-----END X509 CRL-----\n") + 23;
    fake_write_file(&fake->fx, "root.crl", last, strlen(last), fake->config.crl_files[0]);
    fake->config.n_crls = 1;
}

int fake_setup(void **state)
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
    fake_write_file(&fake->fx, "root.pem", fake->fx.ca->root_pem.data, fake->fx.ca->root_pem.len,
                    config->root_file);
    fake_write_root_crl(fake, &fake->fx);
    *state = fake;
    return 0;
}

int fake_teardown(void **state)
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

void fake_open_ca(struct fake *fake)
{
    fx_ok(rig_ca_vault_open(&fake->config, &rig_clock_system, &fake->ca, fx_wait(), &fake->fx.err),
          &fake->fx.err);
}

rig_result fake_sign(struct fake *fake, struct rig_ca_certificate *certificate)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3 * FX_MS_PER_DAY;
    return rig_ca_sign(fake->ca, &request, certificate, fx_wait(), &fake->fx.err);
}
