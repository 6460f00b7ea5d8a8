/* SPDX-License-Identifier: Apache-2.0 */
/* The partition of chain updates: two halves, one record in each. PROTOCOL.md section 7. */
#include "core.h"

#include <string.h>

#define MAGIC 0x4e494843u /* "CHIN" */
#define HEADER_BYTES 16u
#define GROUP_BYTES 16u /* what is programmed at once, at least */

struct half {
    uint32_t offset;
    bool valid; /* its CRC is right and it parses */
    bool fits;  /* and it is for this root and issuer */
    uint32_t sequence;
    uint32_t version;
};

static bool find(struct agent *agent, struct agent_partition *part, uint32_t *half_bytes)
{
    *half_bytes = 0;
    if (agent->port->partition_find(agent->port->ctx, AGENT_UPDATE_PARTITION_TYPE,
                                    AGENT_UPDATE_LABEL, part) != 0) {
        return false;
    }
    *half_bytes = part->size_bytes / 2 / part->sector_bytes * part->sector_bytes;
    return *half_bytes != 0;
}

size_t agent_update_max_bytes(struct agent *agent)
{
    struct agent_partition part;
    uint32_t half_bytes = 0;

    if (!find(agent, &part, &half_bytes)) {
        return 0;
    }
    size_t room = half_bytes - HEADER_BYTES;
    size_t most = AGENT_SLOT_MAX_BYTES < AGENT_SCRATCH_MAX_BYTES - HEADER_BYTES
                      ? AGENT_SLOT_MAX_BYTES
                      : AGENT_SCRATCH_MAX_BYTES - HEADER_BYTES;
    return room < most ? room : most;
}

static uint32_t record_crc(const uint8_t *header, const uint8_t *body, size_t size)
{
    uint32_t crc = agent_crc32_add(0xffffffffu, header, 12);

    return ~agent_crc32_add(crc, body, size);
}

static bool is_root_of(const mbedtls_x509_crt *roots, const uint8_t sha256[32])
{
    uint8_t actual[32];

    for (; roots != NULL && roots->raw.p != NULL; roots = roots->next) {
        if (agent_sha256(roots->raw.p, roots->raw.len, actual) == 0 &&
            memcmp(actual, sha256, sizeof actual) == 0) {
            return true;
        }
    }
    return false;
}

/* Reads the half's record into scratch. One that is not valid is no failure. */
static int read_half(struct agent *agent, const struct agent_partition *part, uint32_t offset,
                     struct half *out, struct agent_update *update, struct agent_failure *why)
{
    const struct agent_port *port = agent->port;
    uint8_t *header = agent->scratch;

    *out = (struct half){.offset = offset};
    if (port->partition_read(port->ctx, part, offset, header, HEADER_BYTES) != 0) {
        return agent_fail(why, "flash", 0, "the partition chain_update can't be read");
    }
    size_t size = agent_get_u32(header + 8);
    if (agent_get_u32(header) != MAGIC || size > agent_update_max_bytes(agent)) {
        return 0;
    }
    if (port->partition_read(port->ctx, part, offset + HEADER_BYTES, header + HEADER_BYTES, size) !=
        0) {
        return agent_fail(why, "flash", 0, "the partition chain_update can't be read");
    }
    out->sequence = agent_get_u32(header + 4);
    out->valid = agent_get_u32(header + 12) == record_crc(header, header + HEADER_BYTES, size) &&
                 agent_update_parse(header + HEADER_BYTES, size, update);
    out->version = out->valid ? update->version : 0;
    return 0;
}

/* Both halves, and the position of the one that counts; -1: neither does. */
static int scan(struct agent *agent, const struct agent_partition *part, uint32_t half_bytes,
                const mbedtls_x509_crt *roots, const uint8_t issuer_sha256[32],
                struct half halves[2], int *current, struct agent_failure *why)
{
    struct agent_update update = {0};

    *current = -1;
    for (int i = 0; i < 2; i++) {
        if (read_half(agent, part, (uint32_t)i * half_bytes, &halves[i], &update, why) != 0) {
            return -1;
        }
        halves[i].fits = halves[i].valid && is_root_of(roots, update.root_sha256) &&
                         memcmp(update.issuer_sha256, issuer_sha256, 32) == 0;
        if (halves[i].fits && (*current < 0 || halves[i].version > halves[*current].version)) {
            *current = i;
        }
    }
    return 0;
}

int agent_update_load(struct agent *agent, const mbedtls_x509_crt *roots,
                      const uint8_t issuer_sha256[32], struct agent_update *out, bool *found,
                      struct agent_failure *why)
{
    struct agent_partition part;
    struct half halves[2];
    uint32_t half_bytes = 0;
    int current = -1;

    *found = false;
    if (!find(agent, &part, &half_bytes)) {
        return 0;
    }
    if (scan(agent, &part, half_bytes, roots, issuer_sha256, halves, &current, why) != 0) {
        return -1;
    }
    if (current < 0) {
        return 0;
    }
    struct half again;
    if (read_half(agent, &part, halves[current].offset, &again, out, why) != 0) {
        return -1;
    }
    *found = again.valid;
    return 0;
}

/* Where the new record goes: never over the one that counts. */
static int choose(const struct half halves[2], int current)
{
    if (current >= 0) {
        return 1 - current;
    }
    if (!halves[0].valid || !halves[1].valid) {
        return halves[0].valid ? 1 : 0;
    }
    return (int32_t)(halves[0].sequence - halves[1].sequence) < 0 ? 0 : 1;
}

static uint32_t next_sequence(const struct half halves[2])
{
    uint32_t next = 1;

    for (int i = 0; i < 2; i++) {
        if (halves[i].valid && (int32_t)(halves[i].sequence + 1 - next) > 0) {
            next = halves[i].sequence + 1;
        }
    }
    return next;
}

/* Erase, body, header last: until the header is whole there is no record. */
static bool write_record(struct agent *agent, const struct agent_partition *part, uint32_t offset,
                         uint32_t sequence, const struct agent_update *update)
{
    const struct agent_port *port = agent->port;
    size_t whole = update->size_bytes / GROUP_BYTES * GROUP_BYTES;
    size_t needed = HEADER_BYTES + update->size_bytes;
    size_t sectors = (needed + part->sector_bytes - 1) / part->sector_bytes;
    uint8_t group[GROUP_BYTES];

    if (port->partition_erase(port->ctx, part, offset, (uint32_t)sectors * part->sector_bytes) !=
            0 ||
        (whole > 0 && port->partition_program(port->ctx, part, offset + HEADER_BYTES, update->bytes,
                                              whole) != 0)) {
        return false;
    }
    if (whole < update->size_bytes) {
        memset(group, 0xff, sizeof group);
        memcpy(group, update->bytes + whole, update->size_bytes - whole);
        if (port->partition_program(port->ctx, part, offset + HEADER_BYTES + (uint32_t)whole, group,
                                    sizeof group) != 0) {
            return false;
        }
    }
    agent_put_u32(group, MAGIC);
    agent_put_u32(group + 4, sequence);
    agent_put_u32(group + 8, (uint32_t)update->size_bytes);
    agent_put_u32(group + 12, record_crc(group, update->bytes, update->size_bytes));
    return port->partition_program(port->ctx, part, offset, group, sizeof group) == 0;
}

static bool reads_back(struct agent *agent, const struct agent_partition *part, uint32_t offset,
                       const struct agent_update *wanted)
{
    struct agent_failure ignored = {0};
    struct agent_update update;
    struct half half;

    return read_half(agent, part, offset, &half, &update, &ignored) == 0 && half.valid &&
           update.size_bytes == wanted->size_bytes &&
           memcmp(update.bytes, wanted->bytes, wanted->size_bytes) == 0;
}

int agent_update_store(struct agent *agent, const struct agent_update *update,
                       struct agent_failure *why)
{
    struct agent_partition part;
    struct half halves[2];
    mbedtls_x509_crt root;
    uint32_t half_bytes = 0;
    int current = -1;
    int result = -1;

    mbedtls_x509_crt_init(&root);
    if (!find(agent, &part, &half_bytes)) {
        (void)agent_fail(why, "no-partition", 0, "the partition chain_update is gone");
    } else if (agent_update_root(agent, update->root_sha256, &root, why) == 0 &&
               scan(agent, &part, half_bytes, &root, update->issuer_sha256, halves, &current,
                    why) == 0) {
        uint32_t offset = halves[choose(halves, current)].offset;
        if (!write_record(agent, &part, offset, next_sequence(halves), update) ||
            !reads_back(agent, &part, offset, update)) {
            (void)agent_fail(why, "flash", 0,
                             "the partition chain_update did not take the data; the intermediates "
                             "are those from before");
        } else {
            result = 0;
        }
    }
    mbedtls_x509_crt_free(&root);
    return result;
}
