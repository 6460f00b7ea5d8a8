/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_signer FOLDER: opens the CA there, or makes it, then signs, revokes and publishes without end,
 * and says on standard output what is done: "ready", "issued SERIAL SPKI-SHA256", "revoked SERIAL".
 * For test_ca_kill, which kills it.
 */
#include "rig/ca/key.h"
#include "rig/ca/local.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static rig_result make_csr(struct rig_buf *der, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = X509_REQ_new();
    uint8_t *bytes = NULL;
    rig_result result;
    int len;

    RIG_TRY(rig_key_make(RIG_KEY_P256, &key, err));
    if (csr == NULL || X509_REQ_set_pubkey(csr, key) != 1 ||
        X509_REQ_sign(csr, key, EVP_sha256()) <= 0 || (len = i2d_X509_REQ(csr, &bytes)) <= 0) {
        return rig_pki_fail_library(err, "make a CSR");
    }
    result = rig_buf_append(der, bytes, (size_t)len, err);
    OPENSSL_free(bytes);
    return result;
}

static rig_result say(const char *line, struct rig_error *err)
{
    const size_t len = strlen(line);

    return write(STDOUT_FILENO, line, len) == (ssize_t)len
               ? RIG_DONE
               : rig_fail(err, RIG_CLASS_RIG, RIG_E_IO, "nobody listens");
}

static rig_result one_round(struct rig_ca *ca, unsigned round, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request = {.common_name = "b1"};
    char spki[2 * RIG_SHA256_SIZE + 1];
    char line[256];

    RIG_TRY(make_csr(&csr, err));
    request.csr_der = csr.data;
    request.csr_len = csr.len;
    RIG_TRY(rig_ca_sign(ca, &request, &certificate, rig_wait_ms(20000, NULL), err));
    rig_hex(certificate.spki_sha256, RIG_SHA256_SIZE, spki);
    (void)snprintf(line, sizeof line, "issued %s %s\n", certificate.serial, spki);
    RIG_TRY(say(line, err));
    if (round % 3 == 0) {
        RIG_TRY(rig_ca_revoke(ca, certificate.serial, RIG_REVOKED_SUPERSEDED,
                              rig_wait_ms(20000, NULL), err));
        (void)snprintf(line, sizeof line, "revoked %s\n", certificate.serial);
        RIG_TRY(say(line, err));
    }
    return RIG_DONE;
}

int main(int argc, char **argv)
{
    const struct rig_ca_local_plan plan = {.levels = {"root", "factory", "line"}, .n_levels = 3};
    RIG_AUTO(rig_auto_ca) struct rig_ca *ca = NULL;
    struct rig_error err = {0};
    rig_result result;

    (void)signal(SIGPIPE, SIG_DFL);
    if (argc != 2) {
        return 2;
    }
    result = rig_ca_local_open(argv[1], &plan, NULL, &rig_clock_system, &ca, &err);
    if (result.ok) {
        result = say("ready\n", &err);
    }
    for (unsigned round = 0; result.ok && round < 5000; round++) {
        result = one_round(ca, round, &err);
    }
    if (!result.ok) {
        (void)fprintf(stderr, "ca_signer: %s\n", err.text);
        return 1;
    }
    return 0;
}
