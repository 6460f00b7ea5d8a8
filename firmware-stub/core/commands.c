/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <string.h>

static const char *const key_type_names[AGENT_KEY_TYPES] = {"none",  "rsa-2048", "rsa-3072",
                                                            "p-256", "p-384",    "p-521"};

const char *agent_key_type_name(enum agent_key_type type)
{
    return type > AGENT_KEY_NONE && type < AGENT_KEY_TYPES ? key_type_names[type] : "none";
}

static void data_line(struct agent *agent)
{
    agent_frame(agent, agent->seq, "=");
}

static void done(struct agent *agent)
{
    agent_command_ok(agent);
    agent_reply_ok(agent);
}

static void refuse(struct agent *agent, const char *code, const char *text)
{
    struct agent_failure why = {code, text, 0};

    agent_reply_err(agent, &why);
}

static const char *value_or(const struct agent_request *request, const char *key,
                            const char *fallback)
{
    const char *value = agent_value(request, key);

    return value != NULL ? value : fallback;
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

/* ---- hello, ping, time ---- */

#define CIPHERS_PER_LINE 80u /* of five characters each */

/* conf NULL: it is not known how handshakes are configured. */
static void put_tls_list(struct agent *agent, const mbedtls_ssl_config *conf)
{
    char list[24] = "";

    for (unsigned minor = 0; minor < 4; minor++) {
        size_t size = strlen(list);
        if (conf != NULL ? agent_offers_version(conf, minor) : agent_tls_supported(minor)) {
            if (size > 0) {
                list[size++] = ',';
            }
            (void)agent_copy_text(list + size, sizeof list - size, agent_tls_names[minor]);
        }
    }
    agent_put(agent, "tls", list);
}

static void put_mac(struct agent *agent, const uint8_t mac[6])
{
    char text[18];

    for (size_t i = 0; i < 6; i++) {
        agent_hex(text + 3 * i, mac + i, 1);
        text[3 * i + 2] = i < 5 ? ':' : '\0';
    }
    agent_put(agent, "mac", text);
}

static void hello_identity(struct agent *agent, const struct agent_chip *chip, const char *nonce)
{
    char version[18];
    uint8_t boot[4] = {(uint8_t)(agent->boot_id >> 24), (uint8_t)(agent->boot_id >> 16),
                       (uint8_t)(agent->boot_id >> 8), (uint8_t)agent->boot_id};

    mbedtls_version_get_string(version);
    data_line(agent);
    agent_put_number(agent, "proto", AGENT_PROTOCOL_VERSION);
    agent_put(agent, "agent", AGENT_VERSION);
    agent_put(agent, "mbedtls", version);
    agent_put(agent, "chip", chip->name[0] != '\0' ? chip->name : "unknown");
    put_mac(agent, chip->mac);
    agent_put(agent, "reset", chip->reset_reason[0] != '\0' ? chip->reset_reason : "unknown");
    agent_put_hash(agent, "boot", boot, sizeof boot);
    agent_put(agent, "nonce", nonce);
    agent_reply(agent);
}

static void hello_flags(struct agent *agent, const struct agent_chip *chip)
{
#if defined(MBEDTLS_HAVE_TIME_DATE)
    bool time_checks = true;
#else
    bool time_checks = false;
#endif

    data_line(agent);
    agent_put(agent, "secure_boot", yes_no((chip->flags & AGENT_CHIP_SECURE_BOOT) != 0));
    agent_put(agent, "flash_encryption", yes_no((chip->flags & AGENT_CHIP_FLASH_ENCRYPTION) != 0));
    agent_put(agent, "jtag_disabled", yes_no((chip->flags & AGENT_CHIP_JTAG_DISABLED) != 0));
    agent_put(agent, "download_disabled",
              yes_no((chip->flags & AGENT_CHIP_DOWNLOAD_DISABLED) != 0));
    agent_put(agent, "time_checks", yes_no(time_checks));
    agent_put(agent, "clock_set", yes_no(agent->clock_set));
    agent_put_number(agent, "uptime_ms", agent_now_ms(agent));
    agent_reply(agent);
}

static bool has_partition(const struct agent *agent, uint8_t type, const char *label)
{
    struct agent_partition part;

    return agent->port->partition_find(agent->port->ctx, type, label, &part) == 0;
}

static void hello_limits(struct agent *agent, const mbedtls_ssl_config *conf)
{
    data_line(agent);
    agent_put_number(agent, "line_max", AGENT_LINE_MAX_BYTES);
    agent_put_number(agent, "data_max", AGENT_DATA_MAX_BYTES);
    agent_put_number(agent, "slot_max", AGENT_SLOT_MAX_BYTES);
    agent_put_number(agent, "chain_max", AGENT_CHAIN_MAX);
    put_tls_list(agent, conf);
    agent_put(agent, "transports", agent->port->net_connect != NULL ? "direct,relay" : "relay");
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    agent_put(agent, "sessions", "id,ticket");
#else
    agent_put(agent, "sessions", "id");
#endif
#if defined(MBEDTLS_X509_CRL_PARSE_C)
    agent_put(agent, "crls", "yes");
#else
    agent_put(agent, "crls", "no");
#endif
    agent_put(agent, "http", "yes");
    agent_reply(agent);

    data_line(agent);
    agent_put(agent, "keys", "rsa-2048,rsa-3072,p-256,p-384,p-521");
    agent_put(agent, "cert_partition",
              yes_no(has_partition(agent, AGENT_CERT_PARTITION_TYPE, AGENT_CERT_LABEL)));
    agent_put(agent, "key_partition",
              yes_no(has_partition(agent, AGENT_KEY_PARTITION_TYPE, AGENT_KEY_LABEL)));
    agent_put_number(agent, "update_max", agent_update_max_bytes(agent));
    agent_reply(agent);
}

static void hello_ciphers(struct agent *agent, const mbedtls_ssl_config *conf)
{
    struct agent_offers_at at = {0};
    char list[5 * CIPHERS_PER_LINE];
    uint16_t number = 0;
    size_t size = 0;
    bool more = agent_offers_next(conf, &at, &number);

    while (more) {
        uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
        agent_hex(list + size, bytes, sizeof bytes);
        size += 5;
        list[size - 1] = ',';
        more = agent_offers_next(conf, &at, &number);
        if (!more || size == sizeof list) {
            list[size - 1] = '\0';
            data_line(agent);
            agent_put(agent, "ciphers", list);
            agent_reply(agent);
            size = 0;
        }
    }
}

static void hello_tls(struct agent *agent)
{
    mbedtls_ssl_config conf;
    bool known = false;

    mbedtls_ssl_config_init(&conf);
    known = agent_offers_configure(agent, &conf) == 0;
    hello_limits(agent, known ? &conf : NULL);
    if (known) {
        hello_ciphers(agent, &conf);
    }
    mbedtls_ssl_config_free(&conf);
}

static void run_hello(struct agent *agent, const struct agent_request *request)
{
    struct agent_chip chip = {{0}, {0}, {0}, 0};
    const char *nonce = value_or(request, "nonce", "");

    if (strlen(nonce) > 64) {
        agent_command_bad_value(agent, "nonce= has at most 64 characters");
        return;
    }
    if (agent->port->chip_info(agent->port->ctx, &chip) != 0) {
        memset(&chip, 0, sizeof chip);
    }
    hello_identity(agent, &chip, nonce);
    hello_flags(agent, &chip);
    hello_tls(agent);
    done(agent);
}

static void run_ping(struct agent *agent, const struct agent_request *request)
{
    const char *text = value_or(request, "text", "");

    if (strlen(text) > 128) {
        agent_command_bad_value(agent, "text= has at most 128 characters");
        return;
    }
    agent_command_ok(agent);
    agent_put(agent, "text", text);
    agent_reply_ok(agent);
}

static void run_time(struct agent *agent, const struct agent_request *request)
{
    int64_t unix_ms = 0;

    if (!agent_parse_i64(agent_value(request, "unix_ms"), &unix_ms) || unix_ms < 0) {
        agent_command_bad_value(agent, "unix_ms= is milliseconds since 1970, decimal");
        return;
    }
    if (agent->port->set_time(agent->port->ctx, unix_ms) != 0) {
        refuse(agent, "unsupported", "the board could not set its clock");
        return;
    }
    agent->clock_set = true;
    agent_command_ok(agent);
    agent_put_number(agent, "unix_ms", (uint64_t)unix_ms);
    agent_reply_ok(agent);
}

/* ---- key, csr ---- */

static bool is_yes(struct agent *agent, const char *value, bool *out)
{
    *out = strcmp(value, "yes") == 0;
    if (!*out && strcmp(value, "no") != 0) {
        agent_command_bad_value(agent, "expected yes or no");
        return false;
    }
    return true;
}

static void put_key_state(struct agent *agent, const struct agent_key_state *state)
{
    agent_command_ok(agent);
    agent_put(agent, "type", agent_key_type_name(state->type));
    if (state->type != AGENT_KEY_NONE) {
        agent_put_hash(agent, "spki_sha256", state->spki_sha256, sizeof state->spki_sha256);
    }
}

/* False, with the refusal sent, when a key exists that may not be replaced. */
static bool may_replace(struct agent *agent, bool replace)
{
    struct agent_key_state state = {0};
    struct agent_failure why = {0};

    if (replace) {
        return true;
    }
    if (agent->services->key_state(agent, &state, &why) != 0) {
        agent_reply_err(agent, &why);
        return false;
    }
    if (state.type != AGENT_KEY_NONE) {
        refuse(agent, "exists", "the board has a key already; replace=yes makes a new one");
        return false;
    }
    return true;
}

static void run_keygen(struct agent *agent, const struct agent_request *request)
{
    const char *name = agent_value(request, "type");
    struct agent_key_state state = {0};
    struct agent_failure why = {0};
    unsigned type = AGENT_KEY_RSA_2048;
    bool replace = false;

    while (type < AGENT_KEY_TYPES && strcmp(name, key_type_names[type]) != 0) {
        type++;
    }
    if (type == AGENT_KEY_TYPES) {
        agent_command_bad_value(agent, "type= is one of rsa-2048 rsa-3072 p-256 p-384 p-521");
        return;
    }
    if (!is_yes(agent, value_or(request, "replace", "no"), &replace) ||
        !may_replace(agent, replace)) {
        return;
    }
    if (agent->services->keygen(agent, (enum agent_key_type)type, &state, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    put_key_state(agent, &state);
    agent_put_number(agent, "ms", agent_now_ms(agent) - agent->started_ms);
    agent_reply_ok(agent);
}

static void run_key(struct agent *agent, const struct agent_request *request)
{
    struct agent_key_state state = {0};
    struct agent_failure why = {0};

    (void)request;
    if (agent->services->key_state(agent, &state, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    put_key_state(agent, &state);
    agent_reply_ok(agent);
}

static void run_csr(struct agent *agent, const struct agent_request *request)
{
    struct agent_subject subject = {agent_value(request, "cn"), value_or(request, "o", ""),
                                    value_or(request, "c", "")};
    struct agent_failure why = {0};
    uint8_t sha256[32];
    size_t size = 0;

    if (*subject.cn == '\0' || strlen(subject.cn) > 64 || strlen(subject.o) > 64 ||
        (*subject.c != '\0' && strlen(subject.c) != 2)) {
        agent_command_bad_value(agent,
                                "cn= has 1 to 64 bytes, o= at most 64, c= two letters or none");
        return;
    }
    if (agent->services->csr(agent, &subject, agent->scratch, sizeof agent->scratch, &size, &why) !=
            0 ||
        (agent_sha256(agent->scratch, size, sha256) != 0 &&
         agent_fail(&why, "crypto", 0, "SHA-256 failed") != 0)) {
        agent_reply_err(agent, &why);
        return;
    }
    for (size_t at = 0; at < size; at += AGENT_DATA_MAX_BYTES) {
        data_line(agent);
        agent_put_number(agent, "offset", at);
        agent_put_data(agent, agent->scratch + at,
                       size - at < AGENT_DATA_MAX_BYTES ? size - at : AGENT_DATA_MAX_BYTES);
        agent_reply(agent);
    }
    agent_command_ok(agent);
    agent_put_number(agent, "bytes", size);
    agent_put_hash(agent, "sha256", sha256, sizeof sha256);
    agent_reply_ok(agent);
}

/* ---- certs ---- */

struct cert_lines {
    struct agent *agent;
    const char *source;
};

static void cert_line(void *arg, const struct agent_cert_info *info)
{
    struct cert_lines *lines = arg;
    struct agent *agent = lines->agent;

    data_line(agent);
    agent_put(agent, "source", lines->source);
    agent_put(agent, "part", info->is_root ? "roots" : "chain");
    agent_put_number(agent, "index", info->index);
    agent_put_hash(agent, "sha256", info->sha256, sizeof info->sha256);
    agent_put(agent, "serial", info->serial_hex);
    agent_put(agent, "not_before", info->not_before);
    agent_put(agent, "not_after", info->not_after);
    agent_put(agent, "subject", info->subject);
    agent_reply(agent);
}

static void certs_of(struct agent *agent, enum agent_source source, const char *name)
{
    static const char *const matches[] = {"no", "yes", "no-key", "no-cert"};
    struct cert_lines lines = {agent, name};
    struct agent_cert_summary summary = {.match = AGENT_MATCH_NO_CERT};
    struct agent_failure why = {0};
    bool empty = false;

    if (agent->services->cert_state(agent, source, cert_line, &lines, &summary, &why) == 0) {
        empty = summary.n_chain == 0 && summary.n_roots == 0;
        why.code = empty ? "none" : "ok";
    }
    data_line(agent);
    agent_put(agent, "source", name);
    agent_put(agent, "state", why.code);
    agent_put_number(agent, "chain", summary.n_chain);
    agent_put_number(agent, "roots", summary.n_roots);
    agent_put(agent, "match", matches[summary.match]);
    if (source == AGENT_SOURCE_FLASH) {
        agent_put(agent, "intermediates", summary.updated ? "update" : "flash");
        agent_put_number(agent, "chain_version", summary.chain_version);
    }
    if (why.text != NULL) {
        agent_put_code(agent, "mbedtls", why.mbedtls);
        agent_put(agent, "text", why.text);
    }
    agent_reply(agent);
}

static void run_certs(struct agent *agent, const struct agent_request *request)
{
    const char *source = value_or(request, "source", "both");
    bool both = strcmp(source, "both") == 0;
    bool flash = both || strcmp(source, "flash") == 0;
    bool slot = both || strcmp(source, "slot") == 0;

    if (!flash && !slot) {
        agent_command_bad_value(agent, "source= is flash, slot or both");
        return;
    }
    if (flash) {
        certs_of(agent, AGENT_SOURCE_FLASH, "flash");
    }
    if (slot) {
        certs_of(agent, AGENT_SOURCE_SLOT, "slot");
    }
    done(agent);
}

/* ---- log, reset, help ---- */

static void run_log(struct agent *agent, const struct agent_request *request)
{
    static const char *const names[] = {"none", "error", "info", "debug"};
    const char *level = agent_value(request, "level");

    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(level, names[i]) == 0) {
            agent->log_level = (enum agent_log_level)i;
            if (agent->port->log_level != NULL) {
                agent->port->log_level(agent->port->ctx, (int)i);
            }
            agent_command_ok(agent);
            agent_put(agent, "level", level);
            agent_reply_ok(agent);
            return;
        }
    }
    agent_command_bad_value(agent, "level= is none, error, info or debug");
}

static void run_reset(struct agent *agent, const struct agent_request *request)
{
    (void)request;
    agent->restarting = true;
    done(agent);
}

static void run_help(struct agent *agent, const struct agent_request *request);

static const struct agent_command commands[] = {
    {"help", "", "", run_help},
    {"hello", "", "nonce", run_hello},
    {"ping", "", "text", run_ping},
    {"time", "unix_ms", "", run_time},
    {"keygen", "type", "replace", run_keygen},
    {"key", "", "", run_key},
    {"csr", "cn", "o c", run_csr},
    {"slot-begin", "chain roots", "crls", agent_command_slot_begin},
    {"slot-write", "offset data", "", agent_command_slot_write},
    {"slot-commit", "sha256", "", agent_command_slot_commit},
    {"slot-clear", "", "", agent_command_slot_clear},
    {"update-begin", "bytes", "", agent_command_update_begin},
    {"update-write", "offset data", "", agent_command_update_write},
    {"update-commit", "sha256", "", agent_command_update_commit},
    {"certs", "", "source", run_certs},
    {"handshake", "host port name",
     "sni min max use roots crls session transport timeout_ms text http", agent_command_handshake},
    {"log", "level", "", run_log},
    {"reset", "", "", run_reset},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void run_help(struct agent *agent, const struct agent_request *request)
{
    (void)request;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        data_line(agent);
        agent_put(agent, "command", commands[i].name);
        agent_put(agent, "keys", commands[i].needed);
        agent_put(agent, "optional", commands[i].optional);
        agent_reply(agent);
    }
    done(agent);
}

const struct agent_command *agent_command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Words of a list are separated by single spaces. */
static bool has_word(const char *list, const char *key)
{
    size_t size = strlen(key);

    while (*list != '\0') {
        size_t word = 0;
        while (list[word] != '\0' && list[word] != ' ') {
            word++;
        }
        if (word == size && memcmp(list, key, size) == 0) {
            return true;
        }
        list += word + (list[word] == ' ' ? 1 : 0);
    }
    return false;
}

static size_t count_words(const char *list)
{
    size_t n = *list != '\0' ? 1 : 0;

    for (; *list != '\0'; list++) {
        n += *list == ' ' ? 1 : 0;
    }
    return n;
}

bool agent_command_keys_fit(const struct agent_command *command,
                            const struct agent_request *request, struct agent_failure *why)
{
    size_t n_needed = 0;

    for (size_t i = 0; i < request->n_pairs; i++) {
        bool needed = has_word(command->needed, request->pairs[i].key);
        if (!needed && !has_word(command->optional, request->pairs[i].key)) {
            (void)agent_fail(why, "unknown-key", 0,
                             "this command has no such key; help lists them");
            return false;
        }
        n_needed += needed ? 1 : 0;
    }
    if (n_needed != count_words(command->needed)) {
        (void)agent_fail(why, "missing-key", 0,
                         "a key is missing; help lists those of each command");
        return false;
    }
    return true;
}
