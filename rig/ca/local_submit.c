/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/local_submit.h"

#include "rig/ca/csr_pem.h"
#include "rig/ca/key.h"
#include "rig/ca/policy.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TOLERANCE_MS (INT64_C(60) * 1000)

static enum rig_key_type key_type_of(const struct rig_buf *der)
{
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der->len);
    const EVP_PKEY *key = csr != NULL ? X509_REQ_get0_pubkey(csr) : NULL;

    return key != NULL ? rig_key_type_of_key(key) : RIG_KEY_NONE;
}

static rig_result check_csr(const struct rig_ca_submission *submission, struct rig_buf *der,
                            struct rig_error *err)
{
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_csr_rules rules = {
        .common_name = submission->device_id != NULL ? submission->device_id : "",
        .organization = submission->organization,
        .country = submission->country,
    };

    RIG_TRY(rig_csr_of_pem(submission->csr, submission->csr_len, der, err));
    rules.key_type = key_type_of(der);
    return rig_csr_check(der->data, der->len, &rules, spki_sha256, err);
}

static rig_result read_end(const struct rig_ca_submission *submission,
                           const struct rig_clock *clock, int64_t *not_after_ms,
                           struct rig_error *err)
{
    struct tm utc = {0};
    const char *rest;

    *not_after_ms = submission->ttl_s != 0 ? rig_clock_now_ms(clock) + submission->ttl_s * 1000 : 0;
    if (submission->not_after == NULL) {
        return RIG_DONE;
    }
    rest = strptime(submission->not_after, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (rest == NULL || *rest != '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "not_after '%.40s' is no time such as 2030-01-31T12:00:00Z",
                        submission->not_after);
    }
    *not_after_ms = (int64_t)timegm(&utc) * 1000;
    return RIG_DONE;
}

/* The rig itself never asks for more than the life of a device. */
static rig_result end_of(const struct rig_ca_submission *submission,
                         const struct rig_local_terms *terms, int64_t *not_after_ms,
                         struct rig_error *err)
{
    int64_t latest_ms = rig_clock_now_ms(terms->clock) + terms->device_ms;
    char asked[RIG_TIME_TEXT_SIZE];
    char latest[RIG_TIME_TEXT_SIZE];

    RIG_TRY(read_end(submission, terms->clock, not_after_ms, err));
    latest_ms += TOLERANCE_MS;
    if (*not_after_ms <= latest_ms) {
        return RIG_DONE;
    }
    rig_time_text(*not_after_ms, asked);
    rig_time_text(latest_ms, latest);
    return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                    "notAfter %s is later than a device's certificate may end, %s", asked, latest);
}

static rig_result sign(struct rig_ca *ca, const struct rig_local_terms *terms,
                       const struct rig_ca_submission *submission,
                       struct rig_ca_certificate *certificate, struct rig_wait wait,
                       struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_ca_request request = {
        .profile = submission->profile,
        .common_name = submission->device_id,
        .organization = submission->organization,
        .country = submission->country,
    };

    if (submission->profile != RIG_PROFILE_DEVICE) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "takes requests of devices only; a server's certificate is made by the rig "
                        "itself");
    }
    RIG_TRY(check_csr(submission, &der, err));
    RIG_TRY(end_of(submission, terms, &request.not_after_ms, err));
    request.csr_der = der.data;
    request.csr_len = der.len;
    return ca->ops->sign(ca, &request, certificate, wait, err);
}

/* Only what the rig and its CA decide about a request is an answer; a full disk is none. */
static bool is_refusal(const struct rig_error *err)
{
    return err->cls == RIG_CLASS_DEVICE || err->cls == RIG_CLASS_CA || err->cls == RIG_CLASS_USAGE;
}

rig_result rig_local_submit(struct rig_ca *ca, const struct rig_local_terms *terms,
                            const struct rig_ca_submission *submission,
                            struct rig_ca_answer *answer, struct rig_wait wait,
                            struct rig_error *err)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    const rig_result result = sign(ca, terms, submission, &certificate, wait, err);

    if (!result.ok) {
        if (!is_refusal(err)) {
            return result;
        }
        (void)rig_copy_text(answer->refusal, sizeof answer->refusal, err->text);
        return RIG_DONE;
    }
    answer->accepted = true;
    RIG_TRY(rig_buf_append(&answer->der, certificate.der.data, certificate.der.len, err));
    return rig_buf_append(&answer->chain_pem, ca->chain_pem.data, ca->chain_pem.len, err);
}
