/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local CA's memory, `ca.db` (SQLite, WAL, full sync): its levels, all it ever issued, all it
 * revoked, the number and time of each CA's newest CRL. What a transaction committed survives the
 * death of the process and of the host.
 *
 * Errors: class RIG with the path and a remedy: NO_SPACE, PERMISSION, INVALID (damaged, or not such
 * a file), IO; TIMEOUT or CANCELLED while another process writes. Class CA: NOT_FOUND, DUPLICATE.
 * Threads: one at a time per store; several stores, in any processes, may have one file open.
 */
#ifndef RIG_CA_STORE_H
#define RIG_CA_STORE_H

#include "rig/ca/ca.h"
#include "rig/ca/local.h"

struct rig_ca_store;

struct rig_ca_store_level {
    char name[RIG_CA_LEVEL_NAME_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    uint8_t certificate_sha256[RIG_SHA256_SIZE];
    int64_t crl_number; /* of its newest CRL; 0: none yet */
    int64_t crl_this_update_ms;
};

struct rig_ca_store_facts {
    size_t n_levels;
    struct rig_ca_store_level levels[RIG_CA_MAX_LEVELS];
    int64_t device_days;
    int64_t crl_hours;
};

/*
 * Makes a new file, and opens it within a transaction: the CA certificates and first CRLs are to be
 * added before the commit. Nothing is synced: the caller closes the store and syncs the file before
 * anybody may rely on it.
 */
RIG_CHECKED rig_result rig_ca_store_make(const char *path, const struct rig_ca_store_facts *facts,
                                         struct rig_ca_store **store, struct rig_error *err);

/* The caller closes it. NOT_FOUND when there is no such file. */
RIG_CHECKED rig_result rig_ca_store_open(const char *path, struct rig_wait wait,
                                         struct rig_ca_store **store, struct rig_error *err);
void rig_ca_store_close(struct rig_ca_store *store);
static inline void rig_auto_ca_store(struct rig_ca_store **store)
{
    rig_ca_store_close(*store);
    *store = NULL;
}

RIG_CHECKED rig_result rig_ca_store_facts(struct rig_ca_store *store,
                                          struct rig_ca_store_facts *facts, struct rig_error *err);

/* How long what follows waits for other processes. `wait.cancel` is borrowed until the next one. */
void rig_ca_store_wait(struct rig_ca_store *store, struct rig_wait wait);

/* A writing transaction. */
RIG_CHECKED rig_result rig_ca_store_begin(struct rig_ca_store *store, struct rig_error *err);
/* On disk when it returns. */
RIG_CHECKED rig_result rig_ca_store_commit(struct rig_ca_store *store, struct rig_error *err);
/* Without a transaction: nothing. */
void rig_ca_store_rollback(struct rig_ca_store *store);

struct rig_ca_store_row {
    size_t issuer_level; /* who signed; a root signs itself */
    bool is_ca;
    const char *serial;
    const char *subject;
    const uint8_t *spki_sha256;
    const uint8_t *csr_sha256; /* NULL: there was none */
    const struct rig_buf *der;
    int64_t not_before_ms;
    int64_t not_after_ms;
    int64_t issued_at_ms;
};

/* DUPLICATE when the serial was used before. */
RIG_CHECKED rig_result rig_ca_store_add(struct rig_ca_store *store,
                                        const struct rig_ca_store_row *row, struct rig_error *err);

/* All zero for a serial that was never issued. */
struct rig_ca_store_status {
    bool known;
    size_t issuer_level;
    bool revoked;
    int64_t revoked_at_ms;
    enum rig_revocation_reason reason;
};
RIG_CHECKED rig_result rig_ca_store_status(struct rig_ca_store *store, const char *serial,
                                           struct rig_ca_store_status *status,
                                           struct rig_error *err);

/* `changed` false: was revoked before, the first time and reason stay. */
RIG_CHECKED rig_result rig_ca_store_revoke(struct rig_ca_store *store, const char *serial,
                                           int64_t revoked_at_ms, enum rig_revocation_reason reason,
                                           size_t *issuer_level, bool *changed,
                                           struct rig_error *err);

/* Each revoked certificate of one CA that had not ended before `ended_before_ms`. */
typedef rig_result rig_ca_store_revoked_fn(void *ctx, const char *serial, int64_t revoked_at_ms,
                                           enum rig_revocation_reason reason,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_ca_store_each_revoked(struct rig_ca_store *store, size_t issuer_level,
                                                 int64_t ended_before_ms,
                                                 rig_ca_store_revoked_fn *each, void *ctx,
                                                 struct rig_error *err);

/* False while no CA certificate of the chain was revoked. */
RIG_CHECKED rig_result rig_ca_store_ca_revoked(struct rig_ca_store *store, bool *revoked,
                                               struct rig_error *err);

RIG_CHECKED rig_result rig_ca_store_crl_put(struct rig_ca_store *store, size_t level,
                                            int64_t number, int64_t this_update_ms,
                                            const struct rig_buf *pem, struct rig_error *err);
/* The newest CRL of a CA, appended; nothing when there is none yet. */
RIG_CHECKED rig_result rig_ca_store_crl_get(struct rig_ca_store *store, size_t level,
                                            struct rig_buf *pem, struct rig_error *err);

struct rig_ca_store_issued {
    char serial[RIG_SERIAL_TEXT_SIZE];
    bool revoked;
    struct rig_buf der;
};
struct rig_ca_store_list {
    struct rig_ca_store_issued *rows;
    size_t n_rows;
};
void rig_ca_store_list_free(struct rig_ca_store_list *list);
/*
 * Oldest first; the caller frees the list. The answer is final: a transaction that a killed program
 * had logged and not yet announced, which SQLite would take up again at a later start, is written
 * over first.
 */
RIG_CHECKED rig_result rig_ca_store_issued_for(struct rig_ca_store *store,
                                               const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                               struct rig_ca_store_list *list,
                                               struct rig_error *err);

/* Without the CAs' own certificates. */
RIG_CHECKED rig_result rig_ca_store_count(struct rig_ca_store *store, int64_t *n_issued,
                                          int64_t *n_revoked, struct rig_error *err);

#endif
