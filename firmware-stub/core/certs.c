/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of the flash partition (esp_secure_cert TLV) and of the slot. */
#include "core.h"

#include <string.h>

#define TLV_MAGIC 0xba5eba11u
#define TLV_HEADER_BYTES 12u
#define TLV_TYPE_CA_CERT 0u
#define TLV_TYPE_DEV_CERT 1u
#define TLV_PARTITION_MAX_BYTES 65536u

struct tlv {
    bool found;
    bool good; /* CRC right and content plain */
    uint32_t data_offset;
    size_t data_size;
};

static bool tlv_crc_right(struct agent *agent, const struct agent_partition *part, uint32_t start,
                          uint32_t size)
{
    uint8_t chunk[64];
    uint32_t crc = 0; /* the register of this format starts at 0 */

    for (uint32_t at = 0; at < size; at += sizeof chunk) {
        uint32_t n = size - at < sizeof chunk ? size - at : (uint32_t)sizeof chunk;
        if (agent->port->partition_read(agent->port->ctx, part, start + at, chunk, n) != 0) {
            return false;
        }
        crc = agent_crc32_add(crc, chunk, n);
    }
    return agent->port->partition_read(agent->port->ctx, part, start + size, chunk, 4) == 0 &&
           agent_get_u32(chunk) == (crc ^ 0xffffffffu);
}

/* The last entry of the type counts, as for Espressif's reader. */
static int tlv_find(struct agent *agent, const struct agent_partition *part, unsigned type,
                    struct tlv *out, struct agent_failure *why)
{
    uint32_t end =
        part->size_bytes < TLV_PARTITION_MAX_BYTES ? part->size_bytes : TLV_PARTITION_MAX_BYTES;
    uint32_t at = 0;
    uint8_t header[TLV_HEADER_BYTES];

    memset(out, 0, sizeof *out);
    while (at + TLV_HEADER_BYTES <= end) {
        if (agent->port->partition_read(agent->port->ctx, part, at, header, sizeof header) != 0) {
            return agent_fail(why, "flash", 0, "the partition esp_secure_cert can't be read");
        }
        if (agent_get_u32(header) != TLV_MAGIC) {
            break;
        }
        uint32_t size = (uint32_t)header[10] | (uint32_t)header[11] << 8;
        uint32_t covered = TLV_HEADER_BYTES + (size + 15) / 16 * 16;
        bool inside = covered + 4 <= end - at;
        if (header[8] == type) {
            out->found = true;
            out->data_offset = at + TLV_HEADER_BYTES;
            out->data_size = size;
            out->good = inside && (header[4] == 0 || header[4] == 0xff) &&
                        tlv_crc_right(agent, part, at, covered);
        }
        if (!inside) {
            break;
        }
        at += covered + 4;
    }
    return 0;
}

/* Reads the file of the source into scratch; *size 0 when there is none. */
static int read_flash(struct agent *agent, bool roots, size_t *size, struct agent_failure *why)
{
    const struct agent_port *port = agent->port;
    struct agent_partition part;
    struct tlv tlv;

    if (port->partition_find(port->ctx, AGENT_CERT_PARTITION_TYPE, AGENT_CERT_LABEL, &part) != 0) {
        return agent_fail(
            why, "no-partition", 0,
            "the partition table has no esp_secure_cert of type 0x3f; flash one that has");
    }
    if (tlv_find(agent, &part, roots ? TLV_TYPE_CA_CERT : TLV_TYPE_DEV_CERT, &tlv, why) != 0) {
        return -1;
    }
    if (!tlv.found) {
        return 0;
    }
    if (!tlv.good || tlv.data_size > AGENT_SCRATCH_MAX_BYTES - 1) {
        return agent_fail(why, "bad-cert", 0,
                          "an entry of esp_secure_cert has a wrong CRC, is encrypted or too long; "
                          "flash it again");
    }
    if (port->partition_read(port->ctx, &part, tlv.data_offset, agent->scratch, tlv.data_size) !=
        0) {
        return agent_fail(why, "flash", 0, "the partition esp_secure_cert can't be read");
    }
    *size = tlv.data_size;
    return 0;
}

static void read_slot(struct agent *agent, bool roots, size_t *size)
{
    if (agent->slot_ready) {
        *size = roots ? agent->slot_roots_bytes : agent->slot_chain_bytes;
        memcpy(agent->scratch, agent->slot + (roots ? agent->slot_chain_bytes : 0), *size);
    }
}

size_t agent_der_size(const uint8_t *data, size_t max)
{
    size_t size = 0;
    size_t n = 0;

    if (max < 2 || data[0] != 0x30) {
        return 0;
    }
    if (data[1] < 0x80) {
        size = 2 + (size_t)data[1];
        return size <= max ? size : 0;
    }
    n = data[1] & 0x7fu;
    if (n == 0 || n > 3 || max < 2 + n) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        size = size << 8 | data[2 + i];
    }
    return size <= max - 2 - n ? size + 2 + n : 0;
}

int agent_parse_der(const uint8_t *data, size_t size, mbedtls_x509_crt *out)
{
    while (size > 0) {
        size_t n = agent_der_size(data, size);
        int ret =
            n != 0 ? mbedtls_x509_crt_parse_der(out, data, n) : MBEDTLS_ERR_X509_INVALID_FORMAT;
        if (ret != 0) {
            return ret;
        }
        data += n;
        size -= n;
    }
    return 0;
}

/* PEM: mbedTLS wants the NUL counted, and stops silently at one in the middle. */
static int parse_pem(uint8_t *data, size_t size, mbedtls_x509_crt *out)
{
    if (memchr(data, '\0', size) != NULL) {
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    data[size] = '\0';
    int ret = mbedtls_x509_crt_parse(out, data, size + 1);
    /* > 0: so many certificates were unreadable and left out */
    return ret > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : ret;
}

static unsigned count(const mbedtls_x509_crt *list)
{
    unsigned n = 0;

    for (; list != NULL && list->raw.p != NULL; list = list->next) {
        n++;
    }
    return n;
}

int agent_certs_load(struct agent *agent, enum agent_source source, bool roots,
                     mbedtls_x509_crt *out, unsigned *n_certs, struct agent_failure *why)
{
    size_t size = 0;
    int ret = 0;

    *n_certs = 0;
    if (source == AGENT_SOURCE_FLASH && read_flash(agent, roots, &size, why) != 0) {
        return -1;
    }
    if (source == AGENT_SOURCE_SLOT) {
        read_slot(agent, roots, &size);
    }
    bool der = size > 0 && agent->scratch[0] == 0x30;
    while (!der && size > 0 && agent->scratch[size - 1] == '\0') {
        size--;
    }
    if (size == 0) {
        return 0;
    }
    ret = der ? agent_parse_der(agent->scratch, size, out) : parse_pem(agent->scratch, size, out);
    *n_certs = count(out);
    if (ret != 0 || *n_certs > AGENT_CHAIN_MAX) {
        *n_certs = 0;
        return agent_fail(why, "bad-cert", ret,
                          ret != 0 ? "a certificate can't be parsed"
                                   : "more than 16 certificates in one file");
    }
    return 0;
}

#if defined(MBEDTLS_X509_CRL_PARSE_C)
static int parse_crls(uint8_t *data, size_t size, mbedtls_x509_crl *out)
{
    if (data[0] != 0x30) {
        if (memchr(data, '\0', size) != NULL) {
            return MBEDTLS_ERR_X509_INVALID_FORMAT;
        }
        data[size] = '\0';
        return mbedtls_x509_crl_parse(out, data, size + 1);
    }
    while (size > 0) {
        size_t n = agent_der_size(data, size);
        int ret =
            n != 0 ? mbedtls_x509_crl_parse_der(out, data, n) : MBEDTLS_ERR_X509_INVALID_FORMAT;
        if (ret != 0) {
            return ret;
        }
        data += n;
        size -= n;
    }
    return 0;
}
#endif

int agent_crls_load(struct agent *agent, mbedtls_x509_crl *out, unsigned *n_crls,
                    struct agent_failure *why)
{
    size_t size = agent->slot_ready ? agent->slot_crls_bytes : 0;

    *n_crls = 0;
    if (size == 0) {
        return 0;
    }
#if defined(MBEDTLS_X509_CRL_PARSE_C)
    memcpy(agent->scratch, agent->slot + agent->slot_chain_bytes + agent->slot_roots_bytes, size);
    while (size > 0 && agent->scratch[0] != 0x30 && agent->scratch[size - 1] == '\0') {
        size--;
    }
    int ret = size != 0 ? parse_crls(agent->scratch, size, out) : 0;
    if (ret != 0) {
        return agent_fail(why, "bad-cert", ret, "a CRL can't be parsed");
    }
    for (const mbedtls_x509_crl *crl = out; crl != NULL && crl->raw.p != NULL; crl = crl->next) {
        ++*n_crls;
    }
    return 0;
#else
    (void)out;
    return agent_fail(why, "unsupported", 0, "this firmware was built without CRLs");
#endif
}

/* ---- the slot ---- */

static size_t slot_bytes(const struct agent *agent)
{
    return agent->slot_chain_bytes + agent->slot_roots_bytes + agent->slot_crls_bytes;
}

int agent_slot_clear(struct agent *agent, struct agent_failure *why)
{
    (void)why;
    memset(agent->slot, 0, sizeof agent->slot);
    agent->slot_chain_bytes = agent->slot_roots_bytes = agent->slot_crls_bytes = 0;
    agent->slot_open = agent->slot_ready = agent->update_open = false;
    return 0;
}

int agent_slot_begin(struct agent *agent, size_t chain_bytes, size_t roots_bytes, size_t crls_bytes,
                     struct agent_failure *why)
{
    if (chain_bytes > AGENT_SLOT_MAX_BYTES || roots_bytes > AGENT_SLOT_MAX_BYTES - chain_bytes ||
        crls_bytes > AGENT_SLOT_MAX_BYTES - chain_bytes - roots_bytes) {
        return agent_fail(why, "slot-range", 0,
                          "chain, roots and CRLs together are larger than slot_max of hello");
    }
    (void)agent_slot_clear(agent, why);
    agent->slot_chain_bytes = chain_bytes;
    agent->slot_roots_bytes = roots_bytes;
    agent->slot_crls_bytes = crls_bytes;
    agent->slot_open = true;
    return 0;
}

int agent_slot_write(struct agent *agent, size_t offset_bytes, const uint8_t *data,
                     size_t size_bytes, struct agent_failure *why)
{
    size_t total = slot_bytes(agent);

    if (!agent->slot_open) {
        return agent_fail(why, "slot-closed", 0, "begin with slot-begin");
    }
    if (offset_bytes > total || size_bytes > total - offset_bytes) {
        return agent_fail(why, "slot-range", 0,
                          "the data lies outside of what slot-begin announced");
    }
    memcpy(agent->slot + offset_bytes, data, size_bytes);
    return 0;
}

static int count_crls(struct agent *agent, unsigned *n_crls, struct agent_failure *why)
{
    mbedtls_x509_crl crls;

    mbedtls_x509_crl_init(&crls);
    int result = agent_crls_load(agent, &crls, n_crls, why);
    mbedtls_x509_crl_free(&crls);
    return result;
}

static int check_parses(struct agent *agent, bool roots, struct agent_failure *why)
{
    mbedtls_x509_crt certs;
    unsigned n = 0;

    mbedtls_x509_crt_init(&certs);
    int result = agent_certs_load(agent, AGENT_SOURCE_SLOT, roots, &certs, &n, why);
    mbedtls_x509_crt_free(&certs);
    return result;
}

int agent_slot_commit(struct agent *agent, const uint8_t sha256[32], struct agent_failure *why)
{
    uint8_t actual[32];
    size_t total = slot_bytes(agent);
    unsigned n_crls = 0;

    if (!agent->slot_open) {
        return agent_fail(why, "slot-closed", 0, "begin with slot-begin");
    }
    if (agent_sha256(agent->slot, total, actual) != 0 ||
        memcmp(actual, sha256, sizeof actual) != 0) {
        return agent_fail(why, "slot-hash", 0, "the SHA-256 differs; send the data again");
    }
    agent->slot_ready = true;
    if (check_parses(agent, false, why) != 0 || check_parses(agent, true, why) != 0 ||
        count_crls(agent, &n_crls, why) != 0) {
        agent->slot_ready = false;
        return -1;
    }
    agent->slot_open = false;
    return 0;
}

/* ---- state ---- */

static void put_two(char *out, int value)
{
    out[0] = (char)('0' + value / 10 % 10);
    out[1] = (char)('0' + value % 10);
}

static void put_time(char out[24], const mbedtls_x509_time *time)
{
    (void)agent_copy_text(out, 24, "0000-00-00T00:00:00Z");
    put_two(out, time->year / 100);
    put_two(out + 2, time->year);
    put_two(out + 5, time->mon);
    put_two(out + 8, time->day);
    put_two(out + 11, time->hour);
    put_two(out + 14, time->min);
    put_two(out + 17, time->sec);
}

static int describe(const mbedtls_x509_crt *cert, struct agent_cert_info *out)
{
    size_t serial_size = cert->serial.len < 20 ? cert->serial.len : 20;

    agent_hex(out->serial_hex, cert->serial.p, serial_size);
    put_time(out->not_before, &cert->valid_from);
    put_time(out->not_after, &cert->valid_to);
    if (mbedtls_x509_dn_gets(out->subject, sizeof out->subject, &cert->subject) < 0) {
        (void)agent_copy_text(out->subject, sizeof out->subject, "(too long)");
    }
    return agent_sha256(cert->raw.p, cert->raw.len, out->sha256);
}

static int visit_all(const mbedtls_x509_crt *list, bool is_root, agent_cert_visitor *visit,
                     void *arg, struct agent_failure *why)
{
    unsigned index = 0;

    for (; list != NULL && list->raw.p != NULL; list = list->next) {
        struct agent_cert_info info = {.is_root = is_root, .index = index++};
        int ret = describe(list, &info);
        if (ret != 0) {
            return agent_fail(why, "crypto", ret, "SHA-256 failed");
        }
        visit(arg, &info);
    }
    return 0;
}

static enum agent_match match_key(struct agent *agent, mbedtls_x509_crt *leaf)
{
    struct agent_key_state state = {0};
    struct agent_failure why = {0};
    uint8_t sha256[32];

    if (agent->services->key_state(agent, &state, &why) != 0 || state.type == AGENT_KEY_NONE) {
        return AGENT_MATCH_NO_KEY;
    }
    return agent_spki_sha256(&leaf->pk, sha256) == 0 &&
                   memcmp(sha256, state.spki_sha256, sizeof sha256) == 0
               ? AGENT_MATCH_YES
               : AGENT_MATCH_NO;
}

int agent_cert_state(struct agent *agent, enum agent_source source, agent_cert_visitor *visit,
                     void *arg, struct agent_cert_summary *out, struct agent_failure *why)
{
    mbedtls_x509_crt chain;
    mbedtls_x509_crt roots;
    int result = -1;

    memset(out, 0, sizeof *out);
    out->match = AGENT_MATCH_NO_CERT;
    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crt_init(&roots);
    if (agent_certs_load(agent, source, false, &chain, &out->n_chain, why) == 0 &&
        (source != AGENT_SOURCE_FLASH ||
         agent_update_apply(agent, &chain, &out->n_chain, &out->updated, &out->chain_version,
                            why) == 0) &&
        agent_certs_load(agent, source, true, &roots, &out->n_roots, why) == 0 &&
        visit_all(&chain, false, visit, arg, why) == 0 &&
        visit_all(&roots, true, visit, arg, why) == 0 &&
        (source != AGENT_SOURCE_SLOT || count_crls(agent, &out->n_crls, why) == 0)) {
        if (out->n_chain > 0) {
            out->match = match_key(agent, &chain);
        }
        result = 0;
    }
    mbedtls_x509_crt_free(&roots);
    mbedtls_x509_crt_free(&chain);
    return result;
}
