/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/ocsp.h"
#include "rig/pki/internal.h"

#include <limits.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

void rig_pki_ocsp_free(struct rig_pki_ocsp *answer)
{
    rig_buf_free(&answer->der);
}

static rig_result choose_signer(struct rig_pki_world *world,
                                const struct rig_pki_ocsp_recipe *recipe, OCSP_CERTID *id,
                                const struct rig_pki_made **signer, struct rig_error *err)
{
    if (recipe->signer[0] != '\0') {
        return rig_pki_authority(world, recipe->signer, signer, err);
    }
    for (size_t i = 0; i < world->n_made; i++) {
        if (world->made[i]->recipe->kind == RIG_PKI_AUTHORITY &&
            rig_ocsp_is_issuer(world->made[i]->certificate, id)) {
            *signer = world->made[i];
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                    "the OCSP request is about a certificate of an issuer that the fixtures never "
                    "made: ask about a fixture's certificate, or name a `signer`");
}

/* The id that the answer carries: that of the request, or with a bit changed. */
static rig_result answered_id(const struct rig_pki_ocsp_recipe *recipe, OCSP_CERTID *asked,
                              OCSP_CERTID **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *id = OCSP_CERTID_dup(asked);
    ASN1_OCTET_STRING *key_hash = NULL;
    ASN1_INTEGER *serial = NULL;

    if (id == NULL || OCSP_id_get0_info(NULL, NULL, &key_hash, &serial, id) != 1) {
        return rig_fail_memory(err);
    }
    if (ASN1_STRING_length(key_hash) < 1 || ASN1_STRING_length(serial) < 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the OCSP request has an empty serial number or issuer hash");
    }
    if (recipe->wrong_issuer_hash) {
        ((uint8_t *)ASN1_STRING_get0_data(key_hash))[0] ^= 0x01;
    }
    if (recipe->wrong_serial) {
        ((uint8_t *)ASN1_STRING_get0_data(serial))[ASN1_STRING_length(serial) - 1] ^= 0x01;
    }
    *out = id;
    id = NULL;
    return RIG_DONE;
}

static rig_result add_status(const struct rig_pki_world *world,
                             const struct rig_pki_ocsp_recipe *recipe, OCSP_CERTID *asked,
                             OCSP_BASICRESP *basic, struct rig_error *err)
{
    static const int statuses[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED,
                                   V_OCSP_CERTSTATUS_UNKNOWN};
    const bool revoked = recipe->status == RIG_PKI_OCSP_REVOKED;
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *id = NULL;
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *this_update = NULL;
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *next_update = NULL;
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *revoked_at = NULL;

    RIG_TRY(answered_id(recipe, asked, &id, err));
    RIG_TRY(
        rig_ocsp_time(rig_pki_time_ms(world, recipe->this_update, -HOUR_MS), &this_update, err));
    if (recipe->next_update_choice != RIG_PKI_NONE) {
        RIG_TRY(rig_ocsp_time(rig_pki_time_ms(world, recipe->next_update, 30 * DAY_MS),
                              &next_update, err));
    }
    if (revoked) {
        RIG_TRY(
            rig_ocsp_time(rig_pki_time_ms(world, recipe->revoked_at, -DAY_MS), &revoked_at, err));
    }
    if (OCSP_basic_add1_status(basic, id, statuses[recipe->status],
                               revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, revoked_at,
                               this_update, next_update) == NULL) {
        return rig_pki_fail_library(err, "build an OCSP answer");
    }
    return RIG_DONE;
}

static rig_result add_nonce(enum rig_pki_nonce nonce, OCSP_REQUEST *request, OCSP_BASICRESP *basic,
                            struct rig_error *err)
{
    int done = 1;

    if (nonce == RIG_PKI_NONCE_ECHO) {
        done = OCSP_copy_nonce(basic, request); /* 2: there was none */
    } else if (nonce == RIG_PKI_NONCE_WRONG) {
        done = OCSP_basic_add1_nonce(basic, NULL, -1);
    }
    return done > 0 ? RIG_DONE : rig_pki_fail_library(err, "add a nonce to an OCSP answer");
}

static rig_result sign(const struct rig_pki_world *world, const struct rig_pki_ocsp_recipe *recipe,
                       const struct rig_pki_made *signer, OCSP_BASICRESP *basic,
                       struct rig_error *err)
{
    const unsigned long flags = OCSP_NOTIME | (recipe->without_certificates ? OCSP_NOCERTS : 0UL) |
                                (recipe->key_responder_id ? OCSP_RESPID_KEY : 0UL);
    ASN1_GENERALIZEDTIME *produced = (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(basic);

    RIG_TRY(rig_pki_digest_check(recipe->digest, signer->key, err));
    if (ASN1_GENERALIZEDTIME_set(produced, (time_t)(world->now_ms / 1000)) == NULL ||
        OCSP_basic_sign(basic, signer->certificate, signer->key,
                        rig_pki_digest_for(recipe->digest, signer->key), NULL, flags) != 1) {
        return rig_pki_fail_library(err, "sign an OCSP answer");
    }
    return RIG_DONE;
}

static void tamper(enum rig_pki_tamper how, OCSP_BASICRESP *basic)
{
    const ASN1_STRING *changed = NULL;
    size_t from_end = 1;
    uint8_t *bytes;

    switch (how) {
    case RIG_PKI_INTACT:
        return;
    case RIG_PKI_TAMPER_SIGNATURE:
        changed = OCSP_resp_get0_signature(basic);
        break;
    case RIG_PKI_TAMPER_CONTENT:
        /* the last digit of the seconds, before the Z */
        changed = OCSP_resp_get0_produced_at(basic);
        from_end = 2;
        break;
    }
    bytes = (uint8_t *)ASN1_STRING_get0_data(changed);
    bytes[(size_t)ASN1_STRING_length(changed) - from_end] ^= 0x01;
}

static rig_result make_basic(struct rig_pki_world *world, const struct rig_pki_ocsp_recipe *recipe,
                             OCSP_REQUEST *request, OCSP_BASICRESP *basic, struct rig_error *err)
{
    OCSP_ONEREQ *one = OCSP_request_onereq_get0(request, 0);
    OCSP_CERTID *asked = one != NULL ? OCSP_onereq_get0_id(one) : NULL;
    const struct rig_pki_made *signer = NULL;

    if (asked == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the OCSP request asks about no certificate");
    }
    RIG_TRY(choose_signer(world, recipe, asked, &signer, err));
    RIG_TRY(add_status(world, recipe, asked, basic, err));
    RIG_TRY(add_nonce(recipe->nonce, request, basic, err));
    RIG_TRY(sign(world, recipe, signer, basic, err));
    tamper(recipe->tamper, basic);
    return RIG_DONE;
}

static rig_result make_answer(struct rig_pki_world *world, const struct rig_pki_ocsp_recipe *recipe,
                              OCSP_REQUEST *request, struct rig_buf *out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *response = NULL;

    if (recipe->response == RIG_PKI_OCSP_SUCCESSFUL) {
        basic = OCSP_BASICRESP_new();
        if (basic == NULL) {
            return rig_fail_memory(err);
        }
        RIG_TRY(make_basic(world, recipe, request, basic, err));
    }
    response = OCSP_response_create((int)recipe->response, basic);
    return rig_ocsp_response_der(response, out, err);
}

rig_result rig_pki_ocsp_answer(struct rig_pki_world *world, const char *name,
                               const uint8_t *request_der, size_t request_len,
                               struct rig_pki_ocsp *answer, struct rig_error *err)
{
    static const char garbage[] = "this is not an OCSP response";
    const struct rig_pki_ocsp_recipe *recipe = rig_fixtures_find_ocsp(world->fixtures, name);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    const uint8_t *at = request_der;

    if (recipe == NULL) {
        return rig_pki_fail_recipe(err, "ocsp answer", name);
    }
    rig_pki_begin();
    if (recipe->garbage) {
        RIG_TRY(rig_buf_append(&der, garbage, sizeof garbage - 1, err));
    } else if (!recipe->down) {
        request = request_len <= LONG_MAX ? d2i_OCSP_REQUEST(NULL, &at, (long)request_len) : NULL;
        if (request == NULL) {
            return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                                "the OCSP request can't be decoded");
        }
        RIG_PKI_HOLD(world);
        RIG_TRY_IN(make_answer(world, recipe, request, &der, err), err, "fixture ocsp '%s'", name);
    }
    *answer = (struct rig_pki_ocsp){
        .der = der,
        .down = recipe->down,
        .delay_ms = recipe->delay_ms,
        .http_status = recipe->http_status != 0 ? recipe->http_status : 200,
    };
    der = (struct rig_buf){0};
    return RIG_DONE;
}
