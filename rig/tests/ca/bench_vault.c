/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds per signature of a Vault back end against the floor: the same requests over one
 * connection that is kept alive, with nothing around them, at the same real OpenBao over TLS, in
 * rounds that alternate so that the machine's mood hits both. Prints one line. 77: no OpenBao.
 *
 *     rig-bench-vault [ROUNDS [SIGNATURES_PER_ROUND]]
 */
#include "fixture.h"
#include "vault_engine.h"

#include <curl/curl.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 100
#define DEFAULT_ROUNDS 9
#define DEFAULT_SIGNATURES 100

struct floor {
    CURL *curl;
    struct curl_slist *headers;
    char url[320];
    char *body;
    size_t n_bytes; /* of the last answer */
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "rig-bench-vault: %s\n", what);
        exit(1);
    }
}

static size_t count(char *bytes, size_t size, size_t n, void *ctx)
{
    (void)bytes;
    *(size_t *)ctx += size * n;
    return size * n;
}

static char *body_of(const struct rig_buf *csr)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    json_t *body;
    char *text;
    long len;

    must(PEM_write_bio(bio, PEM_STRING_X509_REQ, "", csr->data, (long)csr->len) > 0, "PEM");
    len = BIO_get_mem_data(bio, &pem);
    body = json_pack("{s:s%, s:s, s:b}", "csr", pem, (size_t)len, "ttl", "86400s",
                     "exclude_cn_from_sans", 1);
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

static void floor_open(struct floor *floor, struct vault_engine *engine, const struct rig_buf *csr)
{
    struct rig_vault_reply reply = bao_do(&engine->bao, RIG_VAULT_POST, "auth/token/create",
                                          "{'policies': ['rig-station'], 'ttl': '1h'}");
    char header[512];

    (void)snprintf(header, sizeof header, "X-Vault-Token: %s",
                   json_string_value(json_object_get(reply.auth, "client_token")));
    rig_vault_reply_free(&reply);
    (void)snprintf(floor->url, sizeof floor->url, "%s/v1/pki_device/sign/rig-device",
                   engine->config.address);
    floor->body = body_of(csr);
    floor->headers = curl_slist_append(NULL, header);
    floor->headers = curl_slist_append(floor->headers, "Content-Type: application/json");
    explicit_bzero(header, sizeof header);
    floor->curl = curl_easy_init();
    must(floor->curl != NULL &&
             curl_easy_setopt(floor->curl, CURLOPT_URL, floor->url) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_CAINFO, engine->config.ca_file) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_HTTPHEADER, floor->headers) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_POSTFIELDS, floor->body) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_WRITEFUNCTION, count) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_WRITEDATA, &floor->n_bytes) == CURLE_OK,
         "libcurl");
}

static double floor_round(struct floor *floor, size_t n)
{
    const int64_t started_ns = rig_now_ns();

    for (size_t i = 0; i < n; i++) {
        long status = 0;

        floor->n_bytes = 0;
        must(curl_easy_perform(floor->curl) == CURLE_OK, "the floor's request failed");
        (void)curl_easy_getinfo(floor->curl, CURLINFO_RESPONSE_CODE, &status);
        must(status == 200 && floor->n_bytes > 1000, "the floor got no certificate");
    }
    return (double)(rig_now_ns() - started_ns) / 1e9 / (double)n;
}

static double our_round(struct rig_ca *ca, const struct rig_buf *csr, size_t n)
{
    const int64_t started_ns = rig_now_ns();

    for (size_t i = 0; i < n; i++) {
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        struct rig_ca_request request = fx_request(csr, "rig-bench");
        struct rig_error err;

        request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + FX_MS_PER_DAY;
        if (!rig_ca_sign(ca, &request, &certificate, fx_wait(), &err).ok) {
            must(false, err.text);
        }
    }
    return (double)(rig_now_ns() - started_ns) / 1e9 / (double)n;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t number(int argc, char **argv, int at, size_t otherwise, size_t max)
{
    const unsigned long value = at < argc ? strtoul(argv[at], NULL, 10) : otherwise;

    must(value > 0 && value <= max, "expected: rig-bench-vault [ROUNDS [SIGNATURES_PER_ROUND]]");
    return value;
}

int main(int argc, char **argv)
{
    const size_t n_rounds = number(argc, argv, 1, DEFAULT_ROUNDS, MAX_ROUNDS);
    const size_t n = number(argc, argv, 2, DEFAULT_SIGNATURES, 10000);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct vault_engine engine;
    struct floor floor = {0};
    double ours[MAX_ROUNDS];
    double theirs[MAX_ROUNDS];
    double ratios[MAX_ROUNDS];
    struct rig_ca *ca;
    const int missing = vault_engine_find(&engine);

    if (missing != 0) {
        return missing;
    }
    vault_engine_start(&engine);
    key = fx_key(RIG_KEY_P256);
    fx_good_csr(key, "rig-bench", &csr);
    ca = vault_engine_open(&engine);
    floor_open(&floor, &engine, &csr);
    (void)floor_round(&floor, n / 4 + 1);
    (void)our_round(ca, &csr, n / 4 + 1);
    for (size_t i = 0; i < n_rounds; i++) {
        theirs[i] = floor_round(&floor, n);
        ours[i] = our_round(ca, &csr, n);
        ratios[i] = ours[i] / theirs[i];
    }
    qsort(ours, n_rounds, sizeof *ours, by_value);
    qsort(theirs, n_rounds, sizeof *theirs, by_value);
    qsort(ratios, n_rounds, sizeof *ratios, by_value);
    (void)printf("ms/signature ours=%.3f floor=%.3f ratio=%.3f\n", ours[n_rounds / 2] * 1e3,
                 theirs[n_rounds / 2] * 1e3, ratios[n_rounds / 2]);
    rig_ca_close(ca);
    curl_easy_cleanup(floor.curl);
    curl_slist_free_all(floor.headers);
    free(floor.body);
    vault_engine_stop(&engine);
    return 0;
}
