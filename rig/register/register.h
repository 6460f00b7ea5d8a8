/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of what can't be undone, and the register of devices: one SQLite file `rig.db` in the
 * work folder.
 *
 * Journal: an entry is opened (and on disk) before an irreversible step and closed after it. A run
 * killed at any instant leaves entries open; the next start lists them, and what was issued and not
 * installed is an orphan that can be revoked. Register: a row per device (its MAC), a row per
 * certificate; a public key belongs to one device for ever.
 *
 * Every function that writes has its change on disk when it returns (WAL, full sync), or has
 * changed nothing. Errors: class RIG (NO_SPACE, PERMISSION, BUSY: another rig works in this folder,
 * with its pid; INVALID: the file is damaged, foreign or of a newer rig; IO), class DEVICE for a
 * DUPLICATE key or device (the text names both boards). Names longer than their field are refused,
 * not cut: a register must not mix up two. Outcomes and reasons are cut. Threads: any number of
 * threads may use one register at once. The `each` functions read a page of rows and then call, so
 * a callback may use and change the register; a callback that fails ends the listing with its
 * error.
 */
#ifndef RIG_REGISTER_REGISTER_H
#define RIG_REGISTER_REGISTER_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/base/wait.h"

struct rig_register;

/*
 * `writer`: makes the folder and `rig.db` where missing and takes the folder's lock (on `rig.lock`,
 * freed when the process dies). A reader works beside a writer and fails with NOT_FOUND, class
 * USAGE, where there is no register; what it is asked to write fails with PERMISSION. `clock` is
 * borrowed until the close. The caller closes it.
 */
RIG_CHECKED rig_result rig_register_open(const char *folder, bool writer,
                                         const struct rig_clock *clock, struct rig_register **reg,
                                         struct rig_error *err);
void rig_register_close(struct rig_register *reg);
static inline void rig_auto_register(struct rig_register **reg)
{
    rig_register_close(*reg);
    *reg = NULL;
}

/* The process that has the folder's writer lock now (this one counts); 0 when nobody works in the
 * folder. Then what is open in the journal is left over; else it may be at work. */
RIG_CHECKED rig_result rig_register_writer_pid(struct rig_register *reg, int64_t *pid,
                                               struct rig_error *err);

enum rig_journal_action {
    RIG_JOURNAL_ISSUE = 0,
    RIG_JOURNAL_REVOKE,
    RIG_JOURNAL_FLASH,
    RIG_JOURNAL_KEYGEN,
    RIG_JOURNAL_REGISTER,
};
const char *rig_journal_action_name(enum rig_journal_action action);

struct rig_journal_id {
    int64_t row;
};

struct rig_journal_entry {
    struct rig_journal_id id;
    enum rig_journal_action action;
    char run_id[40];
    struct rig_board_id board;
    char device_id[64];
    char subject[96]; /* what it is about: see rig_journal_open */
    int64_t opened_ms;
    int64_t closed_ms; /* 0: still open */
    bool ok;           /* when closed */
    char outcome[200];
};

/* `subject` is a short text by which a later start finishes what was interrupted: of an issue
 * "spki <hex>", and "spki <hex> test" for a certificate of RIG_PURPOSE_TEST; of a revocation
 * "serial <hex> [reason]" (a name of rig_revocation_reason_name; none: cessation); else any, such
 * as "esp_secure_cert@0x110000". */
RIG_CHECKED rig_result rig_journal_open(struct rig_register *reg, enum rig_journal_action action,
                                        const char *run_id, const struct rig_board_id *board,
                                        const char *device_id, const char *subject,
                                        struct rig_journal_id *id, struct rig_error *err);
/* An entry that is closed already, or is not there, is INVALID. `outcome` may be NULL. */
RIG_CHECKED rig_result rig_journal_close(struct rig_register *reg, struct rig_journal_id id,
                                         bool ok, const char *outcome, struct rig_error *err);
/* Every entry that is still open, oldest first. */
RIG_CHECKED rig_result rig_journal_each_open(
    struct rig_register *reg,
    rig_result (*each)(void *ctx, const struct rig_journal_entry *entry, struct rig_error *err),
    void *ctx, struct rig_error *err);

/* Every entry of one run (NULL: of all), oldest first. */
RIG_CHECKED rig_result rig_journal_each(struct rig_register *reg, const char *run_id,
                                        rig_result (*each)(void *ctx,
                                                           const struct rig_journal_entry *entry,
                                                           struct rig_error *err),
                                        void *ctx, struct rig_error *err);

struct rig_register_run {
    char run_id[40];
    char suite[48];
    char suite_sha256[65]; /* hex, of the suite file; "" unknown */
    char rig_version[32];
    char ca[16];
    char station[64];
    char operator_name[64];
    int64_t pid;
    int64_t started_ms;
    int64_t ended_ms;      /* 0: goes on, or was killed */
    char result[16];       /* "" until it ended; then a verdict or "cancelled" */
    char junit_sha256[65]; /* "" until the report is written */
};

/* `started_ms`, `pid` and the fields below them are filled in here. A known run id is EXISTS, class
 * RIG. */
RIG_CHECKED rig_result rig_register_run_begin(struct rig_register *reg,
                                              const struct rig_register_run *run,
                                              struct rig_error *err);
RIG_CHECKED rig_result rig_register_run_end(struct rig_register *reg, const char *run_id,
                                            const char *result, struct rig_error *err);
/* Newest first. */
RIG_CHECKED rig_result rig_register_each_run(struct rig_register *reg,
                                             rig_result (*each)(void *ctx,
                                                                const struct rig_register_run *run,
                                                                struct rig_error *err),
                                             void *ctx, struct rig_error *err);

enum rig_certificate_purpose {
    RIG_PURPOSE_DEVICE = 0, /* to be installed and kept */
    RIG_PURPOSE_TEST,       /* for a negative case; revoked by the rig itself, never installed */
};

enum rig_certificate_state {
    RIG_CERT_ISSUED = 0, /* and not (yet) installed: an orphan once its run is over */
    RIG_CERT_INSTALLED,
    RIG_CERT_SUPERSEDED, /* was installed, another took its place; revoked */
    RIG_CERT_REVOKED,
};
const char *rig_certificate_purpose_name(enum rig_certificate_purpose purpose);
const char *rig_certificate_state_name(enum rig_certificate_state state);

struct rig_register_certificate {
    char serial[41]; /* hex; with the issuer it names the certificate */
    char issuer[256];
    uint8_t cert_sha256[RIG_SHA256_SIZE];
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    uint8_t csr_sha256[RIG_SHA256_SIZE];
    int64_t not_before_ms;
    int64_t not_after_ms;
    enum rig_key_type key_type;
    enum rig_certificate_purpose purpose;
    enum rig_certificate_state state;
    char run_id[40];
    struct rig_board_id board;
    char device_id[64];
    char mac[18];             /* "24:6f:28:aa:00:01" */
    char backend[16];         /* "local" */
    char backend_request[64]; /* the back end's own id of the request (Vault's request_id); "" none
                               */
    char supersedes[41]; /* serial of the certificate whose place it took; filled by set_state */
    int64_t issued_ms;
    int64_t installed_ms; /* 0: never */
    int64_t revoked_ms;   /* 0: never */
    char revocation_reason[32];
};

/* The fields of facts/pki.md section 5 (traceability) that are the device's, not a certificate's.
 */
struct rig_register_device {
    char mac[18];       /* unique */
    char device_id[64]; /* CN, registration id; unique */
    struct rig_board_id board;
    char chip[16];
    unsigned chip_revision;
    uint32_t flash_id;
    uint32_t flash_size_bytes;
    char firmware[96]; /* agent and TLS library versions */
    bool secure_boot;
    bool flash_encryption;
    char station[64]; /* host name */
    char operator_name[64];
    char suite[48];
    char result[16]; /* verdict of the last run */
    char run_id[40];
    char junit_sha256[65]; /* "" until the report is written */
    char serial[41];       /* of the certificate it keeps; "" none */
    char note[200];        /* a person's words; rig_register_note */
    int64_t first_seen_ms; /* this and updated_ms are filled in by the register */
    int64_t updated_ms;
};

/*
 * Claims a public key for a device. DUPLICATE (class DEVICE) when another device, of this run or
 * any before, has it, or another board of this run under the same device id; the text names both.
 * Claiming again for the same device is fine.
 */
RIG_CHECKED rig_result rig_register_claim_key(struct rig_register *reg,
                                              const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                              const char *device_id,
                                              const struct rig_board_id *board, const char *run_id,
                                              struct rig_error *err);
/* The other boards of `run_id` that tried to claim the same key as `device_id` did, comma separated
 * into `names`
 * ("b2 (rig-246f28aa0002), b3 (...)"; "" none): so that the first owner learns of it too. */
RIG_CHECKED rig_result rig_register_key_rivals(struct rig_register *reg, const char *run_id,
                                               const char *device_id, struct rig_buf *names,
                                               struct rig_error *err);

/*
 * Records an issued certificate (its state is ISSUED whatever the struct says; `issued_ms` 0: now)
 * and closes its journal entry, in one transaction. A serial that this issuer used before is EXISTS
 * (class CA).
 */
RIG_CHECKED rig_result rig_register_issued(struct rig_register *reg, struct rig_journal_id journal,
                                           const struct rig_register_certificate *certificate,
                                           struct rig_error *err);
/*
 * Moves a certificate on: issued -> installed -> superseded or revoked; issued -> revoked. Never
 * back (INVALID). Revoking twice keeps the first time and reason. An unknown serial is NOT_FOUND,
 * class USAGE; one that two issuers used is DUPLICATE: name the issuer with the second form (NULL:
 * any). `reason` (NULL: none) is kept for superseded and revoked.
 */
RIG_CHECKED rig_result rig_register_set_state(struct rig_register *reg, const char *serial,
                                              enum rig_certificate_state state, const char *reason,
                                              struct rig_error *err);
RIG_CHECKED rig_result rig_register_set_state_of(struct rig_register *reg, const char *issuer,
                                                 const char *serial,
                                                 enum rig_certificate_state state,
                                                 const char *reason, struct rig_error *err);
/*
 * Inserts or updates the device's row (by MAC); note and first_seen_ms stay, and so does
 * junit_sha256 within a run. Where `device` has no serial, the one before stays as long as that
 * certificate of this device is INSTALLED. DUPLICATE (class DEVICE): its device id belongs to
 * another MAC, or another board of this run has this MAC.
 */
RIG_CHECKED rig_result rig_register_put_device(struct rig_register *reg,
                                               const struct rig_register_device *device,
                                               struct rig_error *err);
RIG_CHECKED rig_result rig_register_each_device(
    struct rig_register *reg,
    rig_result (*each)(void *ctx, const struct rig_register_device *device, struct rig_error *err),
    void *ctx, struct rig_error *err);
/* Of one device, newest first; device_id NULL: of all. */
RIG_CHECKED rig_result rig_register_each_certificate(
    struct rig_register *reg, const char *device_id,
    rig_result (*each)(void *ctx, const struct rig_register_certificate *certificate,
                       struct rig_error *err),
    void *ctx, struct rig_error *err);
/* Issued (any purpose), not installed, not revoked; oldest first. Those of a run that goes on are
 * among them: see rig_register_writer_pid. */
RIG_CHECKED rig_result rig_register_each_orphan(
    struct rig_register *reg,
    rig_result (*each)(void *ctx, const struct rig_register_certificate *certificate,
                       struct rig_error *err),
    void *ctx, struct rig_error *err);
/* Every certificate that carries this key, newest first: what tells that a board and key were
 * served before. */
RIG_CHECKED rig_result rig_register_each_certificate_of_key(
    struct rig_register *reg, const uint8_t spki_sha256[RIG_SHA256_SIZE],
    rig_result (*each)(void *ctx, const struct rig_register_certificate *certificate,
                       struct rig_error *err),
    void *ctx, struct rig_error *err);
/* By MAC, device id or board id (the newest run's). NOT_FOUND, class USAGE. */
RIG_CHECKED rig_result rig_register_find_device(struct rig_register *reg, const char *name,
                                                struct rig_register_device *device,
                                                struct rig_error *err);
/* A person's note on a device, found as above; it outlives the runs. "" removes it. */
RIG_CHECKED rig_result rig_register_note(struct rig_register *reg, const char *name,
                                         const char *note, struct rig_error *err);
/* Puts the JUnit file's SHA-256 (hex) on the run and on all its devices. */
RIG_CHECKED rig_result rig_register_set_junit(struct rig_register *reg, const char *run_id,
                                              const char *sha256_hex, struct rig_error *err);

#endif
