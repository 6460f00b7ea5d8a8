/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/json_auto.h"
#include "rig/ca/vault_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- small things ---- */

void rig_vault_ca_path(char path[RIG_VAULT_PATH_SIZE], const char *mount, const char *fmt, ...)
{
    const size_t len = strlen(mount);
    const size_t used = len < RIG_VAULT_PATH_SIZE - 2 ? len : RIG_VAULT_PATH_SIZE - 2;
    va_list args;

    memcpy(path, mount, used);
    path[used] = '/';
    va_start(args, fmt);
    (void)vsnprintf(path + used + 1, RIG_VAULT_PATH_SIZE - used - 1, fmt, args);
    va_end(args);
}

const char *rig_vault_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

bool rig_vault_serial_colons(const char *serial, char out[RIG_VAULT_SERIAL_SIZE])
{
    char plain[RIG_SERIAL_TEXT_SIZE];
    size_t n = 0;

    if (!rig_pki_serial_plain(serial, plain)) {
        return false;
    }
    for (size_t i = 0; plain[i] != '\0'; i += 2) {
        if (n != 0) {
            out[n++] = ':';
        }
        out[n++] = plain[i];
        out[n++] = plain[i + 1];
    }
    out[n] = '\0';
    return true;
}

const struct rig_ca_vault_role *rig_vault_role_of(const struct rig_vault_ca *vault,
                                                  enum rig_ca_profile profile)
{
    return profile == RIG_PROFILE_DEVICE ? &vault->config.device : &vault->config.server;
}

struct rig_vault *rig_vault_client_of(const struct rig_vault_ca *vault, enum rig_ca_profile profile)
{
    return profile == RIG_PROFILE_DEVICE ? vault->station : vault->qa;
}

/* It signed, and what came back can't be read: no clear no. */
static rig_result fail_answer(struct rig_error *err)
{
    err->cls = RIG_CLASS_CA;
    err->code = RIG_E_PROTOCOL;
    return (rig_result){.ok = false};
}

rig_result rig_vault_read_leaf(const json_t *data, X509 **leaf, struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *all = NULL;

    if (!rig_pki_certificates_of_pem(rig_vault_json_text(data, "certificate"),
                                     "the answer of the server", &all, err)
             .ok) {
        return fail_answer(err);
    }
    *leaf = sk_X509_shift(all);
    return RIG_DONE;
}

/* What came along: ca_chain, or issuing_ca where that is empty. */
rig_result rig_vault_read_chain(const json_t *data, STACK_OF(X509) * *chain, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    const json_t *cas = json_object_get(data, "ca_chain");
    const json_t *one;
    size_t i;

    if (json_array_size(cas) == 0) {
        RIG_TRY(rig_buf_append_text(&pem, rig_vault_json_text(data, "issuing_ca"), err));
    }
    json_array_foreach(cas, i, one)
    {
        RIG_TRY(
            rig_buf_printf(&pem, err, "%s\n", json_is_string(one) ? json_string_value(one) : ""));
    }
    if (!rig_pki_certificates_of_pem(rig_buf_text(&pem), "the chain of the server", chain, err)
             .ok) {
        return fail_answer(err);
    }
    return RIG_DONE;
}

/* ---- revoke ---- */

static bool is_expired(const json_t *warnings)
{
    const json_t *warning;
    size_t i;

    json_array_foreach(warnings, i, warning)
    {
        if (json_is_string(warning) &&
            strstr(json_string_value(warning), "already expired") != NULL) {
            return true;
        }
    }
    return false;
}

rig_result rig_vault_revoke_at(struct rig_vault_ca *vault, const char *mount, const char *serial,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_auto_json_t) json_t *body = json_object();
    char colons[RIG_VAULT_SERIAL_SIZE];
    char plain[RIG_SERIAL_TEXT_SIZE];
    char path[RIG_VAULT_PATH_SIZE];

    RIG_TRY(rig_pki_serial_read(serial, plain, err));
    (void)rig_vault_serial_colons(plain, colons);
    if (body == NULL || json_object_set_new(body, "serial_number", json_string(colons)) != 0) {
        return rig_fail_memory(err);
    }
    rig_vault_ca_path(path, mount, "revoke");
    if (!rig_vault_call(
             vault->qa,
             &(struct rig_vault_request){
                 .method = RIG_VAULT_POST, .path = path, .body = body, .repeatable = true},
             &reply, wait, err)
             .ok) {
        struct rig_error looked;
        bool revoked = false;

        if (reply.status == 400 &&
            !rig_vault_fetch(vault, mount, plain, NULL, &revoked, wait, &looked).ok &&
            looked.code == RIG_E_NOT_FOUND) {
            return rig_fail_as(err, &looked);
        }
        return (rig_result){.ok = false};
    }
    /* what has ended needs no place in a CRL, and gets none */
    return is_expired(reply.warnings) ? RIG_DONE
                                      : rig_vault_expect_revoked(vault, mount, plain, err);
}

static rig_result vault_revoke(struct rig_ca *ca, const char *serial,
                               enum rig_revocation_reason reason, struct rig_wait wait,
                               struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    const char *mount = vault->config.device.mount;
    const char *server = vault->config.server.mount;
    rig_result result;

    (void)reason; /* the API takes none; the register keeps it */
    result = rig_vault_revoke_at(vault, mount, serial, wait, err);
    if (!result.ok && err->code == RIG_E_NOT_FOUND && strcmp(mount, server) != 0) {
        mount = server;
        result = rig_vault_revoke_at(vault, mount, serial, wait, err);
    }
    return result.ok ? rig_vault_publish(vault, mount, serial, wait, err) : result;
}

/* ---- open and close ---- */

static void vault_close(struct rig_ca *ca)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);

    if (vault->qa != vault->station) {
        rig_vault_close(vault->qa);
    }
    rig_vault_close(vault->station);
    for (size_t i = 0; i < RIG_VAULT_CA_MAX_ISSUERS; i++) {
        X509_free(vault->issuers[i].certificate);
    }
    for (size_t i = 0; i < 2; i++) {
        rig_pki_free_certificates(&vault->cas[i]);
    }
    X509_free(vault->root);
    rig_vault_keyless_close(vault);
    rig_buf_free(&vault->ca.root_pem);
    rig_buf_free(&vault->ca.chain_pem);
    rig_gate_destroy(&vault->rotating);
    (void)pthread_mutex_destroy(&vault->lock);
    free(vault->known);
    free(vault->pending);
    free(vault);
}

static rig_result vault_describe(struct rig_ca *ca, struct rig_buf *text, struct rig_wait wait,
                                 struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    const struct rig_ca_vault_config *config = &vault->config;

    RIG_TRY(rig_buf_printf(text, err, "%s, version %s, clock off by %" PRId64 " ms%s\n",
                           rig_vault_address(vault->station), vault->health.version,
                           vault->health.clock_skew_ms,
                           ca->unverified ? ", TLS NOT VERIFIED" : ""));
    RIG_TRY(rig_buf_printf(text, err, "devices: role %s of %s, token accessor %s\n",
                           config->device.role, config->device.mount, vault->accessors[0]));
    RIG_TRY(rig_buf_printf(text, err, "servers: role %s of %s, token accessor %s\n",
                           config->server.role, config->server.mount, vault->accessors[1]));
    return rig_vault_describe_crls(vault, text, wait, err);
}

static const struct rig_ca_ops vault_ops = {
    .name = "vault",
    .backdates = false,
    .sign = rig_vault_sign,
    .revoke = vault_revoke,
    .crls = rig_vault_crls,
    .issued_for = rig_vault_issued_for,
    .find = rig_vault_find,
    .published_crls = rig_vault_published_crls,
    .ocsp = rig_vault_ocsp,
    .submit = rig_vault_submit,
    .describe = vault_describe,
    .close = vault_close,
};

rig_result rig_ca_vault_open_client(const struct rig_ca_vault_config *config,
                                    const struct rig_ca_vault_login *login,
                                    const struct rig_clock *clock, struct rig_vault **client,
                                    struct rig_error *err)
{
    const bool certificate = login->kind == RIG_VAULT_CERT;
    const struct rig_ca_vault_login *tls = certificate ? login : &config->login;
    const struct rig_vault_options options = {
        .address = config->address,
        .namespace_path = rig_text_or_null(config->namespace_path),
        .ca_file = rig_text_or_null(config->ca_file),
        .ca_folder = rig_text_or_null(config->ca_folder),
        .tls_server_name = rig_text_or_null(config->tls_server_name),
        .client_certificate_file = rig_text_or_null(tls->certificate_file),
        .client_key_file = rig_text_or_null(tls->key_file),
        .skip_verify = config->skip_verify,
        .login = {.kind = login->kind,
                  .mount = rig_text_or_null(login->mount),
                  .role = rig_text_or_null(certificate ? login->role : login->role_id),
                  .secret = login->secret},
        .request_timeout_ms = config->request_timeout_ms,
        .clock = clock,
    };

    return rig_vault_open(&options, client, err);
}

rig_result rig_ca_vault_open(const struct rig_ca_vault_config *config,
                             const struct rig_clock *clock, struct rig_ca **ca,
                             struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_auto_ca) struct rig_ca *made = NULL;
    struct rig_vault_ca *vault = calloc(1, sizeof *vault);

    *ca = NULL;
    if (vault == NULL) {
        return rig_fail_memory(err);
    }
    made = &vault->ca;
    vault->ca.ops = &vault_ops;
    vault->ca.unverified = config->skip_verify;
    vault->clock = clock;
    vault->config = *config;
    /* the secrets stay the caller's */
    vault->config.login.secret = (struct rig_buf){0};
    vault->config.qa.secret = (struct rig_buf){0};
    rig_gate_init(&vault->rotating);
    (void)pthread_mutex_init(&vault->lock, NULL);
    RIG_TRY(rig_vault_keyless_open(vault, err));
    RIG_TRY(rig_vault_chain_root(vault, err));
    RIG_TRY(rig_ca_vault_open_client(config, &config->login, clock, &vault->station, err));
    vault->qa = vault->station;
    if (config->qa.given) {
        vault->qa = NULL;
        RIG_TRY(rig_ca_vault_open_client(config, &config->qa, clock, &vault->qa, err));
    }
    RIG_TRY(rig_vault_look(vault, wait, err));
    *ca = made;
    made = NULL;
    return RIG_DONE;
}
