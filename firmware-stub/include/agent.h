/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device agent: a firmware part that answers the rig over the console UART (PROTOCOL.md). It
 * makes the device's key and CSR, reports its certificates, and runs TLS handshakes to a test
 * server.
 *
 * A firmware adds it so: fill one struct agent_port with functions of the board, put one struct
 * agent into static memory, call agent_init and then agent_run in a task of at least 12 KiB stack.
 *
 * Thread rule: one agent belongs to one thread; agents share nothing, so several may run in one
 * process. Memory: the core allocates nothing; mbedTLS allocates during a command and frees all of
 * it at the command's end, but for the one TLS session that a handshake was told to keep. Private
 * keys: none is ever returned, written to the UART or to another partition than AGENT_KEY_LABEL.
 */
#ifndef RIG_FIRMWARE_AGENT_H
#define RIG_FIRMWARE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>

#define AGENT_PROTOCOL_VERSION 1
#define AGENT_VERSION "0.1.0"

#define AGENT_LINE_MAX_BYTES 512u      /* a line without its line end */
#define AGENT_DATA_MAX_BYTES 336u      /* raw bytes in one base64 value */
#define AGENT_SLOT_MAX_BYTES 16384u    /* chain, roots and CRLs of the slot together */
#define AGENT_CACHE_MAX_BYTES 6144u    /* reply text kept for a retransmitted request */
#define AGENT_RELAY_RING_BYTES 2048u   /* TLS bytes received from the host and not yet read */
#define AGENT_SCRATCH_MAX_BYTES 16400u /* one certificate file as read from flash or slot */
#define AGENT_CHAIN_MAX 16u            /* certificates in one chain or root file */
#define AGENT_PAIRS_MAX 16u            /* key=value pairs of a request */

/* Partition of the device's key: two sectors or more (one works too, but loses the key at a power
 * cut in keygen). */
#define AGENT_KEY_PARTITION_TYPE 0x40u
#define AGENT_KEY_LABEL "agent_key"
/* Espressif's esp_secure_cert TLV partition; the rig writes it. */
#define AGENT_CERT_PARTITION_TYPE 0x3Fu
#define AGENT_CERT_LABEL "esp_secure_cert"
/* Intermediates that replace the flashed ones: two halves of whole sectors. The agent writes it. */
#define AGENT_UPDATE_PARTITION_TYPE 0x41u
#define AGENT_UPDATE_LABEL "chain_update"

#define AGENT_UPDATE_CHAIN_MAX 8u /* intermediates in one chain update */

/* What the input and output functions of the port return instead of a byte count. */
enum agent_io {
    AGENT_IO_TIMEOUT = -1, /* nothing within timeout_ms */
    AGENT_IO_STOP = -2,    /* the port ends the agent: agent_run returns as soon as it can */
    AGENT_IO_ERROR = -3,   /* the peripheral failed */
    AGENT_IO_RESET = -4,   /* connection reset by the other side */
    AGENT_IO_REFUSED = -5, /* connection refused */
    AGENT_IO_NO_HOST = -6  /* the host name can't be resolved, or no network is up */
};

/* Bits of agent_chip.flags. */
enum agent_chip_flag {
    AGENT_CHIP_SECURE_BOOT = 1u << 0,
    AGENT_CHIP_FLASH_ENCRYPTION = 1u << 1,
    AGENT_CHIP_JTAG_DISABLED = 1u << 2,
    AGENT_CHIP_DOWNLOAD_DISABLED = 1u << 3
};

struct agent_chip {
    char name[16];         /* "esp32", "esp32-c3": lower case */
    char reset_reason[16]; /* "power-on", "software", "panic", "watchdog", "brownout", or "" when
                              unknown */
    uint8_t mac[6];        /* factory MAC of the eFuse */
    uint32_t flags;        /* enum agent_chip_flag */
};

struct agent_partition {
    uint32_t size_bytes;
    uint32_t sector_bytes; /* what an erase rounds to: 4096 on NOR flash */
    uint32_t offset_bytes; /* start in flash, for the port's own use */
    const void *handle;    /* for the port's own use (an esp_partition_t) */
};

/*
 * What the board gives to the agent. `ctx` is handed back to each function. Functions marked
 * optional may be NULL. "0 or negative" means an enum agent_io value on failure.
 */
struct agent_port {
    void *ctx;

    /* Reads up to max_bytes that are there already, or waits timeout_ms for the first one. Number
     * of bytes (> 0), AGENT_IO_TIMEOUT, AGENT_IO_STOP or AGENT_IO_ERROR. The receive buffer behind
     * it needs 1 KiB or more. */
    int (*uart_read)(void *ctx, uint8_t *data, size_t max_bytes, uint32_t timeout_ms);
    /* Queues or writes all bytes; 0 or negative. One call is one whole line: keep it together. */
    int (*uart_write)(void *ctx, const uint8_t *data, size_t size_bytes);

    /* Milliseconds since start; never goes back. */
    uint64_t (*uptime_ms)(void *ctx);
    /* True random bytes (the hardware's noise source switched on); 0, or a negative mbedTLS code.
     * The signature is that of an mbedtls_ctr_drbg_seed entropy callback. */
    int (*random_bytes)(void *ctx, unsigned char *out, size_t size_bytes);
    /* Sets the clock that mbedTLS reads (time()); without it each certificate is "not yet valid". 0
     * or negative. */
    int (*set_time)(void *ctx, int64_t unix_ms);
    /* Called often during long work: feed the watchdog here. True ends the agent as AGENT_IO_STOP
     * does. */
    bool (*poll)(void *ctx);

    /* Finds by type and label, any subtype; 0, or negative when there is none. */
    int (*partition_find)(void *ctx, uint8_t type, const char *label, struct agent_partition *out);
    int (*partition_read)(void *ctx, const struct agent_partition *part, uint32_t offset_bytes,
                          void *data, size_t size_bytes);
    /* offset_bytes and size_bytes are multiples of sector_bytes. */
    int (*partition_erase)(void *ctx, const struct agent_partition *part, uint32_t offset_bytes,
                           uint32_t size_bytes);
    /* NOR programming: clears bits. offset_bytes and size_bytes are multiples of 16 (encrypted
     * flash needs it). */
    int (*partition_program)(void *ctx, const struct agent_partition *part, uint32_t offset_bytes,
                             const void *data, size_t size_bytes);

    /* 0 or negative. */
    int (*chip_info)(void *ctx, struct agent_chip *out);
    /* Restarts the chip; does not return on hardware. Where it returns, agent_run ends with
     * AGENT_ENDED_RESTART. */
    void (*restart)(void *ctx);

    /* One TCP connection at a time, for transport=direct. All four optional together. */
    int (*net_connect)(void *ctx, const char *host, uint16_t port, uint32_t timeout_ms);
    /* Bytes taken (> 0) or negative. */
    int (*net_send)(void *ctx, const uint8_t *data, size_t size_bytes, uint32_t timeout_ms);
    /* Bytes read (> 0), 0 at the end of the stream, or negative. */
    int (*net_recv)(void *ctx, uint8_t *data, size_t max_bytes, uint32_t timeout_ms);
    void (*net_close)(void *ctx);

    /* Optional. Called when TLS is set up as the agent does it (verification required, versions,
     * certificates), before the handshake: the place for a firmware's own cipher list, curves or
     * profile. hello calls it too, without certificates, to declare what handshakes will offer: do
     * the same there. */
    void (*tune_tls)(void *ctx, mbedtls_ssl_config *conf);
    /* Optional. The log level the host asked for, for the firmware's own logger. */
    void (*log_level)(void *ctx, int level);
};

/* ---- services: what the commands do, between the protocol and mbedTLS
 * ---------------------------------------- */

/* Why a command failed: the words of the err line. All strings are constants. */
struct agent_failure {
    const char *code; /* a word of PROTOCOL.md, "Error codes" */
    const char *text; /* one sentence with the remedy */
    int mbedtls;      /* negative mbedTLS code, or 0 */
};

enum agent_key_type {
    AGENT_KEY_NONE = 0,
    AGENT_KEY_RSA_2048 = 1, /* the numbers are stored in flash */
    AGENT_KEY_RSA_3072 = 2,
    AGENT_KEY_P256 = 3,
    AGENT_KEY_P384 = 4,
    AGENT_KEY_P521 = 5,
    AGENT_KEY_TYPES
};

struct agent_key_state {
    enum agent_key_type type; /* AGENT_KEY_NONE: no key stored */
    uint8_t spki_sha256[32];  /* SHA-256 of the DER SubjectPublicKeyInfo */
};

/* Subject of a CSR; NUL-terminated UTF-8; an empty string leaves the attribute out (cn must not be
 * empty). */
struct agent_subject {
    const char *cn;
    const char *o;
    const char *c;
};

/* Where certificates come from. */
enum agent_source { AGENT_SOURCE_NONE, AGENT_SOURCE_FLASH, AGENT_SOURCE_SLOT };

struct agent_cert_info {
    bool is_root;        /* of the trust roots, otherwise of the device's own chain */
    unsigned index;      /* 0 = leaf, or the first root */
    uint8_t sha256[32];  /* of the DER certificate */
    char subject[192];   /* as mbedtls_x509_dn_gets prints it; cut when longer */
    char serial_hex[48]; /* lower case, no separators */
    char not_before[24]; /* 2026-01-31T00:00:00Z */
    char not_after[24];
};
typedef void agent_cert_visitor(void *arg, const struct agent_cert_info *info);

enum agent_match { AGENT_MATCH_NO, AGENT_MATCH_YES, AGENT_MATCH_NO_KEY, AGENT_MATCH_NO_CERT };

struct agent_cert_summary {
    unsigned n_chain; /* certificates of the device's chain, leaf included */
    unsigned n_roots;
    unsigned n_crls;        /* the slot's */
    enum agent_match match; /* does the leaf belong to the stored key? */
    bool updated; /* the intermediates are those of a chain update, not the flashed ones */
    uint32_t chain_version; /* of the newest chain update for this root and issuer; 0: none */
};

/* A chain update as parsed (PROTOCOL.md section 7). Everything points into the bytes it came as. */
struct agent_update {
    const uint8_t *bytes;
    size_t size_bytes;
    size_t signed_bytes; /* what the signature is over: from the start */
    uint32_t version;
    const uint8_t *root_sha256;   /* of the root's DER */
    const uint8_t *issuer_sha256; /* of the DER name of the CA that signs this family's devices */
    unsigned n_chain;
    const uint8_t *chain; /* DER certificates one after another, the issuing CA first */
    size_t chain_bytes;
    const uint8_t *signer; /* DER certificate */
    size_t signer_bytes;   /* 0: none */
    const uint8_t *signature;
    size_t signature_bytes; /* 0: none */
};

enum agent_transport { AGENT_TRANSPORT_DIRECT, AGENT_TRANSPORT_RELAY };

/* Whether the handshake takes up the kept session, and keeps its own. */
enum agent_session {
    AGENT_SESSION_NONE,  /* a full handshake; the kept session is dropped */
    AGENT_SESSION_ID,    /* by session id; no ticket is asked for */
    AGENT_SESSION_TICKET /* by ticket (RFC 5077; TLS 1.3: PSK) */
};

/* TLS versions as two hex digits: 0x10 = 1.0 ... 0x13 = 1.3. */
struct agent_handshake_request {
    const char *host; /* for transport direct */
    uint16_t port;
    const char *sni;  /* "" sends none */
    const char *name; /* expected server name; NULL: not checked (asked for with name=-) */
    uint8_t min_version;
    uint8_t max_version;
    enum agent_source use;   /* client certificate */
    enum agent_source roots; /* FLASH or SLOT */
    enum agent_source crls;  /* NONE or SLOT: CRLs to check the server's chain with */
    enum agent_session session;
    enum agent_transport transport;
    uint32_t timeout_ms; /* for all of it */
    const char *text;    /* application bytes that the server must echo; not empty */
    const char *http; /* NULL: echo. Else GET this path; 2xx is success, echoed: `text` is in it */
    uint16_t seq;     /* of the request: relay frames carry it */
};

/* How far it came. */
enum agent_stage {
    AGENT_STAGE_SETUP,
    AGENT_STAGE_CONNECT,
    AGENT_STAGE_HANDSHAKE,
    AGENT_STAGE_ECHO,
    AGENT_STAGE_DONE
};

/* What the device showed when the server asked for a client certificate. */
enum agent_shown {
    AGENT_SHOWN_UNKNOWN,   /* TLS 1.3 hides it, or it never came so far */
    AGENT_SHOWN_NOT_ASKED, /* the server sent no CertificateRequest */
    AGENT_SHOWN_EMPTY,     /* asked, and answered with an empty list */
    AGENT_SHOWN_CERT       /* a certificate was sent */
};

struct agent_handshake_result {
    enum agent_stage stage; /* AGENT_STAGE_DONE only when the text, or HTTP's yes, came back */
    int mbedtls;            /* 0 or the negative code that ended it */
    uint32_t verify_flags;  /* MBEDTLS_X509_BADCERT_*; 0xffffffff: not judged */
    int alert_sent;         /* TLS alert number, -1: none seen */
    int alert_received;
    char version[12]; /* "TLSv1.2", "" when not negotiated */
    char cipher[64];
    uint32_t connect_ms;
    uint32_t handshake_ms;
    uint32_t echo_ms;
    uint32_t http_status; /* 0: no HTTP answer, or none was asked for */
    bool echoed;
    bool resumed; /* the server took up the kept session: it showed no certificate */
    bool has_server_leaf;
    bool has_client_leaf;
    bool has_client_random;
    uint8_t server_leaf_sha256[32];
    uint8_t client_leaf_sha256[32]; /* of the certificate configured; shown says if it was sent */
    uint8_t client_random[32];      /* of the ClientHello as it went over the wire */
    enum agent_shown shown;
};

struct agent;

/*
 * The work behind the commands. agent_services_mbedtls is the real one. A test firmware may wrap
 * it: copy the table, replace a function, call the original from within (agent->services_ctx
 * belongs to the wrapper). Each returns 0, or -1 with *why filled.
 */
struct agent_services {
    /* Makes a key and stores it in place of the old one. */
    int (*keygen)(struct agent *agent, enum agent_key_type type, struct agent_key_state *out,
                  struct agent_failure *why);
    int (*key_state)(struct agent *agent, struct agent_key_state *out, struct agent_failure *why);
    /* DER of a PKCS#10 request, signed with SHA-256 by the stored key, written to the start of der.
     */
    int (*csr)(struct agent *agent, const struct agent_subject *subject, uint8_t *der,
               size_t max_bytes, size_t *size_bytes, struct agent_failure *why);
    /* Calls visit for each certificate (chain, then roots). No certificates is no failure. */
    int (*cert_state)(struct agent *agent, enum agent_source source, agent_cert_visitor *visit,
                      void *arg, struct agent_cert_summary *out, struct agent_failure *why);
    int (*slot_begin)(struct agent *agent, size_t chain_bytes, size_t roots_bytes,
                      size_t crls_bytes, struct agent_failure *why);
    int (*slot_write)(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                      size_t size_bytes, struct agent_failure *why);
    int (*slot_commit)(struct agent *agent, const uint8_t sha256[32], struct agent_failure *why);
    int (*slot_clear)(struct agent *agent, struct agent_failure *why);
    /* A chain update is collected in the memory of the slot, which loses its content. */
    int (*update_begin)(struct agent *agent, size_t size_bytes, struct agent_failure *why);
    int (*update_write)(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                        size_t size_bytes, struct agent_failure *why);
    /* Parses, has the four below judge and store it, in this order, and forgets it. */
    int (*update_commit)(struct agent *agent, const uint8_t sha256[32], struct agent_update *out,
                         struct agent_failure *why);
    /* Is it for the flashed root, and its signer's certificate that root's, for updates? */
    int (*update_signer)(struct agent *agent, const struct agent_update *update,
                         struct agent_failure *why);
    /* Did that signer sign it? */
    int (*update_signature)(struct agent *agent, const struct agent_update *update,
                            struct agent_failure *why);
    /* Does it fit this board: issuer, chain, key, dates and, last, version? */
    int (*update_fits)(struct agent *agent, const struct agent_update *update,
                       struct agent_failure *why);
    /* All of it or nothing, whenever the power goes. */
    int (*update_store)(struct agent *agent, const struct agent_update *update,
                        struct agent_failure *why);
    /* Fills *out in every case, also on failure. 0 only when out->stage is AGENT_STAGE_DONE. */
    int (*handshake)(struct agent *agent, const struct agent_handshake_request *request,
                     struct agent_handshake_result *out, struct agent_failure *why);
};

extern const struct agent_services agent_services_mbedtls;

enum agent_log_level { AGENT_LOG_NONE, AGENT_LOG_ERROR, AGENT_LOG_INFO, AGENT_LOG_DEBUG };

/* All state of one agent, about 46 KiB: put it into static memory. Only the first three fields
 * concern the caller. */
struct agent {
    const struct agent_port *port;
    const struct agent_services *services;
    void *services_ctx;

    /* Private to the core from here on. */
    const char *at_work; /* name of the command at work, NULL between commands */
    uint64_t started_ms; /* of the command at work */
    uint64_t busy_sent_ms;
    size_t rx_chunk_size;
    size_t rx_chunk_used;
    size_t rx_size;
    size_t tx_size;
    size_t last_size;
    size_t cache_size;
    size_t slot_chain_bytes;
    size_t slot_roots_bytes;
    size_t slot_crls_bytes;
    mbedtls_ssl_session kept_session;
    size_t update_bytes; /* of the chain update that is being collected in slot */
    mbedtls_ctr_drbg_context drbg;
    enum agent_log_level log_level;
    uint32_t boot_id;
    unsigned n_reply_lines;
    uint16_t seq;    /* of the command at work */
    bool stopped;    /* the port said stop */
    bool failed;     /* the UART failed */
    bool aborted;    /* the host gave the command at work up */
    bool restarting; /* once the reply is out */
    bool clock_set;
    bool rx_too_long;
    bool last_cached; /* the whole reply of the last request is in cache */
    bool cache_full;
    bool slot_open;
    bool slot_ready;
    bool has_kept_session;
    enum agent_session kept_session_kind;
    bool update_open;
    uint8_t rx_chunk[64];
    char rx_line[AGENT_LINE_MAX_BYTES + 1];
    char work_line[AGENT_LINE_MAX_BYTES + 1]; /* the request being parsed, in place */
    char last_line[AGENT_LINE_MAX_BYTES + 1]; /* the last numbered request, as it came */
    char tx_line[AGENT_LINE_MAX_BYTES + 3];   /* CR LF NUL behind the frame */
    char cache[AGENT_CACHE_MAX_BYTES];
    uint8_t slot[AGENT_SLOT_MAX_BYTES]; /* chain, roots, CRLs */
    uint8_t scratch[AGENT_SCRATCH_MAX_BYTES];
    struct {
        bool open;
        bool acked; /* the frame out was acknowledged */
        bool connected;
        bool closing; /* what still comes is acknowledged and dropped */
        int eof;      /* enum agent_io of the end the host told, 1: none yet */
        uint32_t tx_number;
        uint32_t rx_number;
        uint8_t ring[AGENT_RELAY_RING_BYTES];
        size_t ring_start;
        size_t ring_size;
    } relay;
};

enum agent_ended {
    AGENT_ENDED_STOP = 0,    /* the port said stop */
    AGENT_ENDED_RESTART = 1, /* the host asked for a reset and port->restart came back */
    AGENT_ENDED_ERROR = -1   /* UART or random source failed */
};

/* Prepares *agent; keeps both pointers, which must outlive it. services NULL:
 * agent_services_mbedtls. */
void agent_init(struct agent *agent, const struct agent_port *port,
                const struct agent_services *services);

/* Announces itself with the ready line and serves requests until the port says stop. May be called
 * again. */
int agent_run(struct agent *agent);

/* ---- for wrappers of the services
 * --------------------------------------------------------------------------- */

/* A random generator in mbedTLS form (p_rng = agent); also sends busy lines and polls the port. */
int agent_random(void *agent, unsigned char *out, size_t size_bytes);

/* Makes a key in memory from fresh port->random_bytes; the caller has run mbedtls_pk_init and runs
 * mbedtls_pk_free. The same bytes from the port give the same key. 0 or a negative mbedTLS code. */
int agent_key_make(struct agent *agent, enum agent_key_type type, mbedtls_pk_context *out);

/* Loads the stored key (caller inits and frees as above). 0, or -1 with *why. */
int agent_key_load(struct agent *agent, mbedtls_pk_context *out, enum agent_key_type *type,
                   struct agent_failure *why);

/* Writes a CSR for any key. As services->csr. */
int agent_csr_write(struct agent *agent, mbedtls_pk_context *key,
                    const struct agent_subject *subject, uint8_t *der, size_t max_bytes,
                    size_t *size_bytes, struct agent_failure *why);

/* SHA-256 of the key's DER SubjectPublicKeyInfo; 0 or a negative mbedTLS code. */
int agent_spki_sha256(mbedtls_pk_context *key, uint8_t out[32]);

/* Writes "agent: TEXT" as a log line when the level allows it. Never with secrets. */
void agent_log(struct agent *agent, enum agent_log_level level, const char *text);

/* Parses a chain update; false when it is malformed. Pure, and safe for any bytes. */
bool agent_update_parse(const uint8_t *data, size_t size_bytes, struct agent_update *out);

/* Sends a busy line when one is due and polls the port; true: stop what you do. Call it in long
 * loops. */
bool agent_keepalive(struct agent *agent);

#endif
