/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/partition.h"

#include "rig/esp/le.h"

#include <openssl/evp.h>
#include <string.h>

#define ENTRY_SIZE 32u
#define LABEL_SIZE 16u
#define SECTOR_SIZE 0x1000u
#define APP_ALIGN 0x10000u
#define TYPE_APP 0x00u

static rig_result fail(struct rig_error *err, enum rig_error_code code, const char *text)
{
    return rig_fail(err, RIG_CLASS_DEVICE, code, "partition table: %s", text);
}

static bool is_blank(const uint8_t *slot)
{
    for (size_t i = 0; i < ENTRY_SIZE; i++) {
        if (slot[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static rig_result check_md5(const uint8_t *bytes, size_t n_before, struct rig_error *err)
{
    const uint8_t *slot = bytes + n_before;
    uint8_t md5[EVP_MAX_MD_SIZE];

    if (EVP_Digest(bytes, n_before, md5, NULL, EVP_md5(), NULL) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "OpenSSL has no MD5 here");
    }
    if (memcmp(slot + 16, md5, 16) != 0) {
        return fail(err, RIG_E_INVALID,
                    "its MD5 is wrong: it was damaged or changed by hand; flash it again");
    }
    return RIG_DONE;
}

static rig_result take_entry(const uint8_t *slot, struct rig_partition *entry,
                             struct rig_error *err)
{
    const char *cause = NULL;

    *entry = (struct rig_partition){
        .type = slot[2],
        .subtype = slot[3],
        .offset_bytes = rig_le32(slot + 4),
        .size_bytes = rig_le32(slot + 8),
        .flags = rig_le32(slot + 28),
    };
    for (size_t i = 0; i < LABEL_SIZE && slot[12 + i] != 0; i++) {
        const uint8_t c = slot[12 + i];

        entry->label[i] = c >= 0x20 && c <= 0x7E ? (char)c : '?';
    }
    if (entry->size_bytes == 0) {
        cause = "is empty";
    } else if (entry->offset_bytes > UINT32_MAX - entry->size_bytes) {
        cause = "ends beyond any flash";
    } else if (entry->offset_bytes % SECTOR_SIZE != 0) {
        cause = "does not start at a 4 KiB sector";
    } else if (entry->type == TYPE_APP && entry->offset_bytes % APP_ALIGN != 0) {
        cause = "is an application and does not start at a multiple of 64 KiB";
    }
    if (cause != NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                        "partition table: '%s' (0x%x, 0x%x bytes) %s; flash a correct table",
                        entry->label, (unsigned)entry->offset_bytes, (unsigned)entry->size_bytes,
                        cause);
    }
    return RIG_DONE;
}

static rig_result check_overlap(const struct rig_partition_table *table,
                                const struct rig_partition *added, struct rig_error *err)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct rig_partition *other = &table->entries[i];

        if (added->offset_bytes < other->offset_bytes + other->size_bytes &&
            other->offset_bytes < added->offset_bytes + added->size_bytes) {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                            "partition table: '%s' at 0x%x overlaps '%s' at 0x%x; flash a correct "
                            "table",
                            added->label, (unsigned)added->offset_bytes, other->label,
                            (unsigned)other->offset_bytes);
        }
    }
    return RIG_DONE;
}

/* One slot; *last says that the table ends with it. */
static rig_result take_slot(const uint8_t *bytes, size_t at, struct rig_partition_table *table,
                            bool *last, struct rig_error *err)
{
    const uint8_t *slot = bytes + at;
    struct rig_partition entry;

    *last = is_blank(slot);
    if (*last) {
        return RIG_DONE;
    }
    if (slot[0] == 0xEB && slot[1] == 0xEB) {
        RIG_TRY(check_md5(bytes, at, err));
        table->has_md5 = true;
        return RIG_DONE;
    }
    if (slot[0] != 0xAA || slot[1] != 0x50) {
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_INVALID,
            "partition table: slot %zu is no entry (starts %02x %02x instead of aa 50); "
            "flash a correct table",
            at / ENTRY_SIZE, slot[0], slot[1]);
    }
    if (table->has_md5) {
        return fail(err, RIG_E_INVALID, "entries follow its MD5; flash a correct table");
    }
    RIG_TRY(take_entry(slot, &entry, err));
    RIG_TRY(check_overlap(table, &entry, err));
    if (table->n == RIG_PARTITION_MAX) {
        return fail(err, RIG_E_INVALID, "more than 95 entries");
    }
    table->entries[table->n++] = entry;
    return RIG_DONE;
}

rig_result rig_partition_parse(const uint8_t *bytes, size_t n_bytes,
                               struct rig_partition_table *table, struct rig_error *err)
{
    bool last = false;

    *table = (struct rig_partition_table){0};
    for (size_t at = 0; !last && n_bytes - at >= ENTRY_SIZE; at += ENTRY_SIZE) {
        RIG_TRY(take_slot(bytes, at, table, &last, err));
    }
    if (table->n == 0) {
        return fail(err, RIG_E_NOT_FOUND,
                    "none at 0x8000: the flash is blank there; flash the firmware first");
    }
    return RIG_DONE;
}

const struct rig_partition *rig_partition_find(const struct rig_partition_table *table,
                                               uint8_t type, const char *label)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->entries[i].type == type && strcmp(table->entries[i].label, label) == 0) {
            return &table->entries[i];
        }
    }
    return NULL;
}
