/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client of the device agent (firmware-stub/PROTOCOL.md): one question, one answer, retransmitted
 * when a line got lost. Lines of the firmware's own log between the answers are skipped. The agent
 * has no command that returns a private key, and this client no function that asks for one.
 *
 * Errors: class DEVICE for NO_ANSWER (nothing came back in time, or the board fell silent; found
 * within seconds, long before a generous deadline), TIMEOUT (the deadline passed though the board
 * shows signs of life), REFUSED (the agent's own error, with its code and the mbedTLS code),
 * PROTOCOL (a reply that makes no sense, or a line too noisy to work with), MISMATCH (a CSR that is
 * not the one announced), UNSUPPORTED (another version of the protocol), BOOT_LOOP (the firmware
 * started again and again during hello), DISCONNECTED when the board restarted in the middle of a
 * command. Link errors pass through. A keygen or handshake that ends in an error or is cancelled is
 * aborted on the board, best effort. Threads: one at a time per agent.
 */
#ifndef RIG_AGENT_AGENT_H
#define RIG_AGENT_AGENT_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/link/link.h"

struct rig_agent;

#define RIG_AGENT_CIPHERS_MAX 400 /* all that have a number, and some */

struct rig_agent_hello {
    unsigned protocol;
    char agent_version[32];
    char tls_library[48];
    char chip[16];
    uint8_t mac[RIG_MAC_SIZE];
    bool secure_boot;
    bool flash_encryption;
    bool jtag_disabled;
    bool download_disabled;
    bool checks_time; /* certificate dates are checked by this firmware */
    size_t slot_bytes;
    bool tls10; /* versions that its handshakes may use */
    bool tls11;
    bool tls12;
    bool tls13;
    size_t n_ciphers;                        /* 0: this agent does not declare them */
    uint16_t ciphers[RIG_AGENT_CIPHERS_MAX]; /* IANA numbers that its ClientHello may list */
    bool direct; /* transports: the board's own network, and relayed over this link */
    bool relay;
    bool session_id; /* can resume sessions, by id and by ticket */
    bool session_ticket;
    bool http;           /* can speak HTTP with servers that echo nothing */
    bool crls;           /* can check a server's chain with CRLs */
    bool cert_partition; /* the partition table has a place for certificates, and for the key */
    bool key_partition;
    size_t update_bytes;              /* room for a chain update; 0: this firmware takes none */
    bool key_types[RIG_KEY_P521 + 1]; /* by enum rig_key_type */
    char boot[12];                    /* another value after each start of the firmware */
    char reset_reason[16];            /* "power-on", "software", ...; "unknown" */
};

enum rig_agent_source { RIG_AGENT_NONE = 0, RIG_AGENT_FLASH, RIG_AGENT_SLOT };
enum rig_agent_transport { RIG_AGENT_DIRECT = 0, RIG_AGENT_RELAY };
enum rig_tls_version {
    RIG_TLS_ANY = 0,
    RIG_TLS_1_0 = 0x0301,
    RIG_TLS_1_1 = 0x0302,
    RIG_TLS_1_2 = 0x0303,
    RIG_TLS_1_3 = 0x0304,
};

struct rig_agent_certificates {
    bool present;
    unsigned n_chain; /* certificates in the client chain, leaf included */
    uint8_t leaf_sha256[RIG_SHA256_SIZE];
    uint8_t roots_sha256[4][RIG_SHA256_SIZE];
    unsigned n_roots;
    bool matches_key;
};

/* Whether the board offers the session that it kept, and keeps the new one (PROTOCOL.md, 4). */
enum rig_agent_session { RIG_AGENT_FULL = 0, RIG_AGENT_SESSION_ID, RIG_AGENT_SESSION_TICKET };

struct rig_agent_handshake_request {
    const char *host; /* direct: name or address the board connects to */
    uint16_t port;
    const char *sni;           /* NULL: none */
    const char *expected_name; /* what the board must find in the server's certificate */
    enum rig_tls_version min_version;
    enum rig_tls_version max_version;
    enum rig_agent_source certificate;
    enum rig_agent_source roots;
    bool slot_crls; /* check the server's chain with the slot's CRLs */
    enum rig_agent_session session;
    enum rig_agent_transport transport;
    int64_t timeout_ms;
    const char *http_path; /* NULL: echo; else GET this, success is a status 2xx. hello.http */
    const char *nonce;     /* sent and expected back: letters and digits, at most 64 */
    int relay_fd; /* relay: a connected stream socket to the test server, borrowed; else -1 */
};

/* What the device says of a handshake. */
struct rig_agent_handshake_report {
    bool connected;        /* TCP or relay was there */
    bool handshake_done;   /* the library's handshake call succeeded */
    bool echoed;           /* the nonce came back */
    unsigned http_status;  /* 0: no HTTP answer, or none was asked for */
    bool resumed;          /* the server took up the kept session */
    int tls_code;          /* mbedTLS return code, 0 or negative */
    uint32_t verify_flags; /* mbedTLS X.509 verify flags */
    int alert_sent;        /* -1: none */
    int alert_received;    /* -1: none */
    char version[16];      /* "TLSv1.2" */
    char cipher[64];
    uint8_t client_random[32];
    bool has_client_random;
    uint8_t offered_sha256[RIG_SHA256_SIZE]; /* leaf the device was configured to offer */
    bool offered;                            /* there was such a leaf */
    char client_shown[12]; /* "cert", "empty", "not-asked"; "unknown" under TLS 1.3 */
    uint8_t server_sha256[RIG_SHA256_SIZE];
    bool has_server;
    int64_t connect_ms;
    int64_t handshake_ms;
    int64_t echo_ms;
    char text[160]; /* the device's own words */
};

/* Borrows `link`. The caller frees *agent. No byte is sent yet. */
RIG_CHECKED rig_result rig_agent_new(struct rig_link *link, struct rig_agent **agent,
                                     struct rig_error *err);
void rig_agent_free(struct rig_agent *agent);
static inline void rig_auto_agent(struct rig_agent **agent)
{
    rig_agent_free(*agent);
    *agent = NULL;
}

/* Requests that had to be sent again since rig_agent_new: noise on the line, for the evidence. */
unsigned rig_agent_retransmissions(const struct rig_agent *agent);

/* Waits until the agent answers `hello`: also right after a reset, while the firmware still boots.
 */
RIG_CHECKED rig_result rig_agent_hello(struct rig_agent *agent, struct rig_agent_hello *hello,
                                       struct rig_wait wait, struct rig_error *err);
/* Whether hello says so of a version (0x0303) and of a cipher suite. Pure. */
bool rig_agent_declares_version(const struct rig_agent_hello *hello, uint16_t version);
bool rig_agent_declares_cipher(const struct rig_agent_hello *hello, uint16_t number);
RIG_CHECKED rig_result rig_agent_set_time(struct rig_agent *agent, int64_t unix_ms,
                                          struct rig_wait wait, struct rig_error *err);
/* Makes a new key on the device; the old one is gone. */
RIG_CHECKED rig_result rig_agent_keygen(struct rig_agent *agent, enum rig_key_type type,
                                        uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_wait wait,
                                        struct rig_error *err);
/* RIG_KEY_NONE when there is none. */
RIG_CHECKED rig_result rig_agent_key(struct rig_agent *agent, enum rig_key_type *type,
                                     uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_wait wait,
                                     struct rig_error *err);
/* Appends the CSR in DER. organization and country may be NULL. */
RIG_CHECKED rig_result rig_agent_csr(struct rig_agent *agent, const char *common_name,
                                     const char *organization, const char *country,
                                     struct rig_buf *der, struct rig_wait wait,
                                     struct rig_error *err);
/* What the volatile slot holds: PEM texts; NULL or "" leaves that part empty. */
struct rig_agent_slot {
    const char *chain_pem; /* leaf first */
    const char *roots_pem;
    const char *crls_pem; /* UNSUPPORTED for a firmware without CRLs */
};
RIG_CHECKED rig_result rig_agent_slot_load(struct rig_agent *agent,
                                           const struct rig_agent_slot *slot, struct rig_wait wait,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_agent_slot_clear(struct rig_agent *agent, struct rig_wait wait,
                                            struct rig_error *err);
RIG_CHECKED rig_result rig_agent_certificates(struct rig_agent *agent, enum rig_agent_source source,
                                              struct rig_agent_certificates *state,
                                              struct rig_wait wait, struct rig_error *err);
#define RIG_AGENT_CHAIN_MAX 16
#define RIG_AGENT_ROOTS_MAX 16

/* The chain that the device presents, as it says: its leaf, then the intermediates in use. */
struct rig_agent_chain {
    unsigned n_chain; /* leaf included; 0: nothing is flashed */
    uint8_t sha256[RIG_AGENT_CHAIN_MAX][RIG_SHA256_SIZE];
    unsigned n_roots;
    uint8_t roots_sha256[RIG_AGENT_ROOTS_MAX][RIG_SHA256_SIZE];
    bool updated;     /* the intermediates came with a chain update */
    uint32_t version; /* of the newest chain update; 0: none. A next one must have a higher one */
};
RIG_CHECKED rig_result rig_agent_chain_state(struct rig_agent *agent, struct rig_agent_chain *chain,
                                             struct rig_wait wait, struct rig_error *err);

/* Hands a chain update over, all but the commit. What the slot held is gone then. */
RIG_CHECKED rig_result rig_agent_chain_upload(struct rig_agent *agent, const void *object,
                                              size_t n_bytes, struct rig_wait wait,
                                              struct rig_error *err);

struct rig_agent_chain_answer {
    bool accepted;
    char code[24];  /* why not: a word of PROTOCOL.md section 7.2; "" when accepted */
    char text[160]; /* the device's own words */
};
/* Has the board judge and store what was uploaded. A refusal is success, with accepted false. */
RIG_CHECKED rig_result rig_agent_chain_commit(struct rig_agent *agent, const void *object,
                                              size_t n_bytes, struct rig_agent_chain_answer *answer,
                                              struct rig_wait wait, struct rig_error *err);

/* Succeeds whenever the device reported, whatever it reported. */
RIG_CHECKED rig_result rig_agent_handshake(struct rig_agent *agent,
                                           const struct rig_agent_handshake_request *request,
                                           struct rig_agent_handshake_report *report,
                                           struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_agent_log_level(struct rig_agent *agent, unsigned level,
                                           struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_agent_reset(struct rig_agent *agent, struct rig_wait wait,
                                       struct rig_error *err);

#endif
