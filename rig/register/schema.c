/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/schema.h"

static const char version_1[] =
    "CREATE TABLE runs ("
    " run_id TEXT PRIMARY KEY NOT NULL,"
    " suite TEXT NOT NULL, suite_sha256 TEXT NOT NULL, rig_version TEXT NOT NULL,"
    " ca TEXT NOT NULL, station TEXT NOT NULL, operator TEXT NOT NULL, pid INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL DEFAULT 0,"
    " result TEXT NOT NULL DEFAULT '', junit_sha256 TEXT NOT NULL DEFAULT ''"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX runs_started ON runs (started_ms, run_id);"

    "CREATE TABLE journal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " action TEXT NOT NULL, run_id TEXT NOT NULL, board TEXT NOT NULL,"
    " device_id TEXT NOT NULL, subject TEXT NOT NULL, opened_ms INTEGER NOT NULL,"
    " closed_ms INTEGER, ok INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE INDEX journal_open ON journal (id) WHERE closed_ms IS NULL;"
    "CREATE INDEX journal_run ON journal (run_id);"

    "CREATE TABLE keys ("
    " spki_sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(spki_sha256) = 32),"
    " device_id TEXT NOT NULL, board TEXT NOT NULL, run_id TEXT NOT NULL,"
    " claimed_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE claims ("
    " run_id TEXT NOT NULL, spki_sha256 BLOB NOT NULL REFERENCES keys,"
    " device_id TEXT NOT NULL, board TEXT NOT NULL, granted INTEGER NOT NULL,"
    " claimed_ms INTEGER NOT NULL,"
    " PRIMARY KEY (run_id, spki_sha256, device_id, board)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE certificates ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " serial TEXT NOT NULL COLLATE NOCASE, issuer TEXT NOT NULL,"
    " cert_sha256 BLOB NOT NULL CHECK (length(cert_sha256) = 32),"
    " spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),"
    " csr_sha256 BLOB NOT NULL CHECK (length(csr_sha256) = 32),"
    " not_before_ms INTEGER NOT NULL, not_after_ms INTEGER NOT NULL,"
    " key_type TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL,"
    " run_id TEXT NOT NULL, board TEXT NOT NULL, device_id TEXT NOT NULL, mac TEXT NOT NULL,"
    " backend TEXT NOT NULL, backend_request TEXT NOT NULL,"
    " supersedes TEXT NOT NULL DEFAULT '', issued_ms INTEGER NOT NULL,"
    " installed_ms INTEGER NOT NULL DEFAULT 0, revoked_ms INTEGER NOT NULL DEFAULT 0,"
    " revocation_reason TEXT NOT NULL DEFAULT '',"
    " UNIQUE (serial, issuer)"
    ") STRICT;"
    "CREATE INDEX certificates_device ON certificates (device_id);"
    "CREATE INDEX certificates_key ON certificates (spki_sha256);"
    "CREATE INDEX certificates_orphan ON certificates (id) WHERE state = 'issued';"

    "CREATE TABLE devices ("
    " mac TEXT PRIMARY KEY NOT NULL COLLATE NOCASE, device_id TEXT UNIQUE NOT NULL,"
    " board TEXT NOT NULL, chip TEXT NOT NULL, chip_revision INTEGER NOT NULL,"
    " flash_id INTEGER NOT NULL, flash_size_bytes INTEGER NOT NULL, firmware TEXT NOT NULL,"
    " secure_boot INTEGER NOT NULL, flash_encryption INTEGER NOT NULL, station TEXT NOT NULL,"
    " operator TEXT NOT NULL, suite TEXT NOT NULL, result TEXT NOT NULL, run_id TEXT NOT NULL,"
    " junit_sha256 TEXT NOT NULL, serial TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',"
    " first_seen_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX devices_run ON devices (run_id);";

const char *const rig_schema_migrations[] = {version_1};
const size_t rig_schema_version = sizeof rig_schema_migrations / sizeof *rig_schema_migrations;

#define TEXT_OF(number) #number
#define LITERAL(number) TEXT_OF(number)
#define LIMIT_PAGE " LIMIT " LITERAL(RIG_SQL_PAGE_ROWS)
#define JOURNAL_COLUMNS                                                                            \
    "id, action, run_id, board, device_id, subject, opened_ms, ifnull(closed_ms, 0), ok, outcome"
#define CERT_COLUMNS                                                                               \
    "id, serial, issuer, cert_sha256, spki_sha256, csr_sha256, not_before_ms, not_after_ms, "      \
    "key_type, purpose, state, run_id, board, device_id, mac, backend, backend_request, "          \
    "supersedes, issued_ms, installed_ms, revoked_ms, revocation_reason"
#define DEVICE_COLUMNS                                                                             \
    "mac, device_id, board, chip, chip_revision, flash_id, flash_size_bytes, firmware, "           \
    "secure_boot, flash_encryption, station, operator, suite, result, run_id, junit_sha256, "      \
    "serial, note, first_seen_ms, updated_ms"

const char *const rig_sql_text[RIG_SQL_COUNT] = {
    [RIG_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [RIG_SQL_COMMIT] = "COMMIT",
    [RIG_SQL_ROLLBACK] = "ROLLBACK",

    [RIG_SQL_JOURNAL_OPEN] =
        "INSERT INTO journal (action, run_id, board, device_id, subject, opened_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [RIG_SQL_JOURNAL_CLOSE] = "UPDATE journal SET closed_ms = ?2, ok = ?3, outcome = ?4"
                              " WHERE id = ?1 AND closed_ms IS NULL",
    [RIG_SQL_JOURNAL_STILL_OPEN] =
        "SELECT " JOURNAL_COLUMNS
        " FROM journal WHERE closed_ms IS NULL AND id > ?1 ORDER BY id" LIMIT_PAGE,
    [RIG_SQL_JOURNAL_ALL] =
        "SELECT " JOURNAL_COLUMNS " FROM journal WHERE id > ?1 ORDER BY id" LIMIT_PAGE,

    [RIG_SQL_JOURNAL_OF_RUN] = "SELECT " JOURNAL_COLUMNS
                               " FROM journal WHERE id > ?1 AND run_id = ?2 ORDER BY id" LIMIT_PAGE,

    [RIG_SQL_KEY_OWNER] = "SELECT device_id, board, run_id FROM keys WHERE spki_sha256 = ?1",
    [RIG_SQL_KEY_OWN] = "INSERT INTO keys (spki_sha256, device_id, board, run_id, claimed_ms)"
                        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
                        " board = excluded.board, run_id = excluded.run_id",
    [RIG_SQL_KEY_CLAIM] =
        "INSERT INTO claims (spki_sha256, device_id, board, run_id, claimed_ms, granted)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET granted = excluded.granted",
    [RIG_SQL_KEY_RIVALS] =
        "SELECT DISTINCT rival.board, rival.device_id FROM claims AS own"
        " JOIN claims AS rival ON rival.run_id = own.run_id"
        "  AND rival.spki_sha256 = own.spki_sha256"
        " WHERE own.run_id = ?1 AND own.device_id = ?2 AND (rival.device_id <> own.device_id"
        "  OR (own.granted AND NOT rival.granted AND rival.board <> own.board))"
        " ORDER BY rival.board, rival.device_id",

    [RIG_SQL_CERT_INSERT] = "INSERT INTO certificates (serial, issuer, cert_sha256, spki_sha256,"
                            " csr_sha256, not_before_ms, not_after_ms, key_type, purpose, state,"
                            " run_id, board, device_id, mac, backend, backend_request, issued_ms)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'issued', ?10, ?11, ?12,"
                            " ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING",
    [RIG_SQL_CERT_FIND] = "SELECT id, state, installed_ms, device_id, issuer FROM certificates"
                          " WHERE serial = ?1 AND (?2 IS NULL OR issuer = ?2)",
    [RIG_SQL_CERT_INSTALL] =
        "UPDATE certificates SET state = 'installed', installed_ms = ?2,"
        " supersedes = ifnull((SELECT before.serial FROM certificates AS before"
        "  WHERE before.device_id = certificates.device_id AND before.id <> certificates.id"
        "  AND before.installed_ms <> 0 ORDER BY before.installed_ms DESC, before.id DESC"
        "  LIMIT 1), '') WHERE id = ?1 AND state = 'issued'",
    [RIG_SQL_CERT_END] = "UPDATE certificates SET state = ?2,"
                         " revocation_reason = CASE revoked_ms WHEN 0 THEN ?4"
                         "  ELSE revocation_reason END,"
                         " revoked_ms = CASE revoked_ms WHEN 0 THEN ?3 ELSE revoked_ms END"
                         " WHERE id = ?1",
    [RIG_SQL_CERT_ALL] =
        "SELECT " CERT_COLUMNS " FROM certificates WHERE id < ?1 ORDER BY id DESC" LIMIT_PAGE,
    [RIG_SQL_CERT_OF_DEVICE] =
        "SELECT " CERT_COLUMNS
        " FROM certificates WHERE id < ?1 AND device_id = ?2 ORDER BY id DESC" LIMIT_PAGE,
    [RIG_SQL_CERT_ORPHANS] =
        "SELECT " CERT_COLUMNS
        " FROM certificates WHERE state = 'issued' AND id > ?1 ORDER BY id" LIMIT_PAGE,
    [RIG_SQL_CERT_OF_KEY] =
        "SELECT " CERT_COLUMNS
        " FROM certificates WHERE id < ?1 AND spki_sha256 = ?2 ORDER BY id DESC" LIMIT_PAGE,

    [RIG_SQL_DEVICE_CLASH] =
        "SELECT mac, device_id, board FROM devices"
        " WHERE (device_id = ?2 AND mac <> ?1) OR (mac = ?1 AND run_id = ?3 AND board <> ?4)",
    [RIG_SQL_DEVICE_PUT] =
        "INSERT INTO devices (mac, device_id, board, chip, chip_revision, flash_id,"
        " flash_size_bytes, firmware, secure_boot, flash_encryption, station, operator, suite,"
        " result, run_id, junit_sha256, serial, first_seen_ms, updated_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
        " ?18, ?18) ON CONFLICT (mac) DO UPDATE SET device_id = excluded.device_id,"
        " board = excluded.board, chip = excluded.chip, chip_revision = excluded.chip_revision,"
        " flash_id = excluded.flash_id, flash_size_bytes = excluded.flash_size_bytes,"
        " firmware = excluded.firmware, secure_boot = excluded.secure_boot,"
        " flash_encryption = excluded.flash_encryption, station = excluded.station,"
        " operator = excluded.operator, suite = excluded.suite, result = excluded.result,"
        " junit_sha256 = CASE WHEN excluded.junit_sha256 = '' AND run_id = excluded.run_id"
        "  THEN junit_sha256 ELSE excluded.junit_sha256 END,"
        /* a run that ended early names none, and the board has the earlier one all the same */
        " serial = CASE WHEN excluded.serial = '' AND EXISTS (SELECT 1 FROM certificates AS kept"
        "  WHERE kept.serial = devices.serial AND kept.device_id = devices.device_id"
        "  AND kept.state = 'installed') THEN devices.serial ELSE excluded.serial END,"
        " run_id = excluded.run_id, updated_ms = excluded.updated_ms",
    [RIG_SQL_DEVICE_ALL] =
        "SELECT " DEVICE_COLUMNS " FROM devices WHERE mac > ?1 ORDER BY mac" LIMIT_PAGE,
    [RIG_SQL_DEVICE_FIND] =
        "SELECT " DEVICE_COLUMNS " FROM devices WHERE mac = ?1 OR device_id = ?1 OR board = ?1"
        " ORDER BY mac = ?1 DESC, device_id = ?1 DESC, updated_ms DESC LIMIT 1",
    [RIG_SQL_DEVICE_NOTE] = "UPDATE devices SET note = ?2 WHERE mac = ?1",
    [RIG_SQL_DEVICE_JUNIT] = "UPDATE devices SET junit_sha256 = ?2 WHERE run_id = ?1",

    [RIG_SQL_RUN_BEGIN] = "INSERT INTO runs (run_id, suite, suite_sha256, rig_version, ca, station,"
                          " operator, pid, started_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                          " ON CONFLICT DO NOTHING",
    [RIG_SQL_RUN_END] = "UPDATE runs SET ended_ms = ?2, result = ?3 WHERE run_id = ?1",
    [RIG_SQL_RUN_JUNIT] = "UPDATE runs SET junit_sha256 = ?2 WHERE run_id = ?1",
    [RIG_SQL_RUN_ALL] =
        "SELECT run_id, suite, suite_sha256, rig_version, ca, station, operator, pid, started_ms, "
        "ended_ms, result, junit_sha256 FROM runs WHERE (started_ms, run_id) < (?1, ?2) ORDER BY "
        "started_ms DESC, run_id DESC" LIMIT_PAGE,
};
