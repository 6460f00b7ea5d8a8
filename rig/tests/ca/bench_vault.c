/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signature costs when 100 boards sign at once: each board a thread with its own key, all
 * through one back end and its pool of connections; and the same with the check of what came, as a
 * board's step does it. The floor: the same requests of as many threads, each over a connection of
 * its own that is kept alive, with nothing around them. Both at the same real OpenBao over TLS, in
 * rounds that alternate so that the machine's mood hits both. 77: no OpenBao.
 *
 *     rig-bench-vault [ROUNDS [SIGNATURES_PER_BOARD [BOARDS]]]
 *
 * Prints a line for each way, of medians over the rounds: milliseconds of wall time per signature,
 * the ratio to the floor of the same round, and the processor's milliseconds per signature, of this
 * process and of the server (which share the machine).
 */
#include "fixture.h"
#include "vault_engine.h"

#include <curl/curl.h>
#include <openssl/pem.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_ROUNDS 100
#define MAX_BOARDS 128
#define DEFAULT_ROUNDS 9
#define DEFAULT_SIGNATURES 4
#define DEFAULT_BOARDS 100

struct floor {
    CURL *curl;
    char *body;
    size_t n_bytes; /* of the last answer */
};

struct bench;

struct board {
    struct bench *bench;
    char name[32];
    struct rig_buf csr;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct floor floor;
};

struct bench {
    struct vault_engine engine;
    struct rig_ca *ca;
    struct rig_trust *trust;
    struct curl_slist *headers; /* of the floor */
    char url[320];
    size_t n_boards;
    size_t n_signatures; /* per board and round */
    struct board boards[MAX_BOARDS];
};

/* Per signature. */
struct cost {
    double wall_ms;
    double client_ms;
    double server_ms;
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

static void floor_prepare(struct bench *bench)
{
    struct rig_vault_reply reply = bao_do(&bench->engine.bao, RIG_VAULT_POST, "auth/token/create",
                                          "{'policies': ['rig-station'], 'ttl': '1h'}");
    char header[512];

    (void)snprintf(header, sizeof header, "X-Vault-Token: %s",
                   json_string_value(json_object_get(reply.auth, "client_token")));
    rig_vault_reply_free(&reply);
    (void)snprintf(bench->url, sizeof bench->url, "%s/v1/pki_device/sign/rig-device",
                   bench->engine.config.address);
    bench->headers = curl_slist_append(NULL, header);
    bench->headers = curl_slist_append(bench->headers, "Content-Type: application/json");
    explicit_bzero(header, sizeof header);
}

static void floor_open(struct board *board)
{
    const struct bench *bench = board->bench;
    struct floor *floor = &board->floor;

    floor->body = body_of(&board->csr);
    floor->curl = curl_easy_init();
    must(floor->curl != NULL && curl_easy_setopt(floor->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_URL, bench->url) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_CAINFO, bench->engine.config.ca_file) ==
                 CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_HTTPHEADER, bench->headers) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_POSTFIELDS, floor->body) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_WRITEFUNCTION, count) == CURLE_OK &&
             curl_easy_setopt(floor->curl, CURLOPT_WRITEDATA, &floor->n_bytes) == CURLE_OK,
         "libcurl");
}

static void board_make(struct bench *bench, struct board *board, size_t number)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);

    board->bench = bench;
    (void)snprintf(board->name, sizeof board->name, "rig-bench-%03zu", number);
    fx_good_csr(key, board->name, &board->csr);
    fx_spki_sha256(key, board->spki_sha256);
    floor_open(board);
}

static void board_free(struct board *board)
{
    curl_easy_cleanup(board->floor.curl);
    free(board->floor.body);
    rig_buf_free(&board->csr);
}

/* ---- a board's share of a round ---- */

static void *floor_signs(void *ctx)
{
    struct board *board = ctx;
    struct floor *floor = &board->floor;

    for (size_t i = 0; i < board->bench->n_signatures; i++) {
        long status = 0;

        floor->n_bytes = 0;
        must(curl_easy_perform(floor->curl) == CURLE_OK, "the floor's request failed");
        (void)curl_easy_getinfo(floor->curl, CURLINFO_RESPONSE_CODE, &status);
        must(status == 200 && floor->n_bytes > 1000, "the floor got no certificate");
    }
    return NULL;
}

static void check(const struct board *board, const struct rig_ca_certificate *certificate,
                  int64_t not_after_ms)
{
    const struct rig_ca *ca = board->bench->ca;
    const struct rig_certificate_rules rules = {
        .profile = RIG_PROFILE_DEVICE,
        .common_name = board->name,
        .spki_sha256 = board->spki_sha256,
        .root_pem = rig_buf_text(&ca->root_pem),
        .chain_pem = rig_buf_text(&ca->chain_pem),
        .trust = board->bench->trust,
        .now_ms = rig_clock_now_ms(&rig_clock_system),
        .not_after_ms = not_after_ms,
    };
    struct rig_error err;

    if (!rig_certificate_check(certificate->der.data, certificate->der.len, &rules, &err).ok) {
        must(false, err.text);
    }
}

static void sign(const struct board *board, bool checked)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request = fx_request(&board->csr, board->name);
    struct rig_error err;

    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + FX_MS_PER_DAY;
    if (!rig_ca_sign(board->bench->ca, &request, &certificate, rig_wait_ms(120000, NULL), &err)
             .ok) {
        must(false, err.text);
    }
    if (checked) {
        check(board, &certificate, request.not_after_ms);
    }
}

static void *we_sign(void *ctx)
{
    const struct board *board = ctx;

    for (size_t i = 0; i < board->bench->n_signatures; i++) {
        sign(board, false);
    }
    return NULL;
}

static void *we_sign_and_check(void *ctx)
{
    const struct board *board = ctx;

    for (size_t i = 0; i < board->bench->n_signatures; i++) {
        sign(board, true);
    }
    return NULL;
}

/* ---- a round ---- */

static double own_cpu_ms(void)
{
    struct rusage usage;

    must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* utime and stime of proc(5), behind the name in parentheses */
static double server_cpu_ms(const struct bench *bench)
{
    const double ms_per_tick = 1e3 / (double)sysconf(_SC_CLK_TCK);
    char path[64];
    char line[1024] = "";
    unsigned long long ticks = 0;
    FILE *file;
    char *at;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)bench->engine.bao.child.pid);
    file = fopen(path, "re");
    must(file != NULL && fgets(line, sizeof line, file) != NULL, path);
    (void)fclose(file);
    at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < 15; field++) {
        at = strchr(at + 1, ' ');
        if (at != NULL && field >= 13) {
            ticks += strtoull(at, NULL, 10);
        }
    }
    must(at != NULL, path);
    return (double)ticks * ms_per_tick;
}

static struct cost run_round(struct bench *bench, void *(*signs)(void *board))
{
    const double n = (double)(bench->n_boards * bench->n_signatures);
    pthread_t threads[MAX_BOARDS];
    const double client_ms = own_cpu_ms();
    const double server_ms = server_cpu_ms(bench);
    const int64_t started_ns = rig_now_ns();
    int64_t took_ns;

    for (size_t i = 0; i < bench->n_boards; i++) {
        must(pthread_create(&threads[i], NULL, signs, &bench->boards[i]) == 0, "pthread_create");
    }
    for (size_t i = 0; i < bench->n_boards; i++) {
        must(pthread_join(threads[i], NULL) == 0, "pthread_join");
    }
    took_ns = rig_now_ns() - started_ns;
    return (struct cost){.wall_ms = (double)took_ns / 1e6 / n,
                         .client_ms = (own_cpu_ms() - client_ms) / n,
                         .server_ms = (server_cpu_ms(bench) - server_ms) / n};
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

/* The ways of a signature, as they are measured side by side. */
enum { FLOOR, SIGN, SIGN_AND_CHECK, N_WAYS };

struct medians {
    double wall_ms[MAX_ROUNDS];
    double ratio[MAX_ROUNDS]; /* to the floor of the same round */
    double client_ms[MAX_ROUNDS];
    double server_ms[MAX_ROUNDS];
};

static void measure(struct bench *bench, size_t n_rounds)
{
    static void *(*const signs[N_WAYS])(void *) = {floor_signs, we_sign, we_sign_and_check};
    static const char *const names[N_WAYS] = {"floor", "sign", "sign+check"};
    static struct medians medians[N_WAYS];

    for (size_t way = 0; way < N_WAYS; way++) {
        (void)run_round(bench, signs[way]);
    }
    for (size_t i = 0; i < n_rounds; i++) {
        struct cost costs[N_WAYS];

        for (size_t k = 0; k < N_WAYS; k++) {
            const size_t way = (i + k) % N_WAYS;

            costs[way] = run_round(bench, signs[way]);
        }
        for (size_t way = 0; way < N_WAYS; way++) {
            medians[way].wall_ms[i] = costs[way].wall_ms;
            medians[way].ratio[i] = costs[way].wall_ms / costs[FLOOR].wall_ms;
            medians[way].client_ms[i] = costs[way].client_ms;
            medians[way].server_ms[i] = costs[way].server_ms;
        }
    }
    for (size_t way = 0; way < N_WAYS; way++) {
        (void)printf("%-10s boards=%zu ms/signature=%.3f ratio=%.3f; processor ms: rig=%.3f "
                     "server=%.3f\n",
                     names[way], bench->n_boards, median(medians[way].wall_ms, n_rounds),
                     median(medians[way].ratio, n_rounds), median(medians[way].client_ms, n_rounds),
                     median(medians[way].server_ms, n_rounds));
    }
}

static size_t number(int argc, char **argv, int at, size_t otherwise, size_t max)
{
    const unsigned long value = at < argc ? strtoul(argv[at], NULL, 10) : otherwise;

    must(value > 0 && value <= max,
         "expected: rig-bench-vault [ROUNDS [SIGNATURES_PER_BOARD [BOARDS]]]");
    return value;
}

int main(int argc, char **argv)
{
    const size_t n_rounds = number(argc, argv, 1, DEFAULT_ROUNDS, MAX_ROUNDS);
    static struct bench bench;
    struct rig_error err;
    const int missing = vault_engine_find(&bench.engine);

    bench.n_signatures = number(argc, argv, 2, DEFAULT_SIGNATURES, 10000);
    bench.n_boards = number(argc, argv, 3, DEFAULT_BOARDS, MAX_BOARDS);
    if (missing != 0) {
        return missing;
    }
    vault_engine_start(&bench.engine);
    bench.ca = vault_engine_open(&bench.engine);
    must(rig_trust_open(rig_buf_text(&bench.ca->root_pem), rig_buf_text(&bench.ca->chain_pem),
                        &bench.trust, &err)
             .ok,
         "the trust");
    floor_prepare(&bench);
    for (size_t i = 0; i < bench.n_boards; i++) {
        board_make(&bench, &bench.boards[i], i);
    }
    measure(&bench, n_rounds);
    for (size_t i = 0; i < bench.n_boards; i++) {
        board_free(&bench.boards[i]);
    }
    rig_trust_close(bench.trust);
    rig_ca_close(bench.ca);
    curl_slist_free_all(bench.headers);
    vault_engine_stop(&bench.engine);
    return 0;
}
