/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of rig.db, as migrations, and every statement that the register runs. */
#ifndef RIG_REGISTER_SCHEMA_H
#define RIG_REGISTER_SCHEMA_H

#include <stddef.h>

/* Marks the file as ours ("rigr"). */
#define RIG_SCHEMA_APPLICATION_ID 0x72696772

/* Migration i brings a file from user_version i to i + 1. */
extern const char *const rig_schema_migrations[];
extern const size_t rig_schema_version;

/* Listings come in pages of this many rows, so that a register of years needs no memory to be read.
 * Their first parameter is the key of the last row that was read. */
#define RIG_SQL_PAGE_ROWS 256

enum rig_sql {
    RIG_SQL_BEGIN,
    RIG_SQL_COMMIT,
    RIG_SQL_ROLLBACK,
    RIG_SQL_JOURNAL_OPEN,
    RIG_SQL_JOURNAL_CLOSE,
    RIG_SQL_JOURNAL_STILL_OPEN,
    RIG_SQL_JOURNAL_ALL,
    RIG_SQL_JOURNAL_OF_RUN,
    RIG_SQL_KEY_OWNER,
    RIG_SQL_KEY_OWN,
    RIG_SQL_KEY_CLAIM,
    RIG_SQL_KEY_RIVALS,
    RIG_SQL_CERT_INSERT,
    RIG_SQL_CERT_FIND,
    RIG_SQL_CERT_INSTALL,
    RIG_SQL_CERT_END,
    RIG_SQL_CERT_ALL,
    RIG_SQL_CERT_OF_DEVICE,
    RIG_SQL_CERT_ORPHANS,
    RIG_SQL_CERT_OF_KEY,
    RIG_SQL_DEVICE_CLASH,
    RIG_SQL_DEVICE_PUT,
    RIG_SQL_DEVICE_ALL,
    RIG_SQL_DEVICE_FIND,
    RIG_SQL_DEVICE_NOTE,
    RIG_SQL_DEVICE_JUNIT,
    RIG_SQL_RUN_BEGIN,
    RIG_SQL_RUN_END,
    RIG_SQL_RUN_JUNIT,
    RIG_SQL_RUN_ALL,
    RIG_SQL_COUNT
};
extern const char *const rig_sql_text[RIG_SQL_COUNT];

#endif
