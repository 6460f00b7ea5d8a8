/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/judge_offers.h"

#include "rig/base/buf.h"
#include "rig/suite/suite.h"
#include "rig/tls/ciphers.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 3

/* "a, b, c and 12 more" */
struct names {
    char text[320];
    size_t n;
};

static void add_name(struct names *names, const char *name)
{
    const size_t len = strlen(names->text);

    if (names->n++ < NAMES_SHOWN) {
        (void)snprintf(names->text + len, sizeof names->text - len, "%s%s", len != 0 ? ", " : "",
                       name);
    }
}

static const char *names_text(struct names *names)
{
    const size_t len = strlen(names->text);

    if (names->n > NAMES_SHOWN) {
        (void)snprintf(names->text + len, sizeof names->text - len, " and %zu more",
                       names->n - NAMES_SHOWN);
    }
    return names->text;
}

static rig_result judge_versions(const struct rig_tls_offers *offers,
                                 const struct rig_agent_hello *declared, struct rig_error *err)
{
    struct names undeclared = {0};

    for (size_t i = 0; i < offers->n_versions; i++) {
        char text[RIG_TLS_VERSION_TEXT_SIZE];

        if (!rig_agent_declares_version(declared, offers->versions[i])) {
            rig_tls_version_text(offers->versions[i], text);
            add_name(&undeclared, text);
        }
    }
    if (undeclared.n == 0) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                    "the board offers %s, which its firmware does not declare (tls= of hello): its "
                    "handshakes are configured in another way than it says. Set "
                    "mbedtls_ssl_conf_min_version and _max_version (ESP-IDF: "
                    "esp_tls_cfg_t.tls_version, CONFIG_MBEDTLS_SSL_PROTO_*) once, also in tune_tls "
                    "of the agent's port",
                    names_text(&undeclared));
}

static rig_result judge_ciphers(const struct rig_tls_offers *offers,
                                const struct rig_agent_hello *declared, struct rig_error *err)
{
    struct names undeclared = {0};

    if (declared->n_ciphers == 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "this firmware declares no cipher suites: its agent is too old (hello has "
                        "no ciphers=), so nothing can be compared; build it with the agent of this "
                        "rig's version");
    }
    for (size_t i = 0; i < offers->n_ciphers; i++) {
        char text[RIG_TLS_CIPHER_TEXT_SIZE];

        if (!rig_agent_declares_cipher(declared, offers->ciphers[i])) {
            rig_tls_cipher_text(offers->ciphers[i], text);
            add_name(&undeclared, text);
        }
    }
    if (undeclared.n == 0) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                    "the board offers cipher suites that its firmware does not declare (ciphers= "
                    "of hello): %s. Its handshakes are configured in another way than it says: set "
                    "mbedtls_ssl_conf_ciphersuites (ESP-IDF: esp_tls_cfg_t.ciphersuites_list) "
                    "once, also in tune_tls of the agent's port",
                    names_text(&undeclared));
}

/* Where a suite of this kind comes from. */
static const char *const remedies[RIG_TLS_N_WEAKNESSES] = {
    [RIG_TLS_NO_ENCRYPTION] = "MBEDTLS_CIPHER_NULL_CIPHER off",
    [RIG_TLS_NO_AUTHENTICATION] = "no suite with _anon_: mbedTLS has none",
    [RIG_TLS_EXPORT] = "no suite with _EXPORT_: mbedTLS has none",
    [RIG_TLS_RC4] = "MBEDTLS_ARC4_C off (ESP-IDF: CONFIG_MBEDTLS_RC4_DISABLED)",
    [RIG_TLS_DES] = "MBEDTLS_DES_C off (ESP-IDF: CONFIG_MBEDTLS_DES_C)",
    [RIG_TLS_3DES] = "MBEDTLS_DES_C off, or MBEDTLS_REMOVE_3DES_CIPHERSUITES on",
    [RIG_TLS_MD5] = "MBEDTLS_MD5_C off (ESP-IDF: CONFIG_MBEDTLS_MD5_C)",
};

static rig_result judge_strength(const struct rig_tls_offers *offers, struct rig_error *err)
{
    enum rig_tls_weakness worst = RIG_TLS_NOT_WEAK;
    struct names weak = {0};

    for (size_t i = 0; i < offers->n_ciphers; i++) {
        const enum rig_tls_weakness weakness = rig_tls_cipher_weakness(offers->ciphers[i]);
        char name[RIG_TLS_CIPHER_TEXT_SIZE];
        char text[RIG_TLS_CIPHER_TEXT_SIZE + 24];

        if (weakness != RIG_TLS_NOT_WEAK) {
            rig_tls_cipher_text(offers->ciphers[i], name);
            (void)snprintf(text, sizeof text, "%s (%s)", name, rig_tls_weakness_name(weakness));
            add_name(&weak, text);
            worst = worst == RIG_TLS_NOT_WEAK || weakness < worst ? weakness : worst;
        }
    }
    if (weak.n == 0) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                    "the board offers weak cipher suites: %s. Take them out of "
                    "mbedtls_ssl_conf_ciphersuites (ESP-IDF: esp_tls_cfg_t.ciphersuites_list) and "
                    "of the build: %s",
                    names_text(&weak), remedies[worst]);
}

rig_result rig_judge_offers(uint32_t wanted, const struct rig_tls_offers *offers,
                            const struct rig_agent_hello *declared, struct rig_error *err)
{
    if (wanted != 0 && (offers->n_versions == 0 || offers->n_ciphers == 0 || offers->cut)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                        offers->cut ? "the board's ClientHello lists more than can be looked at: "
                                      "leave cipher suites out that no server of yours needs"
                                    : "the board's ClientHello offers nothing that can be read: "
                                      "look at it in the capture");
    }
    if ((wanted & RIG_OFFERS_DECLARED_VERSIONS) != 0) {
        RIG_TRY(judge_versions(offers, declared, err));
    }
    if ((wanted & RIG_OFFERS_DECLARED_CIPHERS) != 0) {
        RIG_TRY(judge_ciphers(offers, declared, err));
    }
    return (wanted & RIG_OFFERS_NO_WEAK_CIPHERS) != 0 ? judge_strength(offers, err) : RIG_DONE;
}
