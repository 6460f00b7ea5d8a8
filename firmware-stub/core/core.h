/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the core share. Include it first: it opens mbedTLS 3.x structures. */
#ifndef RIG_FIRMWARE_CORE_H
#define RIG_FIRMWARE_CORE_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "agent.h"

#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#define AGENT_MBEDTLS_3 (MBEDTLS_VERSION_NUMBER >= 0x03000000)

/* ---- text.c: numbers, hex, checksums ---- */
uint16_t agent_crc16(const char *text, size_t size);
/* Continues a reflected CRC-32 register (no initial value, no final XOR). */
uint32_t agent_crc32_add(uint32_t crc, const uint8_t *data, size_t size);
uint32_t agent_get_u32(const uint8_t *from); /* little-endian */
void agent_put_u32(uint8_t *to, uint32_t value);
int agent_hex_digit(char c);
void agent_hex(char *out, const uint8_t *data, size_t size); /* writes 2 * size digits and a NUL */
bool agent_parse_hex(const char *text, uint8_t *out, size_t size);
bool agent_parse_u32(const char *text, uint32_t max, uint32_t *out);
bool agent_parse_i64(const char *text, int64_t *out);
size_t agent_put_u64(char *out, uint64_t value); /* at most 20 digits and a NUL; count of digits */
bool agent_copy_text(char *out, size_t max, const char *text); /* false when cut */

/* ---- line.c: the parser ---- */
struct agent_pair {
    const char *key;
    const char *value;
};

struct agent_request {
    uint16_t seq;
    bool has_checksum;
    const char *word;
    struct agent_pair pairs[AGENT_PAIRS_MAX];
    size_t n_pairs;
};

enum agent_parsed {
    AGENT_PARSED_FRAME,
    AGENT_PARSED_LOG,
    AGENT_PARSED_CHECKSUM,
    AGENT_PARSED_SYNTAX
};

/* Parses line[0..size) in place (line[size] is writable). For SYNTAX, *out has seq when its
 * checksum was right, else 0. All strings of *out lie in line. *frame_offset is where the frame
 * began. */
enum agent_parsed agent_parse_line(char *line, size_t size, struct agent_request *out,
                                   size_t *frame_offset);
/* NULL when absent. */
const char *agent_value(const struct agent_request *request, const char *key);

/* ---- frame.c: lines out ---- */
void agent_frame(struct agent *agent, uint16_t seq, const char *word);
void agent_put(struct agent *agent, const char *key,
               const char *value); /* bare or quoted as needed, cut to fit */
void agent_put_number(struct agent *agent, const char *key, uint64_t value);
void agent_put_hash(struct agent *agent, const char *key, const uint8_t *data, size_t size);
void agent_put_data(struct agent *agent, const uint8_t *data, size_t size);
void agent_put_code(struct agent *agent, const char *key, int code); /* -0x2700 or 0 */
void agent_frame_send(struct agent *agent);

/* Sends the frame begun before as a data line, or as the end line, of the reply at work. */
void agent_reply(struct agent *agent);
void agent_reply_ok(struct agent *agent);
void agent_reply_err(struct agent *agent, const struct agent_failure *why);
/* An err line that belongs to no command at work. */
void agent_send_err(struct agent *agent, uint16_t seq, const char *code, const char *text);

/* The busy line of the command at work. */
void agent_send_busy(struct agent *agent);

/* ---- agent.c ---- */
uint64_t agent_now_ms(const struct agent *agent);
/* Writes to the UART; a failure ends the agent. */
void agent_write(struct agent *agent, const char *text, size_t size);
/* 1: a line is in rx_line; 0: none within timeout_ms; negative: stop. */
int agent_read_line(struct agent *agent, uint32_t timeout_ms);
/* Waits for input while a command is at work, serving busy, abort and relay frames. False: stop. */
bool agent_wait_at_work(struct agent *agent, uint32_t timeout_ms);
static inline int agent_fail(struct agent_failure *why, const char *code, int mbedtls,
                             const char *text)
{
    why->code = code;
    why->mbedtls = mbedtls;
    why->text = text;
    return -1;
}

/* ---- commands.c, command_handshake.c, command_slot.c, command_update.c ---- */
struct agent_command {
    const char *name;
    const char *needed; /* keys, separated by single spaces */
    const char *optional;
    void (*run)(struct agent *agent, const struct agent_request *request);
};
const struct agent_command *agent_command_find(const char *name);
/* Are all needed keys there, and no unknown ones? */
bool agent_command_keys_fit(const struct agent_command *command,
                            const struct agent_request *request, struct agent_failure *why);
void agent_command_handshake(struct agent *agent, const struct agent_request *request);
/* Opens the reply `ok`; agent_reply_ok ends it. */
void agent_command_ok(struct agent *agent);
void agent_command_bad_value(struct agent *agent, const char *text);
typedef int agent_write_piece(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                              size_t size_bytes, struct agent_failure *why);
/* offset= and data= of slot-write and update-write. */
void agent_command_piece(struct agent *agent, const struct agent_request *request,
                         agent_write_piece *write);
void agent_command_slot_begin(struct agent *agent, const struct agent_request *request);
void agent_command_slot_write(struct agent *agent, const struct agent_request *request);
void agent_command_slot_commit(struct agent *agent, const struct agent_request *request);
void agent_command_slot_clear(struct agent *agent, const struct agent_request *request);
void agent_command_update_begin(struct agent *agent, const struct agent_request *request);
void agent_command_update_write(struct agent *agent, const struct agent_request *request);
void agent_command_update_commit(struct agent *agent, const struct agent_request *request);
const char *agent_key_type_name(enum agent_key_type type);
extern const char *const agent_tls_names[4];
/* May this build speak 1.<minor>? */
bool agent_tls_supported(unsigned minor);

/* ---- keys.c, keystore.c ---- */
/* Seeds agent->drbg; 0 or negative. */
int agent_crypto_start(struct agent *agent);
int agent_sha256(const uint8_t *data, size_t size, uint8_t out[32]);
int agent_keystore_load(struct agent *agent, mbedtls_pk_context *out, enum agent_key_type *type,
                        struct agent_failure *why);
int agent_keystore_save(struct agent *agent, mbedtls_pk_context *key, enum agent_key_type type,
                        struct agent_failure *why);
int agent_keygen(struct agent *agent, enum agent_key_type type, struct agent_key_state *out,
                 struct agent_failure *why);
int agent_key_state(struct agent *agent, struct agent_key_state *out, struct agent_failure *why);
int agent_csr(struct agent *agent, const struct agent_subject *subject, uint8_t *der,
              size_t max_bytes, size_t *size_bytes, struct agent_failure *why);
void agent_wipe(void *data, size_t size);

/* ---- certs.c ---- */
/* Appends the chain or the roots of the source to out; *n_certs 0 when there are none. */
int agent_certs_load(struct agent *agent, enum agent_source source, bool roots,
                     mbedtls_x509_crt *out, unsigned *n_certs, struct agent_failure *why);
/* Appends the slot's CRLs to out; *n_crls 0 when there are none. */
int agent_crls_load(struct agent *agent, mbedtls_x509_crl *out, unsigned *n_crls,
                    struct agent_failure *why);
int agent_slot_begin(struct agent *agent, size_t chain_bytes, size_t roots_bytes, size_t crls_bytes,
                     struct agent_failure *why);
int agent_slot_write(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                     size_t size_bytes, struct agent_failure *why);
int agent_slot_commit(struct agent *agent, const uint8_t sha256[32], struct agent_failure *why);
int agent_slot_clear(struct agent *agent, struct agent_failure *why);
int agent_cert_state(struct agent *agent, enum agent_source source, agent_cert_visitor *visit,
                     void *arg, struct agent_cert_summary *out, struct agent_failure *why);

/* Bytes of the DER SEQUENCE at the start, header included; 0 when it does not fit. */
size_t agent_der_size(const uint8_t *data, size_t max);
/* Appends DER certificates that stand one after another; 0 or a negative mbedTLS code. */
int agent_parse_der(const uint8_t *data, size_t size, mbedtls_x509_crt *out);

/* ---- update.c, update_check.c: replacing the intermediates ---- */
int agent_update_begin(struct agent *agent, size_t size_bytes, struct agent_failure *why);
int agent_update_write(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                       size_t size_bytes, struct agent_failure *why);
int agent_update_commit(struct agent *agent, const uint8_t sha256[32], struct agent_update *out,
                        struct agent_failure *why);
int agent_update_signer(struct agent *agent, const struct agent_update *update,
                        struct agent_failure *why);
int agent_update_signature(struct agent *agent, const struct agent_update *update,
                           struct agent_failure *why);
int agent_update_fits(struct agent *agent, const struct agent_update *update,
                      struct agent_failure *why);
/* Did the first certificate of the update sign this leaf? 0 or -1. */
int agent_update_signed_leaf(const mbedtls_x509_crt *issuer, const mbedtls_x509_crt *leaf);
/* Puts the update's intermediates in the place of those behind the leaf, when there is an update
 * for this leaf and the flashed root. *version as agent_cert_summary.chain_version. No update is no
 * failure. */
int agent_update_apply(struct agent *agent, mbedtls_x509_crt *chain, unsigned *n_chain,
                       bool *updated, uint32_t *version, struct agent_failure *why);
/* Loads the flashed root with this SHA-256, alone, into *out; `update-root` when there is none. */
int agent_update_root(struct agent *agent, const uint8_t sha256[32], mbedtls_x509_crt *out,
                      struct agent_failure *why);

/* ---- update_store.c: its partition, PROTOCOL.md section 7 ---- */
/* The room for one update; 0 without the partition. */
size_t agent_update_max_bytes(struct agent *agent);
/* Reads into scratch the newest update that is for one of these roots and for this issuer; *found
 * false when there is none. */
int agent_update_load(struct agent *agent, const mbedtls_x509_crt *roots,
                      const uint8_t issuer_sha256[32], struct agent_update *out, bool *found,
                      struct agent_failure *why);
int agent_update_store(struct agent *agent, const struct agent_update *update,
                       struct agent_failure *why);

/* ---- relay.c: a byte stream over the UART; results as those of the port's net functions ---- */
int agent_relay_open(struct agent *agent, uint32_t timeout_ms);
int agent_relay_send(struct agent *agent, const uint8_t *data, size_t size, uint32_t timeout_ms);
int agent_relay_recv(struct agent *agent, uint8_t *data, size_t max, uint32_t timeout_ms);
void agent_relay_close(struct agent *agent);
void agent_relay_frame(struct agent *agent, const struct agent_request *frame);

/* ---- sniff.c: reads along one direction of a TLS stream as far as it is plain ---- */
struct agent_sniff {
    uint8_t header[5];
    unsigned n_header;
    uint32_t record_left;
    uint32_t record_at;
    bool ciphered; /* ChangeCipherSpec went by */
    uint8_t message_header[4];
    unsigned n_message_header;
    uint32_t message_left;
    uint32_t message_at;
    uint32_t seen;          /* bit per handshake message type */
    uint32_t cert_list_len; /* first three bytes of a Certificate message */
    uint8_t client_random[32];
    bool has_client_random;
    int alert; /* -1: none */
    uint8_t alert_bytes[2];
};
void agent_sniff_init(struct agent_sniff *sniff);
void agent_sniff_feed(struct agent_sniff *sniff, const uint8_t *data, size_t size);

/* ---- offers.c ---- */
/* How every handshake begins: mbedTLS's defaults, verification, versions (0x10..0x13). 0 or a
 * negative mbedTLS code; the caller has run mbedtls_ssl_config_init and runs the _free. */
int agent_tls_configure(mbedtls_ssl_config *conf, uint8_t min_version, uint8_t max_version);
/* The same with all versions of this build, tuned by the port: what handshakes are made from. */
int agent_offers_configure(struct agent *agent, mbedtls_ssl_config *conf);
/* May a handshake with this configuration use TLS 1.<minor>? */
bool agent_offers_version(const mbedtls_ssl_config *conf, unsigned minor);
struct agent_offers_at { /* zero: the first one */
    unsigned lowest;     /* version 1.<lowest> of the handshakes that are looked at */
    size_t index;
};
/* The next cipher suite, by its IANA number, that a ClientHello from this configuration may list;
 * each once. False at the end. */
bool agent_offers_next(const mbedtls_ssl_config *conf, struct agent_offers_at *at,
                       uint16_t *number);

/* ---- handshake.c ---- */
void agent_session_drop(struct agent *agent);
int agent_handshake(struct agent *agent, const struct agent_handshake_request *request,
                    struct agent_handshake_result *out, struct agent_failure *why);

#endif
