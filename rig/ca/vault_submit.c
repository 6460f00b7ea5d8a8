/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as they come, for tests of the CA itself. */
#include "rig/ca/vault_parts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static rig_result form_field(struct rig_buf *form, const char *name, const void *value, size_t len,
                             struct rig_error *err)
{
    const uint8_t *bytes = value;

    RIG_TRY(rig_buf_printf(form, err, "%s%s=", form->len != 0 ? "&" : "", name));
    for (size_t i = 0; i < len; i++) {
        if (isalnum(bytes[i]) != 0) {
            RIG_TRY(rig_buf_append(form, &bytes[i], 1, err));
        } else {
            RIG_TRY(rig_buf_printf(form, err, "%%%02X", bytes[i]));
        }
    }
    return RIG_DONE;
}

static bool is_refusal(enum rig_vault_fault fault)
{
    switch (fault) {
    case RIG_VAULT_FAULT_KEY_REFUSED:
    case RIG_VAULT_FAULT_NAME_REFUSED:
    case RIG_VAULT_FAULT_CSR_REFUSED:
    case RIG_VAULT_FAULT_TTL_BEYOND_CA:
    case RIG_VAULT_FAULT_BAD_REQUEST:
        return true;
    default:
        return false;
    }
}

static rig_result read_answer(const struct rig_vault_reply *reply, struct rig_ca_answer *answer,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;
    const json_t *warning;
    size_t used = 0;
    size_t i;

    RIG_TRY(rig_vault_read_leaf(reply->data, &leaf, err));
    RIG_TRY(rig_vault_read_chain(reply->data, &chain, err));
    RIG_TRY(rig_pki_certificate_der(leaf, &answer->der, err));
    for (int n = 0; n < sk_X509_num(chain); n++) {
        RIG_TRY(rig_pki_certificate_pem(sk_X509_value(chain, n), &answer->chain_pem, err));
    }
    json_array_foreach(reply->warnings, i, warning)
    {
        if (used < sizeof answer->warnings) {
            const int n = snprintf(answer->warnings + used, sizeof answer->warnings - used, "%s%s",
                                   used != 0 ? "\n" : "",
                                   json_is_string(warning) ? json_string_value(warning) : "");
            used += n > 0 ? (size_t)n : 0;
        }
    }
    answer->accepted = true;
    return RIG_DONE;
}

/* As a form: the bytes need not be text, which JSON would demand. */
rig_result rig_vault_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                            struct rig_ca_answer *answer, struct rig_wait wait,
                            struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    const struct rig_ca_vault_role *role = rig_vault_role_of(vault, submission->profile);
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf form = {0};
    char path[RIG_VAULT_PATH_SIZE];
    char ttl[32];

    RIG_TRY(form_field(&form, "csr", submission->csr, submission->csr_len, err));
    if (submission->ttl_s != 0) {
        const int n = snprintf(ttl, sizeof ttl, "%" PRId64 "s", submission->ttl_s);

        RIG_TRY(form_field(&form, "ttl", ttl, (size_t)n, err));
    }
    if (submission->not_after != NULL) {
        RIG_TRY(form_field(&form, "not_after", submission->not_after, strlen(submission->not_after),
                           err));
    }
    if (submission->profile == RIG_PROFILE_DEVICE) {
        RIG_TRY(form_field(&form, "exclude_cn_from_sans", "true", 4, err));
    }
    rig_vault_ca_path(path, role->mount, "sign/%s", role->role);
    if (rig_vault_call(
            rig_vault_client_of(vault, submission->profile),
            &(struct rig_vault_request){.method = RIG_VAULT_POST,
                                        .path = path,
                                        .raw_body = form.data,
                                        .raw_body_len = form.len,
                                        .raw_content_type = "application/x-www-form-urlencoded"},
            &reply, wait, err)
            .ok) {
        answer->status = reply.status;
        return read_answer(&reply, answer, err);
    }
    answer->status = reply.status;
    if (!is_refusal(reply.fault)) {
        return (rig_result){.ok = false};
    }
    (void)rig_copy_text(answer->refusal, sizeof answer->refusal, err->text);
    return RIG_DONE;
}
