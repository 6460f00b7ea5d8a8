/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the client know of each other; for rig/vault and its tests only. The way of a
 * call: client.c (paths, envelope) -> login.c (a token that is valid) -> retry.c (once more?) ->
 * http.c (one exchange) -> faults.c (what kind of no).
 */
#ifndef RIG_VAULT_INTERNAL_H
#define RIG_VAULT_INTERNAL_H

#include "rig/vault/client.h"

#include <pthread.h>

/* ---- http.c: one exchange over a pooled connection ---------------------------------------- */

struct rig_vault_http;

struct rig_vault_http_options {
    const char *address; /* checked by rig_vault_http_open */
    const char *ca_file;
    const char *ca_folder;
    const char *tls_server_name;
    const char *client_certificate_file;
    const char *client_key_file;
    bool skip_verify;
};

/* Copies the texts. Address: https://HOST[:PORT][/PREFIX], or http:// for a loopback address. */
RIG_CHECKED rig_result rig_vault_http_open(const struct rig_vault_http_options *options,
                                           struct rig_vault_http **http, struct rig_error *err);
void rig_vault_http_close(struct rig_vault_http *http);
/* The address without a slash at its end. Borrowed. */
const char *rig_vault_http_address(const struct rig_vault_http *http);

struct rig_vault_exchange {
    const char *method;         /* "GET", "POST", "DELETE" */
    const char *path;           /* behind the address: "/v1/sys/health" */
    const char *namespace_path; /* may be NULL */
    const char *token;          /* may be NULL; cleared wherever it was copied to */
    const char *content_type;   /* of the body */
    const void *body;           /* NULL: none */
    size_t body_len;
    bool repeatable; /* a connection that died before the answer may be replaced silently */

    long status;           /* 0: no answer */
    struct rig_buf answer; /* marked secret */
    char content_type_in[64];
    int64_t retry_after_ms;     /* 0: not said */
    bool sent;                  /* the server may have read the request to its end */
    enum rig_vault_fault fault; /* of the transport; NONE: an answer came, whatever its status */
    int64_t server_ns;
};
void rig_vault_exchange_free(struct rig_vault_exchange *exchange);

/* A failed result: fault says which, err how; NONE with class CANCELLED, or RIG for this host's
 * own failures. */
RIG_CHECKED rig_result rig_vault_exchange(struct rig_vault_http *http,
                                          struct rig_vault_exchange *exchange, struct rig_wait wait,
                                          struct rig_error *err);

/* ---- faults.c: the table, and what an answer means ----------------------------------------- */

/* How many bytes of a server's own words are shown. */
#define RIG_VAULT_WORDS_SIZE 240

/*
 * What an answer of this status is: NONE for 2xx. `body` is any bytes. `words` gets the server's
 * first error text in one line of printable characters, "" when it said nothing.
 */
enum rig_vault_fault rig_vault_classify(long status, const char *content_type, const void *body,
                                        size_t body_len, char words[RIG_VAULT_WORDS_SIZE]);

/* Fills err with class, code and sentence of the fault: "<what>: <sentence> (<words>): <remedy>".
 * `words` may be "", `remedy` NULL for the table's. */
rig_result rig_vault_fail(struct rig_error *err, enum rig_vault_fault fault, const char *what,
                          const char *words, const char *remedy);
/* The table's sentence. */
const char *rig_vault_fault_sentence(enum rig_vault_fault fault);

/* ---- retry.c: may it be sent again, and when ------------------------------------------------ */

/* It was surely not executed, and may go better next time. */
bool rig_vault_fault_not_executed(enum rig_vault_fault fault, bool sent);
/* Sending it again makes sense: not executed, or repeatable and perhaps a passing trouble. */
bool rig_vault_may_repeat(enum rig_vault_fault fault, bool sent, bool repeatable);
/* A changing request that failed so may have been executed. */
bool rig_vault_uncertain(enum rig_vault_fault fault, long status, bool sent);
/* Before try `next_try` (2, 3, ...): 100 ms doubled each time, at most 5 s, of which a random half
 * to whole; never less than the server asked for. `random` is any number. */
int64_t rig_vault_pause_ms(unsigned next_try, int64_t retry_after_ms, uint32_t random);

/* ---- memory.c: libraries that see secrets give back cleared memory -------------------------- */

/* Initialises libcurl, once, with memory functions that clear. jansson's are set before main. */
RIG_CHECKED rig_result rig_vault_memory_init(struct rig_error *err);

/* ---- login.c: a token that is valid --------------------------------------------------------- */

struct rig_vault_session {
    pthread_mutex_t lock; /* guards all below */
    int changed_fd;       /* event: a login or renewal ended */
    bool busy;            /* one thread logs in or renews */
    struct rig_buf token; /* secret; empty: none */
    uint64_t generation;  /* counts tokens */
    bool own;             /* this client logged in for it */
    bool renewable;
    int64_t lease_ms;      /* of the login, before renewals; 0: for ever */
    int64_t renew_at_ms;   /* on the client's clock; INT64_MAX: never */
    int64_t expires_at_ms; /* INT64_MAX: never */
};

struct rig_vault {
    struct rig_vault_http *http;
    char *namespace_path;
    enum rig_vault_login_kind login_kind;
    char *login_mount;
    char *login_role;
    struct rig_buf login_secret;
    int64_t request_timeout_ms;
    unsigned max_tries;
    bool skip_verify;
    const struct rig_clock *clock;
    struct rig_vault_session session;
};

RIG_CHECKED rig_result rig_vault_session_open(struct rig_vault_session *session,
                                              struct rig_error *err);
/* Gives up the token (and revokes it when it is our own). */
void rig_vault_session_close(struct rig_vault *vault);

/* A copy of a valid token, after a login or renewal where that is due. *generation names it. */
RIG_CHECKED rig_result rig_vault_session_token(struct rig_vault *vault, struct rig_buf *token,
                                               uint64_t *generation, enum rig_vault_fault *fault,
                                               struct rig_wait wait, struct rig_error *err);
/* The server did not know token `generation`: true when a new login can help. */
bool rig_vault_session_drop(struct rig_vault *vault, uint64_t generation);

/* ---- client.c, for login.c ------------------------------------------------------------------ */

/* One request with this token (NULL: none), with retries, without any login. *root is the whole
 * answer; NULL for 204. */
RIG_CHECKED rig_result rig_vault_ask(struct rig_vault *vault,
                                     const struct rig_vault_request *request, const char *token,
                                     struct rig_vault_reply *reply, json_t **root,
                                     struct rig_wait wait, struct rig_error *err);

/* denied.c: turns a 403 into what is missing: DENIED with the capability, or TOKEN. */
rig_result rig_vault_explain_denied(struct rig_vault *vault,
                                    const struct rig_vault_request *request, const char *token,
                                    enum rig_vault_fault *fault, struct rig_wait wait,
                                    struct rig_error *err);

#endif
