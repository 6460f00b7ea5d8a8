/* SPDX-License-Identifier: Apache-2.0 */
/* The key's partition: PROTOCOL.md section 6. */
#include "core.h"

#include <string.h>

#define MAGIC 0x59454b41u
#define HEADER_BYTES 16u
#define DER_MAX_BYTES 2400u /* RSA-3072 in PKCS#1 has 1770 */
#define RECORD_MAX_BYTES (HEADER_BYTES + DER_MAX_BYTES)

struct record {
    bool valid;
    enum agent_key_type type;
    uint32_t generation;
    uint32_t offset; /* of its sector */
    size_t der_size;
};

static uint32_t record_crc(const uint8_t *record, size_t der_size)
{
    uint32_t crc = agent_crc32_add(0xffffffffu, record, 12);

    return ~agent_crc32_add(crc, record + HEADER_BYTES, der_size);
}

static int find(struct agent *agent, struct agent_partition *part, struct agent_failure *why)
{
    if (agent->port->partition_find(agent->port->ctx, AGENT_KEY_PARTITION_TYPE, AGENT_KEY_LABEL,
                                    part) != 0) {
        return agent_fail(why, "no-partition", 0,
                          "the partition table has no agent_key of type 0x40; flash one that has");
    }
    if (part->sector_bytes < RECORD_MAX_BYTES || part->size_bytes < part->sector_bytes) {
        return agent_fail(why, "no-partition", 0,
                          "the partition agent_key is smaller than a sector");
    }
    return 0;
}

/* Reads the record at offset into scratch. Not valid is no failure. */
static int read_record(struct agent *agent, const struct agent_partition *part, uint32_t offset,
                       struct record *out, struct agent_failure *why)
{
    uint8_t *buffer = agent->scratch;
    void *ctx = agent->port->ctx;

    memset(out, 0, sizeof *out);
    out->offset = offset;
    if (agent->port->partition_read(ctx, part, offset, buffer, HEADER_BYTES) != 0) {
        return agent_fail(why, "flash", 0, "the partition agent_key can't be read");
    }
    out->type = (enum agent_key_type)buffer[5];
    out->der_size = (size_t)buffer[6] | (size_t)buffer[7] << 8;
    out->generation = agent_get_u32(buffer + 8);
    if (agent_get_u32(buffer) != MAGIC || buffer[4] != 1 || buffer[5] == 0 ||
        buffer[5] >= AGENT_KEY_TYPES || out->der_size == 0 || out->der_size > DER_MAX_BYTES) {
        return 0;
    }
    if (agent->port->partition_read(ctx, part, offset + HEADER_BYTES, buffer + HEADER_BYTES,
                                    out->der_size) != 0) {
        return agent_fail(why, "flash", 0, "the partition agent_key can't be read");
    }
    out->valid = agent_get_u32(buffer + 12) == record_crc(buffer, out->der_size);
    return 0;
}

/* The record that counts; its bytes are in scratch when valid. */
static int read_current(struct agent *agent, const struct agent_partition *part, struct record *out,
                        struct agent_failure *why)
{
    struct record other;

    if (read_record(agent, part, 0, out, why) != 0) {
        return -1;
    }
    if (part->size_bytes < 2 * part->sector_bytes) {
        return 0;
    }
    if (read_record(agent, part, part->sector_bytes, &other, why) != 0) {
        return -1;
    }
    if (other.valid && (!out->valid || (int32_t)(other.generation - out->generation) > 0)) {
        *out = other;
        return 0;
    }
    return out->valid ? read_record(agent, part, 0, out, why) : 0;
}

static int parse_key(struct agent *agent, mbedtls_pk_context *out, size_t size)
{
#if AGENT_MBEDTLS_3
    return mbedtls_pk_parse_key(out, agent->scratch + HEADER_BYTES, size, NULL, 0, agent_random,
                                agent);
#else
    return mbedtls_pk_parse_key(out, agent->scratch + HEADER_BYTES, size, NULL, 0);
#endif
}

int agent_keystore_load(struct agent *agent, mbedtls_pk_context *out, enum agent_key_type *type,
                        struct agent_failure *why)
{
    struct agent_partition part;
    struct record record;
    int result = -1;

    *type = AGENT_KEY_NONE;
    if (find(agent, &part, why) != 0) {
        return -1;
    }
    if (read_current(agent, &part, &record, why) == 0) {
        if (!record.valid) {
            (void)agent_fail(why, "no-key", 0, "no key is stored; run keygen");
        } else {
            int ret = parse_key(agent, out, record.der_size);
            if (ret != 0) {
                (void)agent_fail(why, "crypto", ret,
                                 "the stored key can't be read; run keygen again");
            } else {
                *type = record.type;
                result = 0;
            }
        }
    }
    agent_wipe(agent->scratch, RECORD_MAX_BYTES);
    return result;
}

/* Header and DER in scratch, padded to 16; the size, 0 on failure. */
static size_t build_record(struct agent *agent, mbedtls_pk_context *key, enum agent_key_type type,
                           uint32_t generation, struct agent_failure *why)
{
    uint8_t *buffer = agent->scratch;
    int size = mbedtls_pk_write_key_der(key, buffer + HEADER_BYTES, DER_MAX_BYTES);

    if (size <= 0) {
        (void)agent_fail(why, "crypto", size, "the key could not be encoded");
        return 0;
    }
    size_t padded = ((size_t)size + 15) / 16 * 16;
    /* mbedTLS writes to the end of the buffer */
    memmove(buffer + HEADER_BYTES, buffer + HEADER_BYTES + DER_MAX_BYTES - size, (size_t)size);
    memset(buffer + HEADER_BYTES + size, 0xff, padded - (size_t)size);
    agent_put_u32(buffer, MAGIC);
    buffer[4] = 1;
    buffer[5] = (uint8_t)type;
    buffer[6] = (uint8_t)size;
    buffer[7] = (uint8_t)((unsigned)size >> 8);
    agent_put_u32(buffer + 8, generation);
    agent_put_u32(buffer + 12, record_crc(buffer, (size_t)size));
    return HEADER_BYTES + padded;
}

/* Erase, body, header last; then compares what is there. */
static bool write_record(struct agent *agent, const struct agent_partition *part, uint32_t offset,
                         size_t size)
{
    const struct agent_port *port = agent->port;
    uint8_t check[64];

    if (port->partition_erase(port->ctx, part, offset, part->sector_bytes) != 0 ||
        port->partition_program(port->ctx, part, offset + HEADER_BYTES,
                                agent->scratch + HEADER_BYTES, size - HEADER_BYTES) != 0 ||
        port->partition_program(port->ctx, part, offset, agent->scratch, HEADER_BYTES) != 0) {
        return false;
    }
    bool same = true;
    for (size_t at = 0; same && at < size; at += sizeof check) {
        size_t part_size = size - at < sizeof check ? size - at : sizeof check;
        same =
            port->partition_read(port->ctx, part, offset + (uint32_t)at, check, part_size) == 0 &&
            memcmp(check, agent->scratch + at, part_size) == 0;
    }
    agent_wipe(check, sizeof check);
    return same;
}

int agent_keystore_save(struct agent *agent, mbedtls_pk_context *key, enum agent_key_type type,
                        struct agent_failure *why)
{
    struct agent_partition part;
    struct record old;
    int result = -1;

    if (find(agent, &part, why) != 0) {
        return -1;
    }
    if (read_current(agent, &part, &old, why) == 0) {
        bool two = part.size_bytes >= 2 * part.sector_bytes;
        uint32_t offset = two && old.valid && old.offset == 0 ? part.sector_bytes : 0;
        size_t size = build_record(agent, key, type, old.valid ? old.generation + 1 : 1, why);
        if (size != 0 && !write_record(agent, &part, offset, size)) {
            (void)agent_fail(why, "flash", 0, "the key's flash sector did not take the data");
        } else if (size != 0 && old.valid && offset != old.offset &&
                   agent->port->partition_erase(agent->port->ctx, &part, old.offset,
                                                part.sector_bytes) != 0) {
            (void)agent_fail(why, "flash", 0, "the old key could not be erased; run keygen again");
        } else if (size != 0) {
            result = 0;
        }
    }
    agent_wipe(agent->scratch, RECORD_MAX_BYTES);
    return result;
}
