/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/agent/agent.h"

#include "rig/agent/client.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_VERSION 1

#define RETRY_MS 1500
#define QUICK_RETRY_MS 600 /* answers at once: the wire is what takes time */
#define DEAD_MS 6000
#define HELLO_RETRY_MS 400
#define SLOW_RETRY_MS 4000 /* signs, or parses many certificates, without reading meanwhile */
#define SLOW_DEAD_MS 16000
#define PIECE_MIN 48
#define PIECE_STEP 24
#define SLOT_MAX 16384
#define CSR_MAX 16384

rig_result rig_agent_new(struct rig_link *link, struct rig_agent **agent, struct rig_error *err)
{
    struct rig_agent *made = calloc(1, sizeof *made);
    uint16_t start = 0;

    *agent = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    /* so that a late line of a former session is not taken for an answer */
    if (RAND_bytes((unsigned char *)&start, sizeof start) != 1) {
        free(made);
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "no random numbers from OpenSSL");
    }
    made->link = link;
    made->seq = start;
    made->slot_max = SLOT_MAX;
    made->piece_bytes = RIG_AGENT_DATA_MAX;
    *agent = made;
    return RIG_DONE;
}

void rig_agent_free(struct rig_agent *agent)
{
    free(agent);
}

unsigned rig_agent_retransmissions(const struct rig_agent *agent)
{
    return agent->n_retransmissions;
}

/* ---- values of replies ---- */

static rig_result fail_value(const char *what, const char *key, const char *value,
                             struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL, "the reply to '%s' %s %s=%.40s", what,
                    value == NULL ? "lacks" : "has a wrong", key, value == NULL ? "" : value);
}

static rig_result get_text(const struct rig_agent_reply *reply, const char *what, const char *key,
                           char *out, size_t out_size, struct rig_error *err)
{
    const char *value = rig_agent_reply_value(reply, key);

    if (value == NULL) {
        return fail_value(what, key, NULL, err);
    }
    (void)rig_copy_text(out, out_size, value);
    return RIG_DONE;
}

static bool get_flag(const struct rig_agent_reply *reply, const char *key)
{
    const char *value = rig_agent_reply_value(reply, key);

    return value != NULL && strcmp(value, "yes") == 0;
}

/* Whether `word` is one of the comma-separated words of the value. */
static bool has_word(const struct rig_agent_reply *reply, const char *key, const char *word)
{
    const char *at = rig_agent_reply_value(reply, key);
    const size_t len = strlen(word);

    while (at != NULL && *at != '\0') {
        const size_t n = strcspn(at, ",");

        if (n == len && strncmp(at, word, n) == 0) {
            return true;
        }
        at += n + (at[n] == ',');
    }
    return false;
}

static rig_result get_number(const struct rig_agent_reply *reply, const char *what, const char *key,
                             uint64_t max, uint64_t *out, struct rig_error *err)
{
    const char *value = rig_agent_reply_value(reply, key);

    if (value == NULL || !rig_agent_number(value, max, out)) {
        return fail_value(what, key, value, err);
    }
    return RIG_DONE;
}

static rig_result get_hash(const char *what, const char *key, const char *value,
                           uint8_t out[RIG_SHA256_SIZE], struct rig_error *err)
{
    struct rig_error ignored;

    if (value == NULL || !rig_hex_parse(value, out, RIG_SHA256_SIZE, &ignored).ok) {
        return fail_value(what, key, value, err);
    }
    return RIG_DONE;
}

/* A call whose refusal is a failure. */
static rig_result ask(struct rig_agent *agent, const struct rig_agent_call *call,
                      struct rig_agent_reply *reply, struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_agent_call(agent, call, reply, wait, err));
    return reply->refused ? rig_agent_fail_refused(reply, call->what, err) : RIG_DONE;
}

/* For commands whose reply carries nothing. */
static rig_result tell(struct rig_agent *agent, const char *what, const char *command,
                       struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_call call = {
        .what = what, .command = command, .retry_ms = QUICK_RETRY_MS, .dead_ms = DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};

    return ask(agent, &call, &reply, wait, err);
}

/* ---- hello ---- */

static rig_result parse_mac(const char *text, uint8_t mac[RIG_MAC_SIZE], struct rig_error *err)
{
    struct rig_error ignored;
    char digits[2 * RIG_MAC_SIZE + 1] = "";
    size_t n = 0;

    for (size_t i = 0; text != NULL && text[i] != '\0' && n < sizeof digits - 1; i++) {
        if (i % 3 != 2) {
            digits[n++] = text[i];
        }
    }
    if (text == NULL || strlen(text) != 17 ||
        !rig_hex_parse(digits, mac, RIG_MAC_SIZE, &ignored).ok) {
        return fail_value("hello", "mac", text, err);
    }
    return RIG_DONE;
}

static rig_result read_hello(const struct rig_agent_reply *reply, struct rig_agent_hello *hello,
                             struct rig_error *err)
{
    uint64_t number = 0;

    *hello = (struct rig_agent_hello){0};
    RIG_TRY(get_number(reply, "hello", "proto", UINT32_MAX, &number, err));
    hello->protocol = (unsigned)number;
    if (hello->protocol != PROTOCOL_VERSION) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "the board's agent speaks protocol %u, this rig %d: flash a firmware with "
                        "the agent of this rig's version",
                        hello->protocol, PROTOCOL_VERSION);
    }
    RIG_TRY(
        get_text(reply, "hello", "agent", hello->agent_version, sizeof hello->agent_version, err));
    RIG_TRY(get_text(reply, "hello", "chip", hello->chip, sizeof hello->chip, err));
    RIG_TRY(get_text(reply, "hello", "boot", hello->boot, sizeof hello->boot, err));
    RIG_TRY(
        get_text(reply, "hello", "reset", hello->reset_reason, sizeof hello->reset_reason, err));
    RIG_TRY(parse_mac(rig_agent_reply_value(reply, "mac"), hello->mac, err));
    RIG_TRY(get_number(reply, "hello", "slot_max", SIZE_MAX, &number, err));
    hello->slot_bytes = (size_t)number;
    if (rig_agent_reply_value(reply, "mbedtls") != NULL) {
        (void)snprintf(hello->tls_library, sizeof hello->tls_library, "mbedTLS %.32s",
                       rig_agent_reply_value(reply, "mbedtls"));
    }
    hello->secure_boot = get_flag(reply, "secure_boot");
    hello->flash_encryption = get_flag(reply, "flash_encryption");
    hello->jtag_disabled = get_flag(reply, "jtag_disabled");
    hello->download_disabled = get_flag(reply, "download_disabled");
    hello->checks_time = get_flag(reply, "time_checks");
    hello->cert_partition = get_flag(reply, "cert_partition");
    hello->key_partition = get_flag(reply, "key_partition");
    if (rig_agent_reply_value(reply, "update_max") != NULL) { /* firmware of before has none */
        RIG_TRY(get_number(reply, "hello", "update_max", SIZE_MAX, &number, err));
        hello->update_bytes = (size_t)number;
    }
    hello->tls10 = has_word(reply, "tls", "1.0");
    hello->tls11 = has_word(reply, "tls", "1.1");
    hello->tls12 = has_word(reply, "tls", "1.2");
    hello->tls13 = has_word(reply, "tls", "1.3");
    RIG_TRY(rig_agent_read_ciphers(reply, hello, err));
    hello->direct = has_word(reply, "transports", "direct");
    hello->relay = has_word(reply, "transports", "relay");
    hello->session_id = has_word(reply, "sessions", "id");
    hello->session_ticket = has_word(reply, "sessions", "ticket");
    hello->http = get_flag(reply, "http");
    hello->crls = get_flag(reply, "crls");
    for (enum rig_key_type type = RIG_KEY_RSA_2048; type <= RIG_KEY_P521; type++) {
        hello->key_types[type] = has_word(reply, "keys", rig_key_type_name(type));
    }
    return RIG_DONE;
}

rig_result rig_agent_hello(struct rig_agent *agent, struct rig_agent_hello *hello,
                           struct rig_wait wait, struct rig_error *err)
{
    uint8_t random[8];
    char nonce[2 * sizeof random + 1];
    char command[64];
    const struct rig_agent_call call = {.what = "hello",
                                        .command = command,
                                        .retry_ms = HELLO_RETRY_MS,
                                        .dead_ms = DEAD_MS,
                                        .booting = true};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *echoed;
    uint64_t data_max = 0;

    if (RAND_bytes(random, sizeof random) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "no random numbers from OpenSSL");
    }
    rig_hex(random, sizeof random, nonce);
    (void)snprintf(command, sizeof command, "hello nonce=%s", nonce);
    agent->boot[0] = '\0';
    RIG_TRY(ask(agent, &call, &reply, wait, err));
    echoed = rig_agent_reply_value(&reply, "nonce");
    if (echoed == NULL || strcmp(echoed, nonce) != 0) {
        return fail_value("hello", "nonce", echoed, err);
    }
    RIG_TRY(read_hello(&reply, hello, err));
    RIG_TRY(get_number(&reply, "hello", "data_max", SIZE_MAX, &data_max, err));
    if (data_max < PIECE_MIN) {
        return fail_value("hello", "data_max", rig_agent_reply_value(&reply, "data_max"), err);
    }
    if (data_max < agent->piece_bytes) {
        agent->piece_bytes = (size_t)data_max;
    }
    agent->slot_max = hello->slot_bytes;
    agent->has_crls = hello->crls;
    (void)rig_copy_text(agent->boot, sizeof agent->boot, hello->boot);
    return RIG_DONE;
}

/* ---- small commands ---- */

rig_result rig_agent_set_time(struct rig_agent *agent, int64_t unix_ms, struct rig_wait wait,
                              struct rig_error *err)
{
    char command[48];

    (void)snprintf(command, sizeof command, "time unix_ms=%" PRId64, unix_ms);
    return tell(agent, "time", command, wait, err);
}

rig_result rig_agent_log_level(struct rig_agent *agent, unsigned level, struct rig_wait wait,
                               struct rig_error *err)
{
    static const char *const names[] = {"none", "error", "info", "debug"};
    char command[32];

    (void)snprintf(command, sizeof command, "log level=%s", names[level < 4 ? level : 3]);
    return tell(agent, "log", command, wait, err);
}

rig_result rig_agent_reset(struct rig_agent *agent, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_call call = {.what = "reset",
                                        .command = "reset",
                                        .retry_ms = RETRY_MS,
                                        .dead_ms = DEAD_MS,
                                        .restarts = true};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};

    RIG_TRY(ask(agent, &call, &reply, wait, err));
    agent->boot[0] = '\0';
    return RIG_DONE;
}

/* ---- key and CSR ---- */

rig_result rig_agent_keygen(struct rig_agent *agent, enum rig_key_type type,
                            uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_wait wait,
                            struct rig_error *err)
{
    char command[48];
    const struct rig_agent_call call = {.what = "keygen",
                                        .command = command,
                                        .retry_ms = RETRY_MS,
                                        .dead_ms = DEAD_MS,
                                        .long_work = true};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *made;

    (void)snprintf(command, sizeof command, "keygen type=%s replace=yes", rig_key_type_name(type));
    RIG_TRY(ask(agent, &call, &reply, wait, err));
    made = rig_agent_reply_value(&reply, "type");
    if (made == NULL || rig_key_type_of(made) != type) {
        return fail_value("keygen", "type", made, err);
    }
    return get_hash("keygen", "spki_sha256", rig_agent_reply_value(&reply, "spki_sha256"),
                    spki_sha256, err);
}

rig_result rig_agent_key(struct rig_agent *agent, enum rig_key_type *type,
                         uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_wait wait,
                         struct rig_error *err)
{
    const struct rig_agent_call call = {
        .what = "key", .command = "key", .retry_ms = RETRY_MS, .dead_ms = DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *name;

    RIG_TRY(ask(agent, &call, &reply, wait, err));
    name = rig_agent_reply_value(&reply, "type");
    *type = name != NULL ? rig_key_type_of(name) : RIG_KEY_NONE;
    memset(spki_sha256, 0, RIG_SHA256_SIZE);
    if (name != NULL && strcmp(name, "none") == 0) {
        return RIG_DONE;
    }
    if (*type == RIG_KEY_NONE) {
        return fail_value("key", "type", name, err);
    }
    return get_hash("key", "spki_sha256", rig_agent_reply_value(&reply, "spki_sha256"), spki_sha256,
                    err);
}

/* Puts the pieces of the reply together, wherever they came, and checks length and hash. */
static rig_result assemble_csr(const struct rig_agent_reply *reply, struct rig_buf *der,
                               struct rig_error *err)
{
    uint8_t wanted[RIG_SHA256_SIZE];
    uint8_t found[RIG_SHA256_SIZE];
    const size_t start = der->len;
    uint64_t total = 0;
    size_t n_filled = 0;

    RIG_TRY(get_number(reply, "csr", "bytes", CSR_MAX, &total, err));
    RIG_TRY(get_hash("csr", "sha256", rig_agent_frame_value(&reply->end, "sha256"), wanted, err));
    RIG_TRY(rig_buf_reserve(der, (size_t)total, err));
    for (size_t i = 0; i < reply->n_lines; i++) {
        const char *data = rig_agent_frame_value(&reply->lines[i], "data");
        const char *offset_text = rig_agent_frame_value(&reply->lines[i], "offset");
        uint8_t bytes[RIG_AGENT_DATA_MAX];
        uint64_t offset = 0;
        size_t n = 0;

        if (data == NULL || offset_text == NULL || !rig_agent_number(offset_text, total, &offset) ||
            !rig_agent_get_data(data, bytes, &n) || offset + n > total) {
            return fail_value("csr", "data", data, err);
        }
        memcpy(der->data + start + offset, bytes, n);
        n_filled += n;
    }
    if (n_filled == total) {
        (void)SHA256(der->data + start, (size_t)total, found);
    }
    if (total == 0 || n_filled != total || memcmp(found, wanted, sizeof found) != 0) {
        der->data[start] = 0;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the CSR that arrived is not the one the board announced (length or "
                        "SHA-256 differ)");
    }
    der->len += (size_t)total;
    der->data[der->len] = 0;
    return RIG_DONE;
}

rig_result rig_agent_csr(struct rig_agent *agent, const char *common_name, const char *organization,
                         const char *country, struct rig_buf *der, struct rig_wait wait,
                         struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf command = {0};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    struct rig_agent_call call = {
        .what = "csr", .retry_ms = SLOW_RETRY_MS, .dead_ms = SLOW_DEAD_MS};

    RIG_TRY(rig_buf_append_text(&command, "csr", err));
    RIG_TRY(rig_agent_put(&command, "cn", common_name, err));
    if (organization != NULL) {
        RIG_TRY(rig_agent_put(&command, "o", organization, err));
    }
    if (country != NULL) {
        RIG_TRY(rig_agent_put(&command, "c", country, err));
    }
    call.command = rig_buf_text(&command);
    RIG_TRY(ask(agent, &call, &reply, wait, err));
    return assemble_csr(&reply, der, err);
}

/* ---- slot ---- */

static rig_result write_piece(struct rig_agent *agent, const char *what, size_t offset,
                              const uint8_t *bytes, size_t n_bytes, struct rig_wait wait,
                              struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf command = {0};
    const unsigned n_before = agent->n_retransmissions;

    RIG_TRY(rig_buf_printf(&command, err, "%s offset=%zu", what, offset));
    RIG_TRY(rig_agent_put_data(&command, bytes, n_bytes, err));
    RIG_TRY(tell(agent, what, rig_buf_text(&command), wait, err));
    /* short lines have a better chance on a noisy line */
    if (agent->n_retransmissions != n_before) {
        agent->piece_bytes =
            agent->piece_bytes / 2 > PIECE_MIN ? agent->piece_bytes / 2 : PIECE_MIN;
    } else if (agent->piece_bytes + PIECE_STEP <= RIG_AGENT_DATA_MAX &&
               n_bytes == agent->piece_bytes) {
        agent->piece_bytes += PIECE_STEP;
    }
    return RIG_DONE;
}

rig_result rig_agent_write_pieces(struct rig_agent *agent, const char *command,
                                  const uint8_t *bytes, size_t n_bytes, struct rig_wait wait,
                                  struct rig_error *err)
{
    for (size_t at = 0; at < n_bytes;) {
        const size_t left = n_bytes - at;
        const size_t n = left < agent->piece_bytes ? left : agent->piece_bytes;

        RIG_TRY(write_piece(agent, command, at, bytes + at, n, wait, err));
        at += n;
    }
    return RIG_DONE;
}

rig_result rig_agent_slot_load(struct rig_agent *agent, const struct rig_agent_slot *slot,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf content = {0};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const size_t n_chain = slot->chain_pem != NULL ? strlen(slot->chain_pem) : 0;
    const size_t n_roots = slot->roots_pem != NULL ? strlen(slot->roots_pem) : 0;
    const size_t n_crls = slot->crls_pem != NULL ? strlen(slot->crls_pem) : 0;
    uint8_t hash[RIG_SHA256_SIZE];
    char hex[2 * RIG_SHA256_SIZE + 1];
    char command[96];
    const struct rig_agent_call call = {.what = "slot-commit",
                                        .command = command,
                                        .retry_ms = SLOW_RETRY_MS,
                                        .dead_ms = SLOW_DEAD_MS};

    if (n_chain + n_roots + n_crls > agent->slot_max) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "certificates and CRLs of %zu bytes do not fit into the board's slot of "
                        "%zu",
                        n_chain + n_roots + n_crls, agent->slot_max);
    }
    if (n_crls != 0 && !agent->has_crls) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "this firmware was built without CRLs (MBEDTLS_X509_CRL_PARSE_C)");
    }
    RIG_TRY(rig_buf_append(&content, slot->chain_pem, n_chain, err));
    RIG_TRY(rig_buf_append(&content, slot->roots_pem, n_roots, err));
    RIG_TRY(rig_buf_append(&content, slot->crls_pem, n_crls, err));
    (void)snprintf(command, sizeof command, "slot-begin chain=%zu roots=%zu", n_chain, n_roots);
    if (n_crls != 0) {
        (void)snprintf(command + strlen(command), sizeof command - strlen(command), " crls=%zu",
                       n_crls);
    }
    RIG_TRY(tell(agent, "slot-begin", command, wait, err));
    RIG_TRY(rig_agent_write_pieces(agent, "slot-write", content.data, content.len, wait, err));
    (void)SHA256(content.data, content.len, hash);
    rig_hex(hash, sizeof hash, hex);
    (void)snprintf(command, sizeof command, "slot-commit sha256=%s", hex);
    return ask(agent, &call, &reply, wait, err);
}

rig_result rig_agent_slot_clear(struct rig_agent *agent, struct rig_wait wait,
                                struct rig_error *err)
{
    return tell(agent, "slot-clear", "slot-clear", wait, err);
}

/* ---- certificates ---- */

static rig_result read_certificate(const struct rig_agent_frame *line,
                                   struct rig_agent_certificates *state, struct rig_error *err)
{
    const char *part = rig_agent_frame_value(line, "part");
    const char *index_text = rig_agent_frame_value(line, "index");
    const char *hash = rig_agent_frame_value(line, "sha256");
    uint64_t index = 0;

    if (part == NULL) {
        return RIG_DONE; /* the state of the source */
    }
    if (index_text == NULL || !rig_agent_number(index_text, UINT32_MAX, &index)) {
        return fail_value("certs", "index", index_text, err);
    }
    if (strcmp(part, "chain") == 0) {
        return index == 0 ? get_hash("certs", "sha256", hash, state->leaf_sha256, err) : RIG_DONE;
    }
    if (index < sizeof state->roots_sha256 / sizeof *state->roots_sha256) {
        return get_hash("certs", "sha256", hash, state->roots_sha256[index], err);
    }
    return RIG_DONE;
}

rig_result rig_agent_certificates(struct rig_agent *agent, enum rig_agent_source source,
                                  struct rig_agent_certificates *state, struct rig_wait wait,
                                  struct rig_error *err)
{
    const char *const command =
        source == RIG_AGENT_SLOT ? "certs source=slot" : "certs source=flash";
    const struct rig_agent_call call = {
        .what = "certs", .command = command, .retry_ms = SLOW_RETRY_MS, .dead_ms = SLOW_DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *word;
    const char *match;
    uint64_t number = 0;

    *state = (struct rig_agent_certificates){0};
    RIG_TRY(ask(agent, &call, &reply, wait, err));
    word = rig_agent_reply_value(&reply, "state");
    if (word == NULL) {
        return fail_value("certs", "state", NULL, err);
    }
    if (strcmp(word, "none") == 0) {
        return RIG_DONE;
    }
    if (strcmp(word, "ok") != 0) {
        const char *code = rig_agent_reply_value(&reply, "mbedtls");

        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the board can't read the certificates in its %s: %s (mbedTLS %s)",
                        source == RIG_AGENT_SLOT ? "slot" : "flash", word,
                        code != NULL ? code : "0");
    }
    RIG_TRY(get_number(&reply, "certs", "chain", 1000, &number, err));
    state->n_chain = (unsigned)number;
    RIG_TRY(get_number(&reply, "certs", "roots", 1000, &number, err));
    state->n_roots = (unsigned)number;
    state->present = state->n_chain + state->n_roots != 0;
    match = rig_agent_reply_value(&reply, "match");
    state->matches_key = match != NULL && strcmp(match, "yes") == 0;
    for (size_t i = 0; i < reply.n_lines; i++) {
        RIG_TRY(read_certificate(&reply.lines[i], state, err));
    }
    return RIG_DONE;
}
