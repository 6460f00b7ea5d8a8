/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct fault {
    const char *name;
    enum rig_error_class cls;
    enum rig_error_code code;
    const char *sentence;
    const char *remedy;
};

static const struct fault faults[RIG_VAULT_N_FAULTS] = {
    [RIG_VAULT_FAULT_NONE] = {"none", RIG_CLASS_NONE, RIG_E_NONE, "nothing is wrong", ""},
    [RIG_VAULT_FAULT_UNREACHABLE] = {"unreachable", RIG_CLASS_NETWORK, RIG_E_NO_ANSWER,
                                     "the Vault server can't be reached",
                                     "look at the address, the network and whether it runs"},
    [RIG_VAULT_FAULT_TLS] = {"tls", RIG_CLASS_NETWORK, RIG_E_BAD_SIGNATURE,
                             "no trusted TLS connection to the Vault server",
                             "name the CA that signed its certificate (ca_file, BAO_CACERT), and "
                             "the name that stands in it (tls_server_name)"},
    [RIG_VAULT_FAULT_NOT_VAULT] =
        {"not-vault", RIG_CLASS_CA, RIG_E_PROTOCOL, "what answers there is no Vault server",
         "look at host, port and https:// of the address, and at proxies"},
    [RIG_VAULT_FAULT_GARBAGE] = {"garbage", RIG_CLASS_CA, RIG_E_PROTOCOL,
                                 "the answer is not the JSON that Vault's API promises",
                                 "look for a proxy in between, and at the server's log"},
    [RIG_VAULT_FAULT_CUT] = {"cut", RIG_CLASS_NETWORK, RIG_E_DISCONNECTED,
                             "the connection ended before the answer was whole",
                             "look at the network, and whether the server was restarted"},
    [RIG_VAULT_FAULT_SLOW] = {"slow", RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "no answer within the time",
                              "look at the server's load and storage, or allow more time"},
    [RIG_VAULT_FAULT_TOO_BIG] = {"too-big", RIG_CLASS_CA, RIG_E_PROTOCOL,
                                 "the answer is larger than 32 MiB",
                                 "look at what answers there; tidy the mount if it is a list"},
    [RIG_VAULT_FAULT_SEALED] = {"sealed", RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                                "the Vault server is sealed",
                                "have it unsealed ('bao operator unseal')"},
    [RIG_VAULT_FAULT_UNINITIALIZED] = {"uninitialized", RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                                       "the Vault server is not initialized",
                                       "initialize it ('bao operator init') and unseal it"},
    [RIG_VAULT_FAULT_STANDBY] = {"standby", RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                                 "this node is a standby and knows no active one",
                                 "wait for the election, or give the address of the cluster"},
    [RIG_VAULT_FAULT_NO_ROUTE] = {"no-route", RIG_CLASS_CA, RIG_E_NOT_FOUND,
                                  "no engine is mounted at this path, or it has no such path",
                                  "look at mount and namespace, or run 'rig vault setup'"},
    [RIG_VAULT_FAULT_UNKNOWN_ROLE] = {"unknown-role", RIG_CLASS_CA, RIG_E_NOT_FOUND,
                                      "the PKI mount has no such role",
                                      "look at the role's name, or run 'rig vault setup'"},
    [RIG_VAULT_FAULT_NOT_FOUND] = {"not-found", RIG_CLASS_CA, RIG_E_NOT_FOUND,
                                   "there is nothing at this path", "look at the name"},
    [RIG_VAULT_FAULT_DENIED] = {"denied", RIG_CLASS_CA, RIG_E_PERMISSION, "permission denied",
                                "log in with a role whose policy allows it"},
    [RIG_VAULT_FAULT_TOKEN] = {"token", RIG_CLASS_USAGE, RIG_E_PERMISSION,
                               "the token is missing, expired, revoked or used up",
                               "give a new token, or log in with AppRole or a certificate, which "
                               "renew themselves"},
    [RIG_VAULT_FAULT_LOGIN] = {"login", RIG_CLASS_USAGE, RIG_E_PERMISSION, "the login was refused",
                               "look at role id, secret id or client certificate, and at the auth "
                               "method's mount"},
    [RIG_VAULT_FAULT_KEY_REFUSED] = {"key-refused", RIG_CLASS_CA, RIG_E_POLICY,
                                     "the role does not sign this kind of key",
                                     "match key_type and key_bits of the role and of the board"},
    [RIG_VAULT_FAULT_NAME_REFUSED] = {"name-refused", RIG_CLASS_CA, RIG_E_POLICY,
                                      "the role does not allow a name of the request",
                                      "match the role's allowed_domains and the board's name"},
    [RIG_VAULT_FAULT_CSR_REFUSED] = {"csr-refused", RIG_CLASS_CA, RIG_E_REFUSED,
                                     "the certificate request was refused",
                                     "look at the CSR with 'openssl req -text -verify'"},
    [RIG_VAULT_FAULT_TTL_BEYOND_CA] = {"ttl-beyond-ca", RIG_CLASS_CA, RIG_E_POLICY,
                                       "the certificate would outlive the CA that signs it",
                                       "shorten the validity, or renew the issuing CA"},
    [RIG_VAULT_FAULT_NO_ISSUER] = {"no-issuer", RIG_CLASS_CA, RIG_E_NOT_FOUND,
                                   "the PKI mount has no CA to sign with",
                                   "run 'rig vault setup', or look at the mount's issuers"},
    [RIG_VAULT_FAULT_QUOTA] = {"quota", RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                               "a quota of the Vault server is used up",
                               "run fewer boards at once, or have the quota raised "
                               "(sys/quotas)"},
    [RIG_VAULT_FAULT_BAD_REQUEST] = {"bad-request", RIG_CLASS_CA, RIG_E_REFUSED,
                                     "the Vault server refused the request",
                                     "its own words say why"},
    [RIG_VAULT_FAULT_SERVER] = {"server", RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                                "the Vault server failed",
                                "look at its log: storage, audit device, proxy"},
};

/* Matched from top to bottom against the server's own words, in any letter case. Status 0: any. */
static const struct {
    long status;
    const char *part;
    enum rig_vault_fault fault;
} patterns[] = {
    {0, "not initialized", RIG_VAULT_FAULT_UNINITIALIZED},
    {503, "sealed", RIG_VAULT_FAULT_SEALED},
    {503, "standby", RIG_VAULT_FAULT_STANDBY},
    {0, "node not active", RIG_VAULT_FAULT_STANDBY},
    {0, "in standby mode", RIG_VAULT_FAULT_STANDBY},
    {0, "could not fetch the ca certificate", RIG_VAULT_FAULT_NO_ISSUER},
    {0, "no default issuer", RIG_VAULT_FAULT_NO_ISSUER},
    {0, "unable to find pki issuer", RIG_VAULT_FAULT_NO_ISSUER},
    {403, "invalid token", RIG_VAULT_FAULT_TOKEN},
    {403, "bad token", RIG_VAULT_FAULT_TOKEN},
    {0, "missing client token", RIG_VAULT_FAULT_TOKEN},
    {404, "no handler for route", RIG_VAULT_FAULT_NO_ROUTE},
    {404, "unsupported path", RIG_VAULT_FAULT_NO_ROUTE},
    {404, "namespace not found", RIG_VAULT_FAULT_NO_ROUTE},
    {400, "unknown role", RIG_VAULT_FAULT_UNKNOWN_ROLE},
    {400, "role requires keys", RIG_VAULT_FAULT_KEY_REFUSED},
    {400, "role requires a minimum", RIG_VAULT_FAULT_KEY_REFUSED},
    {400, "cannot satisfy request, as ttl", RIG_VAULT_FAULT_TTL_BEYOND_CA},
    {400, "notafter that is beyond", RIG_VAULT_FAULT_TTL_BEYOND_CA},
    {400, "not allowed by this role", RIG_VAULT_FAULT_NAME_REFUSED},
    {400, "not allowed in this role", RIG_VAULT_FAULT_NAME_REFUSED},
    {400, "common_name", RIG_VAULT_FAULT_NAME_REFUSED},
    {400, "request signature invalid", RIG_VAULT_FAULT_CSR_REFUSED},
    {400, "csr", RIG_VAULT_FAULT_CSR_REFUSED},
    {400, "certificate request", RIG_VAULT_FAULT_CSR_REFUSED},
};

const char *rig_vault_fault_name(enum rig_vault_fault fault)
{
    return (size_t)fault < RIG_VAULT_N_FAULTS ? faults[fault].name : "unknown";
}

const char *rig_vault_fault_sentence(enum rig_vault_fault fault)
{
    return faults[fault].sentence;
}

rig_result rig_vault_fail(struct rig_error *err, enum rig_vault_fault fault, const char *what,
                          const char *words, const char *remedy)
{
    const struct fault *row = &faults[fault];
    char text[RIG_ERROR_TEXT_SIZE]; /* `words` may lie in err */

    (void)snprintf(text, sizeof text, "%s: %s%s%.240s%s: %s", what, row->sentence,
                   words[0] != '\0' ? " (" : "", words, words[0] != '\0' ? ")" : "",
                   remedy != NULL ? remedy : row->remedy);
    return rig_fail(err, row->cls, row->code, "%s", text);
}

/* One line of printable ASCII; Go's multierror frame ("1 error occurred:\n\t* ...\n\n") is taken
 * off. */
static void tidy(const char *from, char words[RIG_VAULT_WORDS_SIZE])
{
    static const char frame[] = " occurred:\n\t* ";
    const char *inner = strstr(from, frame);
    size_t len = 0;
    bool gap = false;

    if (inner != NULL) {
        from = inner + strlen(frame);
    }
    for (; *from != '\0' && len < RIG_VAULT_WORDS_SIZE - 2; from++) {
        const unsigned char c = (unsigned char)*from;

        if (c <= ' ' || c == 0x7F) {
            gap = len != 0;
            continue;
        }
        if (gap) {
            words[len++] = ' ';
            gap = false;
        }
        words[len++] = c < 0x80 ? (char)c : '?';
    }
    words[len] = '\0';
}

static enum rig_vault_fault of_words(long status, const char *words)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if ((patterns[i].status == 0 || patterns[i].status == status) &&
            strcasestr(words, patterns[i].part) != NULL) {
            return patterns[i].fault;
        }
    }
    return RIG_VAULT_FAULT_NONE;
}

static enum rig_vault_fault of_status(long status)
{
    switch (status) {
    case 403:
        return RIG_VAULT_FAULT_DENIED;
    case 404:
        return RIG_VAULT_FAULT_NOT_FOUND;
    case 429:
        return RIG_VAULT_FAULT_QUOTA;
    case 472: /* disaster-recovery secondary, performance standby, standby without a leader */
    case 473:
    case 474:
        return RIG_VAULT_FAULT_STANDBY;
    case 501:
        return RIG_VAULT_FAULT_UNINITIALIZED;
    default:
        break;
    }
    if (status >= 500 && status <= 599) {
        return RIG_VAULT_FAULT_SERVER;
    }
    return status >= 400 && status <= 499 ? RIG_VAULT_FAULT_BAD_REQUEST : RIG_VAULT_FAULT_NOT_VAULT;
}

/* An answer without Vault's envelope of errors: a proxy, a load balancer, something else. */
static enum rig_vault_fault of_stranger(long status, const char *content_type)
{
    if (strncmp(content_type, "application/ocsp-response", 25) == 0) {
        return RIG_VAULT_FAULT_BAD_REQUEST;
    }
    if (status == 429) {
        return RIG_VAULT_FAULT_QUOTA;
    }
    if (status >= 500 && status <= 599) {
        return RIG_VAULT_FAULT_SERVER;
    }
    if (status < 400) {
        return RIG_VAULT_FAULT_NOT_VAULT;
    }
    return strncmp(content_type, "application/json", 16) == 0 ? RIG_VAULT_FAULT_GARBAGE
                                                              : RIG_VAULT_FAULT_NOT_VAULT;
}

enum rig_vault_fault rig_vault_classify(long status, const char *content_type, const void *body,
                                        size_t body_len, char words[RIG_VAULT_WORDS_SIZE])
{
    json_t *root;
    const json_t *errors;
    enum rig_vault_fault fault;

    words[0] = '\0';
    if (status >= 200 && status <= 299) {
        return RIG_VAULT_FAULT_NONE;
    }
    root = json_loadb(body, body_len, JSON_ALLOW_NUL, NULL);
    errors = json_object_get(root, "errors");
    if (!json_is_array(errors)) {
        /* sys/health and its like say their state without an envelope */
        fault = json_is_object(root) ? of_status(status) : of_stranger(status, content_type);
        json_decref(root);
        return fault;
    }
    if (json_is_string(json_array_get(errors, 0))) {
        tidy(json_string_value(json_array_get(errors, 0)), words);
    }
    json_decref(root);
    fault = of_words(status, words);
    return fault != RIG_VAULT_FAULT_NONE ? fault : of_status(status);
}
