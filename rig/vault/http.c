/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/internal.h"

#include "rig/vault/target.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ANSWER_BYTES ((size_t)32 << 20)
#define MAX_HEADER_BYTES ((size_t)256 << 10)
#define MAX_IDLE_LINES 128
#define MAX_REDIRECTS 2
#define WHAT_SIZE 256

/* A line keeps its connection between exchanges; one exchange at a time. */
struct line {
    CURLM *multi;
    CURL *easy;
    struct line *next;
};

struct rig_vault_http {
    struct rig_vault_target target;
    char *ca_file;
    char *ca_folder;
    char *tls_server_name;
    char *client_certificate_file;
    char *client_key_file;
    bool skip_verify;
    pthread_mutex_t lock; /* guards idle, n_idle */
    struct line *idle;    /* the last used first, so that few connections stay warm */
    size_t n_idle;
};

/* What the callbacks of one transfer need. */
struct transfer {
    struct rig_vault_exchange *exchange;
    size_t body_at;
    size_t header_bytes;
    bool too_big;
    bool head_ended; /* libcurl takes a head that is cut for a whole one without a body */
    struct rig_error memory_error;
    char reason[CURL_ERROR_SIZE];
    char location[1024];
};

void rig_vault_exchange_free(struct rig_vault_exchange *exchange)
{
    exchange->answer.secret = true;
    rig_buf_free(&exchange->answer);
}

/* ---- the pool ---- */

static void free_line(struct line *line)
{
    if (line->easy != NULL) {
        curl_easy_cleanup(line->easy);
    }
    if (line->multi != NULL) {
        (void)curl_multi_cleanup(line->multi);
    }
    free(line);
}

/* NULL: no memory. */
static struct line *take_line(struct rig_vault_http *http)
{
    struct line *line;

    (void)pthread_mutex_lock(&http->lock);
    line = http->idle;
    if (line != NULL) {
        http->idle = line->next;
        http->n_idle--;
    }
    (void)pthread_mutex_unlock(&http->lock);
    if (line != NULL) {
        return line;
    }
    line = calloc(1, sizeof *line);
    if (line == NULL) {
        return NULL;
    }
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (line->multi == NULL || line->easy == NULL) {
        free_line(line);
        return NULL;
    }
    return line;
}

static void give_line(struct rig_vault_http *http, struct line *line)
{
    bool kept;

    curl_easy_reset(line->easy);
    (void)pthread_mutex_lock(&http->lock);
    kept = http->n_idle < MAX_IDLE_LINES;
    if (kept) {
        line->next = http->idle;
        http->idle = line;
        http->n_idle++;
    }
    (void)pthread_mutex_unlock(&http->lock);
    if (!kept) {
        free_line(line);
    }
}

/* ---- open and close ---- */

static rig_result fill(struct rig_vault_http *http, const struct rig_vault_http_options *options,
                       struct rig_error *err)
{
    RIG_TRY(rig_vault_target_parse(options->address, options->tls_server_name, &http->target, err));
    RIG_TRY(rig_dup_text(&http->ca_file, options->ca_file, err));
    RIG_TRY(rig_dup_text(&http->ca_folder, options->ca_folder, err));
    RIG_TRY(rig_dup_text(&http->tls_server_name, options->tls_server_name, err));
    RIG_TRY(rig_dup_text(&http->client_certificate_file, options->client_certificate_file, err));
    RIG_TRY(rig_dup_text(&http->client_key_file, options->client_key_file, err));
    http->skip_verify = options->skip_verify;
    return RIG_DONE;
}

rig_result rig_vault_http_open(const struct rig_vault_http_options *options,
                               struct rig_vault_http **out, struct rig_error *err)
{
    struct rig_vault_http *http;
    rig_result result;

    RIG_TRY(rig_vault_memory_init(err));
    http = calloc(1, sizeof *http);
    if (http == NULL) {
        return rig_fail_memory(err);
    }
    (void)pthread_mutex_init(&http->lock, NULL);
    result = fill(http, options, err);
    if (!result.ok) {
        rig_vault_http_close(http);
        return result;
    }
    *out = http;
    return RIG_DONE;
}

void rig_vault_http_close(struct rig_vault_http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->idle != NULL) {
        struct line *line = http->idle;

        http->idle = line->next;
        free_line(line);
    }
    (void)pthread_mutex_destroy(&http->lock);
    rig_vault_target_free(&http->target);
    free(http->ca_file);
    free(http->ca_folder);
    free(http->tls_server_name);
    free(http->client_certificate_file);
    free(http->client_key_file);
    free(http);
}

const char *rig_vault_http_address(const struct rig_vault_http *http)
{
    return http->target.address;
}

/* ---- callbacks ---- */

static size_t on_answer(char *bytes, size_t one, size_t n_bytes, void *ctx)
{
    struct transfer *transfer = ctx;
    struct rig_buf *answer = &transfer->exchange->answer;

    (void)one;
    if (answer->len + n_bytes > MAX_ANSWER_BYTES) {
        transfer->too_big = true;
        return 0;
    }
    return rig_buf_append(answer, bytes, n_bytes, &transfer->memory_error).ok ? n_bytes : 0;
}

static size_t on_header(char *bytes, size_t one, size_t n_bytes, void *ctx)
{
    static const char name[] = "location:";
    struct transfer *transfer = ctx;
    const size_t name_len = sizeof name - 1;

    (void)one;
    transfer->header_bytes += n_bytes;
    if (transfer->header_bytes > MAX_HEADER_BYTES) {
        transfer->too_big = true;
        return 0;
    }
    transfer->head_ended = n_bytes <= 2 && (bytes[0] == '\r' || bytes[0] == '\n');
    if (n_bytes > name_len && strncasecmp(bytes, name, name_len) == 0) {
        size_t from = name_len;
        size_t to = n_bytes;

        while (from < to && (bytes[from] == ' ' || bytes[from] == '\t')) {
            from++;
        }
        while (to > from && (unsigned char)bytes[to - 1] <= ' ') {
            to--;
        }
        if (to - from < sizeof transfer->location) {
            memcpy(transfer->location, bytes + from, to - from);
            transfer->location[to - from] = '\0';
        }
    }
    return n_bytes;
}

static size_t on_body(char *to, size_t one, size_t room, void *ctx)
{
    struct transfer *transfer = ctx;
    const size_t left = transfer->exchange->body_len - transfer->body_at;
    const size_t n_bytes = left < room ? left : room;

    (void)one;
    memcpy(to, (const char *)transfer->exchange->body + transfer->body_at, n_bytes);
    transfer->body_at += n_bytes;
    return n_bytes;
}

/* libcurl rewinds the body to send it again, unasked, when a kept connection dies before the first
 * byte of an answer. What may not be executed twice fails here instead. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct transfer *transfer = ctx;

    if (!transfer->exchange->repeatable || origin != SEEK_SET || offset != 0) {
        return CURL_SEEKFUNC_FAIL;
    }
    transfer->body_at = 0;
    return CURL_SEEKFUNC_OK;
}

/* ---- one transfer ---- */

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {.secret = true};
    struct rig_error ignored;
    struct curl_slist *longer = NULL;

    if (rig_buf_printf(&text, &ignored, "%s%s", name, value).ok) {
        longer = curl_slist_append(*headers, rig_buf_text(&text));
    }
    if (longer != NULL) {
        *headers = longer;
    }
    return longer != NULL;
}

static bool make_headers(const struct rig_vault_target *target,
                         const struct rig_vault_exchange *exchange, struct curl_slist **headers)
{
    /* curl_slist_free_all gives the token's copy to the clearing free of memory.c */
    return add_header(headers, "X-Vault-Request: ", "true") && add_header(headers, "Expect:", "") &&
           (target->host == NULL || add_header(headers, target->host, "")) &&
           (exchange->token == NULL || add_header(headers, "X-Vault-Token: ", exchange->token)) &&
           (exchange->namespace_path == NULL ||
            add_header(headers, "X-Vault-Namespace: ", exchange->namespace_path)) &&
           (exchange->body == NULL ||
            add_header(headers, "Content-Type: ", exchange->content_type));
}

static CURLcode set_tls(CURL *easy, const struct rig_vault_http *http)
{
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

    if (rc == CURLE_OK && http->skip_verify) {
        rc = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (rc == CURLE_OK && (http->ca_file != NULL || http->ca_folder != NULL)) {
        /* both, also to NULL: else the system's store is trusted beside the one that was named */
        rc = curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_CAPATH, http->ca_folder);
    }
    if (rc == CURLE_OK && http->client_certificate_file != NULL) {
        rc = curl_easy_setopt(easy, CURLOPT_SSLCERT, http->client_certificate_file);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_SSLKEY, http->client_key_file);
        /* an encrypted key must fail, not ask on the terminal */
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    }
    return rc;
}

static CURLcode set_method(CURL *easy, struct transfer *transfer)
{
    const struct rig_vault_exchange *exchange = transfer->exchange;
    CURLcode rc;

    if (exchange->body == NULL) {
        rc = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        rc = curl_easy_setopt(easy, CURLOPT_POST, 1L);
        rc = rc != CURLE_OK ? rc
                            : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                               (curl_off_t)exchange->body_len);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
        rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    }
    if (rc == CURLE_OK && strcmp(exchange->method, exchange->body != NULL ? "POST" : "GET") != 0) {
        rc = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->method);
    }
    return rc;
}

static CURLcode set_up(CURL *easy, const struct rig_vault_http *http,
                       const struct rig_vault_target *target, const char *url,
                       struct curl_slist *headers, struct curl_slist *connect_to,
                       struct transfer *transfer)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_NOPROGRESS, 1},
        {CURLOPT_PATH_AS_IS, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_QUICK_EXIT, 1}, /* no waiting for a name server that does not answer */
        {CURLOPT_CONNECTTIMEOUT_MS, 1L << 30},
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    };
    CURLcode rc = CURLE_OK;

    for (size_t i = 0; rc == CURLE_OK && i < sizeof numbers / sizeof *numbers; i++) {
        rc = curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
    }
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_URL, url);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (rc == CURLE_OK && !target->encrypted) {
        rc = curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* the token is in the clear */
    }
    rc = rc != CURLE_OK ? rc : set_tls(easy, http);
    return rc != CURLE_OK ? rc : set_method(easy, transfer);
}

/* Until the transfer is done, the wait over or the user says stop. */
static rig_result drive(struct line *line, struct rig_wait wait, CURLcode *outcome,
                        struct rig_error *err)
{
    for (;;) {
        struct curl_waitfd cancel = {.fd = -1, .events = CURL_WAIT_POLLIN};
        int n_running = 0;
        int n_left = 0;
        CURLMcode rc = curl_multi_perform(line->multi, &n_running);
        const CURLMsg *message;
        int64_t left_ms;

        if (rc != CURLM_OK) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "libcurl: %s",
                            curl_multi_strerror(rc));
        }
        message = curl_multi_info_read(line->multi, &n_left);
        if (message != NULL && message->msg == CURLMSG_DONE) {
            *outcome = message->data.result;
            return RIG_DONE;
        }
        if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
            return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                            "cancelled while waiting for an answer");
        }
        left_ms = rig_wait_left_ms(wait);
        if (left_ms == 0) {
            return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "no answer in time");
        }
        cancel.fd = wait.cancel != NULL ? wait.cancel->event_fd : -1;
        rc = curl_multi_poll(line->multi, &cancel, wait.cancel != NULL ? 1 : 0,
                             left_ms < 60000 ? (int)left_ms : 60000, NULL);
        if (rc != CURLM_OK) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "libcurl: %s",
                            curl_multi_strerror(rc));
        }
    }
}

static void note_outcome(CURL *easy, struct rig_vault_exchange *exchange)
{
    const char *content_type = NULL;
    curl_off_t retry_after_s = 0;
    curl_off_t total_us = 0;
    curl_off_t before_us = 0;
    long request_bytes = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &exchange->status);
    (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);
    (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    (void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &before_us);
    (void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    (void)rig_copy_text(exchange->content_type_in, sizeof exchange->content_type_in,
                        content_type != NULL ? content_type : "");
    exchange->retry_after_ms = retry_after_s < 3600 ? retry_after_s * 1000 : 3600 * 1000;
    exchange->sent = exchange->sent || request_bytes > 0;
    exchange->server_ns = (total_us - before_us) * 1000;
}

/* What libcurl's failure is, in the words of the table. */
static enum rig_vault_fault fault_of(CURLcode code, const char *reason)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return RIG_VAULT_FAULT_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return RIG_VAULT_FAULT_SLOW;
    case CURLE_SSL_CONNECT_ERROR:
        return strstr(reason, "SYSCALL") != NULL ? RIG_VAULT_FAULT_CUT : RIG_VAULT_FAULT_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
        return RIG_VAULT_FAULT_TLS;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
        return RIG_VAULT_FAULT_NOT_VAULT;
    case CURLE_RECV_ERROR: /* TLS 1.3 tells a client that its certificate is refused so */
        return strstr(reason, "alert") != NULL ? RIG_VAULT_FAULT_TLS : RIG_VAULT_FAULT_CUT;
    default:
        return RIG_VAULT_FAULT_CUT;
    }
}

/* Where libcurl's or OpenSSL's own words, or the table's remedy, would lead astray. */
static const struct {
    CURLcode code;
    const char *part;
    const char *words;
    const char *remedy; /* NULL: the table's */
} explanations[] = {
    {CURLE_SEND_FAIL_REWIND, "",
     "the connection ended before an answer came, and this request must not be sent twice", NULL},
    {CURLE_SSL_CONNECT_ERROR, "wrong version number", "it speaks no TLS but, it seems, plain HTTP",
     "look at the port of the address and at tls_disable of the server's listener"},
};

static rig_result fail_explained(CURLcode code, enum rig_vault_fault fault, const char *what,
                                 const char *reason, struct rig_error *err)
{
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        if (explanations[i].code == code && strstr(reason, explanations[i].part) != NULL) {
            return rig_vault_fail(err, fault, what, explanations[i].words, explanations[i].remedy);
        }
    }
    return rig_vault_fail(err, fault, what, reason, NULL);
}

static rig_result judge(CURLcode code, struct transfer *transfer, const char *what,
                        struct rig_error *err)
{
    struct rig_vault_exchange *exchange = transfer->exchange;
    const char *reason = transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code);

    exchange->fault = RIG_VAULT_FAULT_NONE;
    if (code == CURLE_OK && transfer->head_ended) {
        return RIG_DONE;
    }
    if (code == CURLE_OK) {
        exchange->fault = RIG_VAULT_FAULT_CUT;
        return rig_vault_fail(err, exchange->fault, what, "its headers have no end", NULL);
    }
    if (code == CURLE_WRITE_ERROR && transfer->too_big) {
        exchange->fault = RIG_VAULT_FAULT_TOO_BIG;
        return rig_vault_fail(err, exchange->fault, what, "", NULL);
    }
    if (code == CURLE_OUT_OF_MEMORY || code == CURLE_WRITE_ERROR) {
        return rig_fail_memory(err);
    }
    exchange->fault = fault_of(code, reason);
    return fail_explained(code, exchange->fault, what, reason, err);
}

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static rig_result transfer_once(struct rig_vault_http *http, const struct rig_vault_target *target,
                                struct transfer *transfer, const char *what, struct rig_wait wait,
                                struct rig_error *err)
{
    struct rig_vault_exchange *exchange = transfer->exchange;
    RIG_AUTO(free_list) struct curl_slist *headers = NULL;
    RIG_AUTO(free_list) struct curl_slist *connect_to = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf url = {0};
    struct line *line = NULL;
    CURLcode code = CURLE_OK;
    rig_result result;

    RIG_TRY(rig_buf_printf(&url, err, "%s%s", target->base, exchange->path));
    if (!make_headers(target, exchange, &headers)) {
        return rig_fail_memory(err);
    }
    if (target->connect_to != NULL) {
        connect_to = curl_slist_append(NULL, target->connect_to);
        if (connect_to == NULL) {
            return rig_fail_memory(err);
        }
    }
    line = take_line(http);
    if (line == NULL) {
        return rig_fail_memory(err);
    }
    code = set_up(line->easy, http, target, rig_buf_text(&url), headers, connect_to, transfer);
    if (code != CURLE_OK || curl_multi_add_handle(line->multi, line->easy) != CURLM_OK) {
        give_line(http, line);
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "libcurl: %s", curl_easy_strerror(code));
    }
    result = drive(line, wait, &code, err);
    note_outcome(line->easy, exchange);
    (void)curl_multi_remove_handle(line->multi, line->easy);
    give_line(http, line);
    if (!result.ok) {
        if (err->code == RIG_E_TIMEOUT) {
            exchange->fault = RIG_VAULT_FAULT_SLOW;
            return rig_vault_fail(err, exchange->fault, what, "", NULL);
        }
        return rig_wrap(err, "%s", what);
    }
    return judge(code, transfer, what, err);
}

static void reset(struct rig_vault_exchange *exchange)
{
    exchange->answer.secret = true;
    rig_buf_reset(&exchange->answer);
    exchange->status = 0;
    exchange->fault = RIG_VAULT_FAULT_NONE;
}

/* "POST pki/sign/device at https://ca.example:8200", for messages: without the query. */
static void name_it(const struct rig_vault_exchange *exchange,
                    const struct rig_vault_target *target, char what[WHAT_SIZE])
{
    const char *path = exchange->path + strlen("/v1/");
    const size_t len = strcspn(path, "?");

    (void)snprintf(what, WHAT_SIZE, "%s %.*s at %.100s", exchange->method,
                   len < 120 ? (int)len : 120, path, target->address);
}

rig_result rig_vault_exchange(struct rig_vault_http *http, struct rig_vault_exchange *exchange,
                              struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_target_free) struct rig_vault_target active = {0};
    const struct rig_vault_target *target = &http->target;
    char what[WHAT_SIZE];

    exchange->sent = false;
    for (unsigned hop = 0;; hop++) {
        struct transfer transfer = {.exchange = exchange};
        struct rig_vault_target next = {0};

        reset(exchange);
        name_it(exchange, target, what);
        RIG_TRY(transfer_once(http, target, &transfer, what, wait, err));
        if (exchange->status != 307 && exchange->status != 308) {
            return RIG_DONE;
        }
        exchange->sent = false; /* a redirect executed nothing */
        if (hop == MAX_REDIRECTS) {
            exchange->fault = RIG_VAULT_FAULT_STANDBY;
            return rig_vault_fail(err, exchange->fault, what, "its nodes point at each other",
                                  NULL);
        }
        if (!rig_vault_target_redirect(target, exchange->path, transfer.location,
                                       http->tls_server_name, !http->skip_verify, &next, err)
                 .ok) {
            exchange->fault = RIG_VAULT_FAULT_NOT_VAULT;
            return rig_vault_fail(err, exchange->fault, what, err->text, NULL);
        }
        rig_vault_target_free(&active);
        active = next;
        target = &active;
    }
}
