/* SPDX-License-Identifier: Apache-2.0 */
/* A chain update: collected, parsed, judged by the services, stored; and put to use. */
#include "core.h"

#include <string.h>

#define MAGIC 0x50554843u /* "CHUP" */
#define FORMAT 1u
#define HEADER_BYTES 80u
#define SIGNATURE_MAX_BYTES 1024u

static size_t get_u16(const uint8_t *from)
{
    return (size_t)from[0] | (size_t)from[1] << 8;
}

static bool all_der(const uint8_t *data, size_t size, unsigned n)
{
    for (; n > 0; n--) {
        size_t one = agent_der_size(data, size);
        if (one == 0) {
            return false;
        }
        data += one;
        size -= one;
    }
    return size == 0;
}

bool agent_update_parse(const uint8_t *data, size_t size_bytes, struct agent_update *out)
{
    memset(out, 0, sizeof *out);
    if (size_bytes < HEADER_BYTES || agent_get_u32(data) != MAGIC || data[4] != FORMAT ||
        get_u16(data + 6) != 0) {
        return false;
    }
    out->bytes = data;
    out->size_bytes = size_bytes;
    out->n_chain = data[5];
    out->version = agent_get_u32(data + 8);
    out->root_sha256 = data + 12;
    out->issuer_sha256 = data + 44;
    out->chain_bytes = get_u16(data + 76);
    out->signer_bytes = get_u16(data + 78);
    out->signed_bytes = HEADER_BYTES + out->chain_bytes + out->signer_bytes;
    if (size_bytes < out->signed_bytes || size_bytes - out->signed_bytes > SIGNATURE_MAX_BYTES) {
        return false;
    }
    out->signature_bytes = size_bytes - out->signed_bytes;
    out->chain = data + HEADER_BYTES;
    out->signer = out->chain + out->chain_bytes;
    out->signature = out->signer + out->signer_bytes;
    return out->version != 0 && out->n_chain >= 1 && out->n_chain <= AGENT_UPDATE_CHAIN_MAX &&
           all_der(out->chain, out->chain_bytes, out->n_chain) &&
           all_der(out->signer, out->signer_bytes, out->signer_bytes != 0 ? 1 : 0);
}

/* ---- collecting ---- */

static void forget(struct agent *agent)
{
    memset(agent->slot, 0, sizeof agent->slot);
    agent->update_bytes = 0;
    agent->update_open = false;
}

int agent_update_begin(struct agent *agent, size_t size_bytes, struct agent_failure *why)
{
    size_t max = agent_update_max_bytes(agent);

    if (max == 0) {
        return agent_fail(why, "no-partition", 0,
                          "the partition table has no chain_update of type 0x41 and two sectors; "
                          "flash one that has");
    }
    if (size_bytes == 0 || size_bytes > max) {
        return agent_fail(why, "update-range", 0,
                          "a chain update has 1 byte to update_max of hello");
    }
    (void)agent_slot_clear(agent, why);
    agent->update_bytes = size_bytes;
    agent->update_open = true;
    return 0;
}

static int fail_closed(struct agent_failure *why)
{
    return agent_fail(why, "update-closed", 0, "begin with update-begin");
}

int agent_update_write(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                       size_t size_bytes, struct agent_failure *why)
{
    if (!agent->update_open) {
        return fail_closed(why);
    }
    if (offset_bytes > agent->update_bytes || size_bytes > agent->update_bytes - offset_bytes) {
        return agent_fail(why, "update-range", 0,
                          "the data lies outside of what update-begin announced");
    }
    memcpy(agent->slot + offset_bytes, data, size_bytes);
    return 0;
}

static int judge_and_store(struct agent *agent, const struct agent_update *update,
                           struct agent_failure *why)
{
    int (*const steps[])(struct agent *, const struct agent_update *, struct agent_failure *) = {
        agent->services->update_signer,
        agent->services->update_signature,
        agent->services->update_fits,
        agent->services->update_store,
    };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (agent_keepalive(agent)) {
            return agent_fail(why, "aborted", 0, "given up before anything was written");
        }
        if (steps[i](agent, update, why) != 0) {
            return -1;
        }
    }
    return 0;
}

int agent_update_commit(struct agent *agent, const uint8_t sha256[32], struct agent_update *out,
                        struct agent_failure *why)
{
    uint8_t actual[32];
    int result = -1;

    memset(out, 0, sizeof *out);
    if (!agent->update_open) {
        return fail_closed(why);
    }
    if (agent_sha256(agent->slot, agent->update_bytes, actual) != 0 ||
        memcmp(actual, sha256, sizeof actual) != 0) {
        return agent_fail(why, "update-hash", 0, "the SHA-256 differs; send the data again");
    }
    if (!agent_update_parse(agent->slot, agent->update_bytes, out)) {
        (void)agent_fail(why, "update-format", 0,
                         "these bytes are no chain update of format 1, or not all of one");
    } else {
        result = judge_and_store(agent, out, why);
    }
    forget(agent);
    return result;
}

/* ---- putting to use ---- */

static bool is_for_leaf(const struct agent_update *update, const mbedtls_x509_crt *leaf)
{
    mbedtls_x509_crt issuer;

    mbedtls_x509_crt_init(&issuer);
    bool fits =
        mbedtls_x509_crt_parse_der(&issuer, update->chain,
                                   agent_der_size(update->chain, update->chain_bytes)) == 0 &&
        agent_update_signed_leaf(&issuer, leaf) == 0;
    mbedtls_x509_crt_free(&issuer);
    return fits;
}

/* A list that was made anew takes the place of the old one: mbedTLS can't take certificates out of
 * one. Nothing in its structures points at the list's head. */
static int use(const struct agent_update *update, mbedtls_x509_crt *chain, unsigned *n_chain,
               struct agent_failure *why)
{
    mbedtls_x509_crt made;

    mbedtls_x509_crt_init(&made);
    int ret = mbedtls_x509_crt_parse_der(&made, chain->raw.p, chain->raw.len);
    if (ret == 0) {
        ret = agent_parse_der(update->chain, update->chain_bytes, &made);
    }
    if (ret != 0) {
        mbedtls_x509_crt_free(&made);
        return agent_fail(why, "bad-cert", ret, "the stored intermediates can't be parsed");
    }
    mbedtls_x509_crt_free(chain);
    *chain = made;
    *n_chain = 1 + update->n_chain;
    return 0;
}

int agent_update_apply(struct agent *agent, mbedtls_x509_crt *chain, unsigned *n_chain,
                       bool *updated, uint32_t *version, struct agent_failure *why)
{
    struct agent_failure no_roots = {0};
    struct agent_update update;
    mbedtls_x509_crt roots;
    uint8_t issuer_sha256[32];
    unsigned n_roots = 0;
    bool found = false;
    int result = 0;

    *updated = false;
    *version = 0;
    if (*n_chain == 0 || agent_update_max_bytes(agent) == 0) {
        return 0;
    }
    mbedtls_x509_crt_init(&roots);
    if (agent_certs_load(agent, AGENT_SOURCE_FLASH, true, &roots, &n_roots, &no_roots) == 0 &&
        n_roots > 0 &&
        agent_sha256(chain->issuer_raw.p, chain->issuer_raw.len, issuer_sha256) == 0) {
        result = agent_update_load(agent, &roots, issuer_sha256, &update, &found, why);
    }
    mbedtls_x509_crt_free(&roots);
    if (result == 0 && found) {
        *version = update.version;
        if (is_for_leaf(&update, chain)) {
            *updated = true;
            result = use(&update, chain, n_chain, why);
        }
    }
    return result;
}
