/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/profile/nginx_log.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static void unref(json_t **object)
{
    json_decref(*object);
}

/* ---- the access log ---- */

static void take(const json_t *object, const char *key, char *out, size_t out_size)
{
    const char *value = json_string_value(json_object_get(object, key));

    if (value != NULL) {
        (void)rig_copy_text(out, out_size, value);
    }
}

/* Digits and no more, up to `max`; false for anything else. */
static bool number_of(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= max;
}

static bool take_number(const json_t *object, const char *key, uint64_t max, uint64_t *out)
{
    return number_of(json_string_value(json_object_get(object, key)), max, out);
}

static void take_certificate(const json_t *object, struct rig_nginx_line *line)
{
    const char *pem = json_string_value(json_object_get(object, "certificate"));
    size_t n_pem = pem != NULL ? strlen(pem) : 0;
    unsigned n_hash = RIG_SHA256_SIZE;
    BIO *bio = n_pem != 0 && n_pem <= INT_MAX ? BIO_new_mem_buf(pem, (int)n_pem) : NULL;
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    line->presented =
        certificate != NULL && X509_digest(certificate, EVP_sha256(), line->sha256, &n_hash) == 1;
    X509_free(certificate);
    (void)BIO_free(bio);
    ERR_clear_error();
}

static void parse_access(const char *text, size_t n_text, struct rig_nginx_line *line)
{
    RIG_AUTO(unref) json_t *object = json_loadb(text, n_text, JSON_REJECT_DUPLICATES, NULL);
    const json_int_t generation = json_integer_value(json_object_get(object, "rig"));
    uint64_t status = 0;
    char reused[4] = "";

    if (generation <= 0 || generation > INT_MAX ||
        !take_number(object, "connection", UINT64_MAX, &line->connection) ||
        !take_number(object, "status", 999, &status)) {
        return;
    }
    line->kind = RIG_NGINX_ACCESS;
    line->generation = (unsigned)generation;
    line->status = (unsigned)status;
    take(object, "nonce", line->nonce, sizeof line->nonce);
    take(object, "verify", line->verify, sizeof line->verify);
    take(object, "protocol", line->protocol, sizeof line->protocol);
    take(object, "cipher", line->cipher, sizeof line->cipher);
    take(object, "sni", line->sni, sizeof line->sni);
    take(object, "subject", line->subject, sizeof line->subject);
    take(object, "reused", reused, sizeof reused);
    line->resumed = strcmp(reused, "r") == 0;
    take_certificate(object, line);
}

/* ---- the error log: "2026/11/22 00:18:56 [info] 3610#3610: *1 words" ---- */

struct words {
    const char *text; /* NUL-terminated */
    char level[12];
    const char *message;
};

static bool split(const char *text, struct words *words, uint64_t *connection)
{
    const char *level = strstr(text, " [");
    const char *level_end = level != NULL ? strstr(level, "] ") : NULL;
    const char *message = level_end != NULL ? strstr(level_end, ": ") : NULL;
    char *end = NULL;

    if (message == NULL || (size_t)(level_end - level - 2) >= sizeof words->level) {
        return false;
    }
    memcpy(words->level, level + 2, (size_t)(level_end - level - 2));
    words->level[level_end - level - 2] = '\0';
    words->message = message + 2;
    if (words->message[0] == '*' && words->message[1] >= '0' && words->message[1] <= '9') {
        errno = 0;
        *connection = strtoull(words->message + 1, &end, 10);
        words->message = *end == ' ' ? end + 1 : end;
        return errno == 0;
    }
    return true;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool number_behind(const char *message, const char *words, long max, long *out)
{
    const char *at = strstr(message, words);
    char *end = NULL;

    if (at == NULL) {
        return false;
    }
    at += strlen(words);
    errno = 0;
    *out = strtol(at, &end, 10);
    return end != at && errno == 0 && *out >= 0 && *out <= max;
}

static enum rig_nginx_line_kind kind_of(const struct words *words, struct rig_nginx_line *line)
{
    const char *message = words->message;
    long number = 0;

    if (strcmp(words->level, "emerg") == 0) {
        return RIG_NGINX_EMERGENCY;
    }
    if (begins(message, "start worker process ") &&
        number_behind(message, "start worker process ", INT_MAX, &line->pid)) {
        return RIG_NGINX_WORKER_STARTED;
    }
    if (begins(message, "worker process ") && strstr(message, " exited ") != NULL &&
        number_behind(message, "worker process ", INT_MAX, &line->pid)) {
        return RIG_NGINX_WORKER_EXITED;
    }
    if (line->connection == 0) {
        return RIG_NGINX_OTHER;
    }
    if (begins(message, "client SSL certificate verify error: ")) {
        if (number_behind(message, "verify error: (", INT_MAX, &number)) {
            line->verify_error = (int)number;
        }
        return RIG_NGINX_VERIFY_ERROR;
    }
    if (number_behind(message, "SSL alert number ", 255, &number)) {
        line->alert_received = (int)number;
    }
    if (strstr(message, "in SSL handshake") != NULL ||
        strstr(message, "SSL_do_handshake()") != NULL ||
        strstr(message, "while SSL handshaking") != NULL ||
        strstr(message, "while waiting for request") != NULL) {
        return RIG_NGINX_TLS_FAILED;
    }
    return RIG_NGINX_OTHER;
}

static void parse_error(const char *text, struct rig_nginx_line *line)
{
    struct words words = {.text = text};

    if (!split(text, &words, &line->connection)) {
        return;
    }
    line->kind = kind_of(&words, line);
    (void)rig_copy_text(line->text, sizeof line->text, words.message);
}

void rig_nginx_parse_line(const char *text, size_t n_text, struct rig_nginx_line *line)
{
    RIG_AUTO(rig_free_chars) char *copy = NULL;

    *line = (struct rig_nginx_line){.alert_received = -1};
    if (n_text != 0 && text[0] == '{') {
        parse_access(text, n_text, line);
        return;
    }
    copy = memchr(text, '\0', n_text) == NULL ? calloc(1, n_text + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, text, n_text);
        parse_error(copy, line);
    }
}
