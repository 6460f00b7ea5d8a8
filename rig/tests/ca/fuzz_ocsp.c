/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request to the local CA's responder: there is always a response that a relying
 * party can decode; and as a response to a question: refused, with a reason. */
#include "rig/ca/issue.h"
#include "rig/ca/key.h"
#include "rig/ca/ocsp.h"

#include <stdlib.h>

#define NOW_MS INT64_C(1790000000000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rig_result look_up(void *ctx, const char *serial, struct rig_ocsp_record *record,
                          struct rig_error *err)
{
    (void)ctx;
    (void)err;
    *record = (struct rig_ocsp_record){
        .status = serial[0] == '0' ? RIG_OCSP_REVOKED : RIG_OCSP_GOOD,
        .revoked_at_ms = NOW_MS,
        .reason = RIG_REVOKED_SUPERSEDED,
    };
    return RIG_DONE;
}

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

/* One CA for all inputs; it lives as long as the program. */
static struct rig_ocsp_signer *the_signer(void)
{
    static const struct rig_issue_names names = {.common_name = "Fuzz CA"};
    static const struct rig_issue_validity validity = {NOW_MS - DAY_MS, NOW_MS + DAY_MS};
    static struct rig_ocsp_signer signer = {
        .now_ms = NOW_MS, .next_update_ms = NOW_MS + DAY_MS, .look_up = look_up};
    struct rig_error err;

    if (signer.key == NULL) {
        must(rig_key_make(RIG_KEY_P256, &signer.key, &err).ok);
        must(rig_issue_ca((struct rig_issuer){NULL, signer.key}, signer.key, &names, validity, 0,
                          &signer.issuer, &err)
                 .ok);
        signer.certificate = signer.issuer;
    }
    return &signer;
}

static void as_a_request(const struct rig_ocsp_signer *signer, const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *decoded = NULL;
    struct rig_error err;
    const uint8_t *at;

    must(rig_ocsp_answer(signer, data, size, &response, &err).ok);
    at = response.data;
    decoded = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
    must(decoded != NULL && at == response.data + response.len);
}

static void as_a_response(const struct rig_ocsp_signer *signer, const uint8_t *data, size_t size)
{
    STACK_OF(X509) *cas = sk_X509_new_null();
    const struct rig_ocsp_reader reader = {
        .responder = "the fuzzer", .cas = cas, .root = signer->issuer, .now_ms = NOW_MS};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    struct rig_ca_ocsp ocsp;
    struct rig_error err = {0};

    must(cas != NULL && sk_X509_push(cas, signer->issuer) > 0);
    must(rig_ocsp_request(signer->issuer, "0123", true, &request, &err).ok);
    must(!rig_ocsp_read(&reader, request, data, size, &ocsp, &err).ok);
    must(err.cls == RIG_CLASS_CA && err.text[0] != '\0');
    sk_X509_free(cas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rig_ocsp_signer *const signer = the_signer();

    as_a_request(signer, data, size);
    as_a_response(signer, data, size);
    return 0;
}
