/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_csr.h>
#include <string.h>
#if AGENT_MBEDTLS_3 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

#define PUBLIC_DER_MAX_BYTES 1200u /* an RSA-8192 key of somebody's certificate */

int agent_crypto_start(struct agent *agent)
{
#if AGENT_MBEDTLS_3 && defined(MBEDTLS_PSA_CRYPTO_C)
    /* where mbedTLS signs or speaks TLS 1.3 through PSA */
    if (psa_crypto_init() != PSA_SUCCESS) {
        return -1;
    }
#endif
    mbedtls_ctr_drbg_init(&agent->drbg);
    return mbedtls_ctr_drbg_seed(&agent->drbg, agent->port->random_bytes, agent->port->ctx, NULL,
                                 0);
}

void agent_wipe(void *data, size_t size)
{
    mbedtls_platform_zeroize(data, size);
}

int agent_sha256(const uint8_t *data, size_t size, uint8_t out[32])
{
#if AGENT_MBEDTLS_3
    return mbedtls_sha256(data, size, out, 0);
#else
    return mbedtls_sha256_ret(data, size, out, 0);
#endif
}

int agent_random(void *agent_pointer, unsigned char *out, size_t size_bytes)
{
    struct agent *agent = agent_pointer;

    if (agent_keepalive(agent)) {
        return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
    }
    return mbedtls_ctr_drbg_random(&agent->drbg, out, size_bytes);
}

/* A generator of its own for a key: nothing that was drawn before has a say in it. */
struct key_random {
    struct agent *agent;
    mbedtls_ctr_drbg_context drbg;
};

static int draw_for_key(void *arg, unsigned char *out, size_t size)
{
    struct key_random *random = arg;

    if (agent_keepalive(random->agent)) {
        return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
    }
    return mbedtls_ctr_drbg_random(&random->drbg, out, size);
}

static int generate(enum agent_key_type type, mbedtls_pk_context *out, struct key_random *random)
{
    static const struct {
        mbedtls_pk_type_t pk;
        mbedtls_ecp_group_id group;
        unsigned bits;
    } types[AGENT_KEY_TYPES] = {
        {MBEDTLS_PK_NONE, MBEDTLS_ECP_DP_NONE, 0},
        {MBEDTLS_PK_RSA, MBEDTLS_ECP_DP_NONE, 2048},
        {MBEDTLS_PK_RSA, MBEDTLS_ECP_DP_NONE, 3072},
        {MBEDTLS_PK_ECKEY, MBEDTLS_ECP_DP_SECP256R1, 256},
        {MBEDTLS_PK_ECKEY, MBEDTLS_ECP_DP_SECP384R1, 384},
        {MBEDTLS_PK_ECKEY, MBEDTLS_ECP_DP_SECP521R1, 521},
    };
    int ret = mbedtls_pk_setup(out, mbedtls_pk_info_from_type(types[type].pk));

    if (ret != 0) {
        return ret;
    }
    if (types[type].pk == MBEDTLS_PK_RSA) {
        return mbedtls_rsa_gen_key(mbedtls_pk_rsa(*out), draw_for_key, random, types[type].bits,
                                   65537);
    }
    return mbedtls_ecp_gen_key(types[type].group, mbedtls_pk_ec(*out), draw_for_key, random);
}

int agent_key_make(struct agent *agent, enum agent_key_type type, mbedtls_pk_context *out)
{
    struct key_random random = {.agent = agent};
    int ret = 0;

    if (type <= AGENT_KEY_NONE || type >= AGENT_KEY_TYPES) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    mbedtls_ctr_drbg_init(&random.drbg);
    ret = mbedtls_ctr_drbg_seed(&random.drbg, agent->port->random_bytes, agent->port->ctx, NULL, 0);
    if (ret == 0) {
        ret = generate(type, out, &random);
    }
    mbedtls_ctr_drbg_free(&random.drbg);
    return ret;
}

int agent_spki_sha256(mbedtls_pk_context *key, uint8_t out[32])
{
    uint8_t der[PUBLIC_DER_MAX_BYTES];
    int size = mbedtls_pk_write_pubkey_der(key, der, sizeof der);

    if (size < 0) {
        return size;
    }
    /* mbedTLS writes to the end of the buffer */
    return agent_sha256(der + sizeof der - (size_t)size, (size_t)size, out);
}

int agent_key_load(struct agent *agent, mbedtls_pk_context *out, enum agent_key_type *type,
                   struct agent_failure *why)
{
    return agent_keystore_load(agent, out, type, why);
}

static int state_of(mbedtls_pk_context *key, enum agent_key_type type, struct agent_key_state *out,
                    struct agent_failure *why)
{
    int ret = agent_spki_sha256(key, out->spki_sha256);

    if (ret != 0) {
        return agent_fail(why, "crypto", ret, "the public key can't be written");
    }
    out->type = type;
    return 0;
}

int agent_key_state(struct agent *agent, struct agent_key_state *out, struct agent_failure *why)
{
    mbedtls_pk_context key;
    int result = 0;

    memset(out, 0, sizeof *out);
    mbedtls_pk_init(&key);
    if (agent_keystore_load(agent, &key, &out->type, why) == 0) {
        result = state_of(&key, out->type, out, why);
    } else if (strcmp(why->code, "no-key") != 0) {
        result = -1;
    }
    mbedtls_pk_free(&key);
    return result;
}

int agent_keygen(struct agent *agent, enum agent_key_type type, struct agent_key_state *out,
                 struct agent_failure *why)
{
    mbedtls_pk_context key;
    int result = -1;

    mbedtls_pk_init(&key);
    int ret = agent_key_make(agent, type, &key);
    if (agent->aborted) {
        (void)agent_fail(why, "aborted", 0, "given up as the host asked; no key was stored");
    } else if (ret != 0) {
        (void)agent_fail(why, "crypto", ret, "the key could not be made");
    } else if (state_of(&key, type, out, why) == 0) {
        /* last: from here on the old key is gone, and nothing else may fail */
        result = agent_keystore_save(agent, &key, type, why);
    }
    mbedtls_pk_free(&key);
    return result;
}

/* Commas and "=" have a meaning in the text that mbedTLS takes: a value goes in escaped. */
static bool add_name(char *out, size_t max, const char *type, const char *value)
{
    size_t at = strlen(out);

    if (*value == '\0') {
        return true;
    }
    if (at != 0) {
        if (max - at < 3) {
            return false;
        }
        out[at++] = ',';
    }
    for (; *type != '\0' && at + 1 < max; type++) {
        out[at++] = *type;
    }
    for (; *value != '\0'; value++) {
        bool escaped = *value == ',' || *value == '\\';
        if (at + 3 > max) {
            return false;
        }
        if (escaped) {
            out[at++] = '\\';
        }
        out[at++] = *value;
    }
    out[at] = '\0';
    return true;
}

int agent_csr_write(struct agent *agent, mbedtls_pk_context *key,
                    const struct agent_subject *subject, uint8_t *der, size_t max_bytes,
                    size_t *size_bytes, struct agent_failure *why)
{
    mbedtls_x509write_csr request;
    char name[300] = "";
    int result = -1;

    *size_bytes = 0;
    if (!add_name(name, sizeof name, "C=", subject->c) ||
        !add_name(name, sizeof name, "O=", subject->o) ||
        !add_name(name, sizeof name, "CN=", subject->cn)) {
        return agent_fail(why, "bad-value", 0, "the subject is too long");
    }
    mbedtls_x509write_csr_init(&request);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&request, key);
    int ret = mbedtls_x509write_csr_set_subject_name(&request, name);
    if (ret != 0) {
        (void)agent_fail(why, "bad-value", ret, "mbedTLS refuses this subject");
    } else {
        ret = mbedtls_x509write_csr_der(&request, der, max_bytes, agent_random, agent);
        if (ret < 0) {
            (void)agent_fail(why, "crypto", ret, "the CSR could not be signed");
        } else {
            memmove(der, der + max_bytes - (size_t)ret, (size_t)ret);
            *size_bytes = (size_t)ret;
            result = 0;
        }
    }
    mbedtls_x509write_csr_free(&request);
    return result;
}

int agent_csr(struct agent *agent, const struct agent_subject *subject, uint8_t *der,
              size_t max_bytes, size_t *size_bytes, struct agent_failure *why)
{
    enum agent_key_type type = AGENT_KEY_NONE;
    mbedtls_pk_context key;
    int result = -1;

    *size_bytes = 0;
    mbedtls_pk_init(&key);
    if (agent_keystore_load(agent, &key, &type, why) == 0) {
        result = agent_csr_write(agent, &key, subject, der, max_bytes, size_bytes, why);
    }
    mbedtls_pk_free(&key);
    return result;
}
