/* SPDX-License-Identifier: Apache-2.0 */
/* How TLS is configured for each handshake, and what a ClientHello made from it lists. mbedTLS
 * decides that while it writes the message; here are its rules, for hello to declare it before. */
#include "core.h"

#include <mbedtls/ssl_ciphersuites.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03020000
#define VERSION_OF(minor) (0x0301 + (minor))
#define LOWEST_OF(holder) ((holder)->min_tls_version)
#define HIGHEST_OF(holder) ((holder)->max_tls_version)
#else
/* minor 1 is TLS 1.0 */
#define VERSION_OF(minor) (1 + (minor))
#define LOWEST_OF(holder) ((holder)->min_minor_ver)
#define HIGHEST_OF(holder) ((holder)->max_minor_ver)
#endif

static void set_versions(mbedtls_ssl_config *conf, uint8_t min_version, uint8_t max_version)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    mbedtls_ssl_conf_min_tls_version(conf, min_version == 0x13 ? MBEDTLS_SSL_VERSION_TLS1_3
                                                               : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(conf, max_version == 0x13 ? MBEDTLS_SSL_VERSION_TLS1_3
                                                               : MBEDTLS_SSL_VERSION_TLS1_2);
#else
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, VERSION_OF(min_version & 15));
    mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, VERSION_OF(max_version & 15));
#endif
}

int agent_tls_configure(mbedtls_ssl_config *conf, uint8_t min_version, uint8_t max_version)
{
    int ret = mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                          MBEDTLS_SSL_PRESET_DEFAULT);

    if (ret == 0) {
        mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_REQUIRED);
        set_versions(conf, min_version, max_version);
    }
    return ret;
}

int agent_offers_configure(struct agent *agent, mbedtls_ssl_config *conf)
{
    uint8_t min = 0;
    uint8_t max = 3;
    int ret = 0;

    while (min < 3 && !agent_tls_supported(min)) {
        min++;
    }
    while (max > min && !agent_tls_supported(max)) {
        max--;
    }
    ret = agent_tls_configure(conf, (uint8_t)(0x10 + min), (uint8_t)(0x10 + max));
    if (ret == 0 && agent->port->tune_tls != NULL) {
        agent->port->tune_tls(agent->port->ctx, conf);
    }
    return ret;
}

bool agent_offers_version(const mbedtls_ssl_config *conf, unsigned minor)
{
    int version = VERSION_OF((int)minor);

    return agent_tls_supported(minor) && version >= (int)LOWEST_OF(conf) &&
           version <= (int)HIGHEST_OF(conf);
}

/* ---- cipher suites ---- */

/* mbedTLS 2.28 has a list for each version, and takes that of a handshake's lowest one. */
static const int *list_of(const mbedtls_ssl_config *conf, unsigned lowest)
{
#if AGENT_MBEDTLS_3
    (void)lowest;
    return conf->ciphersuite_list;
#else
    return conf->ciphersuite_list[VERSION_OF(lowest)];
#endif
}

static bool needs_psk(const mbedtls_ssl_ciphersuite_t *suite)
{
    switch (suite->key_exchange) {
    case MBEDTLS_KEY_EXCHANGE_PSK:
    case MBEDTLS_KEY_EXCHANGE_RSA_PSK:
    case MBEDTLS_KEY_EXCHANGE_DHE_PSK:
    case MBEDTLS_KEY_EXCHANGE_ECDHE_PSK:
        return true;
    default:
        return false;
    }
}

static bool has_psk(const mbedtls_ssl_config *conf)
{
#if defined(MBEDTLS_KEY_EXCHANGE_PSK_ENABLED) || defined(MBEDTLS_KEY_EXCHANGE_RSA_PSK_ENABLED) ||  \
    defined(MBEDTLS_KEY_EXCHANGE_DHE_PSK_ENABLED) ||                                               \
    defined(MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED)
    return conf->psk_identity != NULL && conf->psk_identity_len != 0;
#else
    (void)conf;
    return false;
#endif
}

static bool is_switched_off(const mbedtls_ssl_config *conf, const mbedtls_ssl_ciphersuite_t *suite)
{
#if !AGENT_MBEDTLS_3 && defined(MBEDTLS_ARC4_C)
    return conf->arc4_disabled == MBEDTLS_SSL_ARC4_DISABLED &&
           suite->cipher == MBEDTLS_CIPHER_ARC4_128;
#else
    (void)conf;
    (void)suite;
    return false;
#endif
}

/* By mbedTLS's rules, in the ClientHello of a handshake whose lowest version is 1.<lowest>. */
static bool is_written(const mbedtls_ssl_config *conf, int number, unsigned lowest)
{
    const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(number);

    return suite != NULL && (int)LOWEST_OF(suite) <= (int)HIGHEST_OF(conf) &&
           (int)HIGHEST_OF(suite) >= VERSION_OF((int)lowest) && !is_switched_off(conf, suite) &&
           /* the agent sets no password for it */
           suite->key_exchange != MBEDTLS_KEY_EXCHANGE_ECJPAKE &&
           (!needs_psk(suite) || has_psk(conf));
}

static bool stands_before(const int *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (list[i] == list[index]) {
            return true;
        }
    }
    return false;
}

/* Do handshakes with a lower lowest version list it too? */
static bool is_written_lower(const mbedtls_ssl_config *conf, int number, unsigned lowest)
{
    for (unsigned lower = 0; lower < lowest; lower++) {
        const int *at = agent_offers_version(conf, lower) ? list_of(conf, lower) : NULL;
        while (at != NULL && *at != 0 && *at != number) {
            at++;
        }
        if (at != NULL && *at != 0 && is_written(conf, number, lower)) {
            return true;
        }
    }
    return false;
}

/* Such handshakes list no less of it. */
static bool is_list_of_lower(const mbedtls_ssl_config *conf, unsigned lowest)
{
    for (unsigned lower = 0; lower < lowest; lower++) {
        if (agent_offers_version(conf, lower) && list_of(conf, lower) == list_of(conf, lowest)) {
            return true;
        }
    }
    return false;
}

bool agent_offers_next(const mbedtls_ssl_config *conf, struct agent_offers_at *at, uint16_t *number)
{
    for (; at->lowest < 4; at->lowest++, at->index = 0) {
        const int *list = agent_offers_version(conf, at->lowest) ? list_of(conf, at->lowest) : NULL;
        if (list == NULL || is_list_of_lower(conf, at->lowest)) {
            continue;
        }
        while (list[at->index] != 0) {
            size_t index = at->index++;
            int next = list[index];
            if (!stands_before(list, index) && is_written(conf, next, at->lowest) &&
                !is_written_lower(conf, next, at->lowest)) {
                *number = (uint16_t)next;
                return true;
            }
        }
    }
    return false;
}
