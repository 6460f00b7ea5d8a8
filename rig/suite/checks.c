/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/checks.h"

#include "rig/base/ids.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool all_of(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

const char *rig_check_name(const char *text)
{
    if (text[0] != '\0' && strchr("-_", text[0]) == NULL && all_of(text, LETTERS DIGITS "-_")) {
        return NULL;
    }
    return "letters, digits, - and _, beginning with a letter or digit (it becomes part of file "
           "names)";
}

const char *rig_check_device_id(const char *text)
{
    static const char mac[] = "{mac}";
    const char *at = strstr(text, mac);
    const size_t mac_digits = 2 * (size_t)RIG_MAC_SIZE;

    if (at == NULL || strstr(at + 1, mac) != NULL) {
        return "a pattern with {mac} in it once, so that each board has an id of its own, such as "
               "\"rig-{mac}\"";
    }
    if (strcspn(text, "{}") != (size_t)(at - text) || strpbrk(at + strlen(mac), "{}") != NULL) {
        return "no other braces than {mac}";
    }
    if (!all_of(text, LETTERS DIGITS "-_.{}") || text[0] == '.' || strstr(text, "..") != NULL) {
        return "letters, digits, -, _ and single dots around {mac} (it becomes the certificate's "
               "CN and part of file names)";
    }
    if (strlen(text) - strlen(mac) + mac_digits >= sizeof(struct rig_board_id)) {
        return "at most 35 characters around {mac}, for 47 in all";
    }
    return NULL;
}

const char *rig_check_country(const char *text)
{
    if (strlen(text) == 2 && all_of(text, CAPITALS)) {
        return NULL;
    }
    return "two capital letters (ISO 3166), such as DE";
}

const char *rig_check_ip(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1) {
        return NULL;
    }
    return "an IP address of this host, such as 192.168.1.10 or 0.0.0.0";
}

static bool is_dns_name(const char *text)
{
    const char *label = text;

    if (!all_of(text, LETTERS DIGITS "-.")) {
        return false;
    }
    for (;;) {
        const size_t n = strcspn(label, ".");
        if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-') {
            return false;
        }
        if (label[n] == '\0') {
            return true;
        }
        label += n + 1;
    }
}

const char *rig_check_dns_name(const char *text)
{
    if (is_dns_name(text) && !all_of(text, DIGITS ".")) {
        return NULL;
    }
    return "a DNS name such as srv.rig.test (boards with mbedTLS 2.28 can't match IP addresses)";
}

const char *rig_check_host(const char *text)
{
    if (rig_check_ip(text) == NULL || rig_check_dns_name(text) == NULL) {
        return NULL;
    }
    return "a name or address that boards can reach, such as 192.168.1.10";
}

const char *rig_why_unreadable(const char *path)
{
    if (access(path, R_OK) == 0) {
        return NULL;
    }
    return errno == ENOENT ? "no such file" : "no permission";
}

enum tls_list { TLS_CIPHERS, TLS13_SUITES, TLS_GROUPS, TLS_SIGNATURES };

/* Without memory the run itself will say so. */
static bool openssl_takes(enum tls_list list, const char *text)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    bool taken = true;

    if (context != NULL) {
        SSL_CTX_set_security_level(context, 0);
        switch (list) {
        case TLS_CIPHERS:
            taken = SSL_CTX_set_cipher_list(context, text) == 1;
            break;
        case TLS13_SUITES:
            taken = SSL_CTX_set_ciphersuites(context, text) == 1;
            break;
        case TLS_GROUPS:
            taken = SSL_CTX_set1_groups_list(context, text) == 1;
            break;
        case TLS_SIGNATURES:
            taken = SSL_CTX_set1_sigalgs_list(context, text) == 1;
            break;
        }
    }
    SSL_CTX_free(context);
    ERR_clear_error();
    return taken;
}

const char *rig_check_tls_ciphers(const char *text)
{
    return openssl_takes(TLS_CIPHERS, text)
               ? NULL
               : "cipher suites as `openssl ciphers` names them, such as ECDHE-ECDSA-AES128-SHA";
}

const char *rig_check_tls13_suites(const char *text)
{
    return openssl_takes(TLS13_SUITES, text)
               ? NULL
               : "TLS 1.3 cipher suites joined by ':', such as TLS_AES_128_GCM_SHA256";
}

const char *rig_check_tls_groups(const char *text)
{
    return openssl_takes(TLS_GROUPS, text) ? NULL
                                           : "groups joined by ':', such as X25519:P-256:P-384";
}

const char *rig_check_tls_signatures(const char *text)
{
    return openssl_takes(TLS_SIGNATURES, text)
               ? NULL
               : "signature algorithms joined by ':', such as ECDSA+SHA256:RSA+SHA256";
}
