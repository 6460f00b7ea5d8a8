/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/vault_parts.h"

#include "rig/base/file.h"

#include <openssl/err.h>

#include <stdio.h>
#include <string.h>

#define MAX_ROOT_BYTES 65536
#define MAX_DEPTH 12

rig_result rig_vault_chain_root(struct rig_vault_ca *vault, struct rig_error *err)
{
    const char *path = vault->config.root_file;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *roots = NULL;

    RIG_TRY_IN(rig_file_read(path, MAX_ROOT_BYTES, &pem, err), err, "the pinned root");
    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(&pem), path, &roots, err));
    if (sk_X509_num(roots) != 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%s' holds %d certificates: the pinned root must be one alone", path,
                        sk_X509_num(roots));
    }
    vault->root = sk_X509_shift(roots);
    rig_pki_begin();
    if (X509_check_ca(vault->root) == 0 ||
        X509_NAME_cmp(X509_get_subject_name(vault->root), X509_get_issuer_name(vault->root)) != 0 ||
        X509_verify(vault->root, X509_get0_pubkey(vault->root)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%s' holds no root: expected a CA certificate that signed itself",
                            path);
    }
    return rig_pki_certificate_pem(vault->root, &vault->ca.root_pem, err);
}

static rig_result fetch_issuer(struct rig_vault_ca *vault, struct rig_vault_issuer *issuer,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;
    char path[RIG_VAULT_PATH_SIZE];

    rig_vault_ca_path(path, issuer->mount, "issuer/%s/json", issuer->id);
    RIG_TRY(rig_vault_call(vault->station,
                           &(struct rig_vault_request){.path = path, .anonymous = true}, &reply,
                           wait, err));
    if (!rig_pki_certificates_of_pem(rig_vault_json_text(reply.data, "certificate"), path, &found,
                                     err)
             .ok) {
        err->cls = RIG_CLASS_CA;
        return (rig_result){.ok = false};
    }
    issuer->certificate = sk_X509_shift(found);
    return RIG_DONE;
}

static bool has_mount(const struct rig_vault_ca *vault, const char *mount)
{
    for (size_t i = 0; i < vault->n_issuers; i++) {
        if (strcmp(vault->issuers[i].mount, mount) == 0) {
            return true;
        }
    }
    return false;
}

rig_result rig_vault_chain_issuers(struct rig_vault_ca *vault, const char *mount,
                                   struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    char path[RIG_VAULT_PATH_SIZE];
    const json_t *keys;
    const json_t *info;
    size_t i;
    const json_t *id;

    if (has_mount(vault, mount)) {
        return RIG_DONE;
    }
    rig_vault_ca_path(path, mount, "issuers");
    if (!rig_vault_call(
             vault->station,
             &(struct rig_vault_request){.method = RIG_VAULT_LIST, .path = path, .anonymous = true},
             &reply, wait, err)
             .ok) {
        if (reply.fault == RIG_VAULT_FAULT_NOT_FOUND) {
            return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                            "the mount %s has no CA yet: make its hierarchy (rig vault setup), or "
                            "name another mount in '%s'",
                            mount, vault->config.path);
        }
        return (rig_result){.ok = false};
    }
    keys = json_object_get(reply.data, "keys");
    info = json_object_get(reply.data, "key_info");
    json_array_foreach(keys, i, id)
    {
        struct rig_vault_issuer *issuer = &vault->issuers[vault->n_issuers];

        if (vault->n_issuers == RIG_VAULT_CA_MAX_ISSUERS || !json_is_string(id) ||
            !rig_copy_text(issuer->id, sizeof issuer->id, json_string_value(id))) {
            return rig_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "the mount %s lists its issuers in an unknown way, or more than %d of "
                            "them",
                            mount, RIG_VAULT_CA_MAX_ISSUERS);
        }
        issuer->mount = mount;
        issuer->has_key =
            rig_vault_json_text(json_object_get(info, issuer->id), "key_id")[0] != '\0';
        RIG_TRY(fetch_issuer(vault, issuer, wait, err));
        vault->n_issuers++;
    }
    return RIG_DONE;
}

static rig_result push(STACK_OF(X509) * stack, X509 *certificate, struct rig_error *err)
{
    if (X509_up_ref(certificate) != 1) {
        return rig_fail_memory(err);
    }
    if (sk_X509_push(stack, certificate) <= 0) {
        X509_free(certificate);
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

static rig_result collect_untrusted(const struct rig_vault_ca *vault, STACK_OF(X509) * extra,
                                    STACK_OF(X509) * untrusted, struct rig_error *err)
{
    for (size_t i = 0; i < vault->n_issuers; i++) {
        RIG_TRY(push(untrusted, vault->issuers[i].certificate, err));
    }
    for (int i = 0; extra != NULL && i < sk_X509_num(extra); i++) {
        RIG_TRY(push(untrusted, sk_X509_value(extra, i), err));
    }
    return RIG_DONE;
}

static rig_result fail_unrooted(const struct rig_vault_ca *vault, X509_STORE_CTX *context,
                                struct rig_error *err)
{
    const int error = X509_STORE_CTX_get_error(context);
    const X509 *at = X509_STORE_CTX_get_current_cert(context);
    char subject[RIG_PKI_TEXT_SIZE] = "?";

    if (at != NULL) {
        rig_pki_name_text(X509_get_subject_name(at), subject, sizeof subject);
    }
    ERR_clear_error();
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                    "the server's CA does not lead to the pinned root '%.120s': %s at '%.120s'; "
                    "either the CA was replaced, or `root` in '%.120s' names another root",
                    vault->config.root_file, X509_verify_cert_error_string(error), subject,
                    vault->config.path);
}

rig_result rig_vault_chain_build(const struct rig_vault_ca *vault, X509 *certificate,
                                 STACK_OF(X509) * extra, STACK_OF(X509) * *cas,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();
    RIG_AUTO(rig_auto_X509_STORE_CTX) X509_STORE_CTX *context = X509_STORE_CTX_new();
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *untrusted = sk_X509_new_null();
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *path = NULL;

    rig_pki_begin();
    if (store == NULL || context == NULL || untrusted == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(collect_untrusted(vault, extra, untrusted, err));
    if (X509_STORE_add_cert(store, vault->root) != 1 ||
        X509_STORE_CTX_init(context, store, certificate, untrusted) != 1) {
        return rig_pki_fail_library(err, "begin to verify a chain");
    }
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
    X509_STORE_CTX_set_depth(context, MAX_DEPTH);
    if (X509_verify_cert(context) != 1) {
        return fail_unrooted(vault, context, err);
    }
    path = X509_STORE_CTX_get1_chain(context);
    if (path == NULL) {
        return rig_fail_memory(err);
    }
    if (sk_X509_num(path) > 1) {
        X509_free(sk_X509_shift(path));
    }
    *cas = path;
    path = NULL;
    return RIG_DONE;
}

static bool holds(STACK_OF(X509) * stack, const X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(stack); i++) {
        if (X509_cmp(sk_X509_value(stack, i), certificate) == 0) {
            return true;
        }
    }
    return false;
}

rig_result rig_vault_chain_all(const struct rig_vault_ca *vault, STACK_OF(X509) * *cas,
                               struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *all = sk_X509_new_null();

    if (all == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t profile = 0; profile < 2; profile++) {
        for (int i = 0; i < sk_X509_num(vault->cas[profile]); i++) {
            X509 *ca = sk_X509_value(vault->cas[profile], i);

            if (!holds(all, ca)) {
                RIG_TRY(push(all, ca, err));
            }
        }
    }
    *cas = all;
    all = NULL;
    return RIG_DONE;
}
