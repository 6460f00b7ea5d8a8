/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipes of a fixture PKI: what each certificate, CRL and OCSP answer of it is, as a difference
 * from the good profile. Files (fixtures/pki, rig/suite/fixtures.h) are read into these; world.h
 * makes the things themselves.
 *
 * Zero means "as the good profile has it" in every field, so `{.name = "x"}` is a good certificate.
 * A recipe holds no pointers and its memory is cleared before it is filled: its bytes are its
 * content, and what is made from it is kept under their hash.
 *
 * The good profile:
 *
 *                authority                    device                server
 *   subject      CN as its name, O "rig       CN as asked for       CN as asked for
 *                fixtures"
 *   key          p-256                        the board's, else     p-256
 *                                             p-256
 *   validity     -30d to +3650d               -1d to +365d          -1d to +365d
 *   signer       itself for a root            `issuing`             `issuing`
 *   chain                                     its signers up to, but not including, the root
 *   CA           true, no path length         false                 false
 *   key usage    keyCertSign, cRLSign         digitalSignature      digitalSignature
 *   extended     none                         clientAuth            serverAuth
 *   SAN          none                         none                  dns:{name}
 *   key ids      both, right
 *   digest       SHA-256; SHA-384 by P-384 and P-521 keys
 *   serial       128 bits that depend on the recipe alone: every board's certificate of a recipe
 *                has the same one, so a CRL that revokes it holds for all boards
 *
 * Plain data, any thread.
 */
#ifndef RIG_PKI_RECIPE_H
#define RIG_PKI_RECIPE_H

#include "rig/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_PKI_NAME_SIZE 48   /* of recipes */
#define RIG_PKI_VALUE_SIZE 256 /* of texts within a certificate */
#define RIG_PKI_OID_SIZE 64
#define RIG_PKI_SERIAL_SIZE 41 /* hex of 20 octets */
#define RIG_PKI_MAX_CHAIN 16
#define RIG_PKI_MAX_NAMES 12
#define RIG_PKI_MAX_TRUST 4
#define RIG_PKI_MAX_PURPOSES 8
#define RIG_PKI_MAX_EXTENSIONS 4
#define RIG_PKI_MAX_LEVELS 16
#define RIG_PKI_MAX_REVOKED 16
#define RIG_PKI_MAX_LISTS 16
#define RIG_PKI_MAX_EXTENSION_BYTES 200000

/* Whose certificate. Each kind has names of its own: a device and a server may both be `good`. */
enum rig_pki_kind { RIG_PKI_AUTHORITY = 0, RIG_PKI_DEVICE, RIG_PKI_SERVER };
#define RIG_PKI_KINDS 3
/* "authority", "device", "server" */
const char *rig_pki_kind_name(enum rig_pki_kind kind);

enum rig_pki_key_type {
    RIG_PKI_KEY_DEFAULT = 0,
    RIG_PKI_KEY_RSA_1024,
    RIG_PKI_KEY_RSA_2048,
    RIG_PKI_KEY_RSA_3072,
    RIG_PKI_KEY_RSA_4096,
    RIG_PKI_KEY_P224,
    RIG_PKI_KEY_P256,
    RIG_PKI_KEY_P384,
    RIG_PKI_KEY_P521,
    RIG_PKI_KEY_SECP256K1,
    RIG_PKI_KEY_BRAINPOOL_P256,
    RIG_PKI_KEY_ED25519,
};

enum rig_pki_digest {
    RIG_PKI_DIGEST_DEFAULT = 0,
    RIG_PKI_DIGEST_SHA256,
    RIG_PKI_DIGEST_SHA384,
    RIG_PKI_DIGEST_SHA512,
    RIG_PKI_DIGEST_SHA224,
    RIG_PKI_DIGEST_SHA1,
    RIG_PKI_DIGEST_MD5,
};

/* A value that can be as usual, away, or something else that the field beside it says. */
enum rig_pki_choice {
    RIG_PKI_AS_USUAL = 0,
    RIG_PKI_NONE,
    RIG_PKI_GIVEN,
};

/* An authority key identifier or subject key identifier. */
enum rig_pki_key_id {
    RIG_PKI_ID_RIGHT = 0,
    RIG_PKI_ID_NONE,
    RIG_PKI_ID_WRONG, /* of a key that nobody has */
};

/* What is changed after signing. */
enum rig_pki_tamper {
    RIG_PKI_INTACT = 0,
    RIG_PKI_TAMPER_SIGNATURE, /* a bit of the signature */
    RIG_PKI_TAMPER_CONTENT,   /* a bit of what was signed: of the serial, or of a CRL's or OCSP
                                 answer's thisUpdate */
};

enum rig_pki_ca_flag {
    RIG_PKI_CA_DEFAULT = 0,
    RIG_PKI_CA_TRUE,
    RIG_PKI_CA_FALSE,
    RIG_PKI_CA_ABSENT, /* no basicConstraints */
};

enum rig_pki_time_form { RIG_PKI_TIME_DEFAULT = 0, RIG_PKI_TIME_RELATIVE, RIG_PKI_TIME_ABSOLUTE };
struct rig_pki_time {
    enum rig_pki_time_form form;
    int64_t ms; /* since the opening of the world, or since 1970 */
};

enum rig_pki_name_type { RIG_PKI_DNS = 0, RIG_PKI_IP, RIG_PKI_EMAIL, RIG_PKI_URI };
struct rig_pki_alt_name {
    enum rig_pki_name_type type;
    char
        value[RIG_PKI_VALUE_SIZE]; /* UTF-8; in name constraints an IP has its mask: "10.0.0.0/8" */
};

/* RFC 5280 4.2.1.3: bit n of the mask is bit n of keyUsage. */
#define RIG_PKI_KU_DIGITAL_SIGNATURE (1U << 0)
#define RIG_PKI_KU_NON_REPUDIATION (1U << 1)
#define RIG_PKI_KU_KEY_ENCIPHERMENT (1U << 2)
#define RIG_PKI_KU_DATA_ENCIPHERMENT (1U << 3)
#define RIG_PKI_KU_KEY_AGREEMENT (1U << 4)
#define RIG_PKI_KU_KEY_CERT_SIGN (1U << 5)
#define RIG_PKI_KU_CRL_SIGN (1U << 6)
#define RIG_PKI_KU_ENCIPHER_ONLY (1U << 7)
#define RIG_PKI_KU_DECIPHER_ONLY (1U << 8)

struct rig_pki_extension {
    char oid[RIG_PKI_OID_SIZE];
    bool critical;
    uint32_t n_bytes; /* length of its value, an OCTET STRING of zeros; 0: DER NULL */
};

/* `{name}` in common_name and alternative names is the name that was asked for, `{NAME}` the same
 * in capitals, `{domain}` what stands behind its first dot, `{parent}` what stands behind its
 * second, `{initial}` its first character. */
struct rig_pki_recipe {
    enum rig_pki_kind kind;
    char name[RIG_PKI_NAME_SIZE];
    char description[RIG_PKI_VALUE_SIZE];

    char signer[RIG_PKI_NAME_SIZE]; /* an authority; "" as usual */
    bool self_signed;
    char names_of[RIG_PKI_NAME_SIZE]; /* an authority whose subject this look-alike bears */
    char key_of[RIG_PKI_NAME_SIZE];   /* an authority whose key this one has: renewed, or
                                         cross-signed by another; "" its own */
    bool trusted;                     /* authority: verifiers trust it, unless `trust` says else */
    uint32_t levels; /* authority: that many one below the other, NAME-1 at the top; 0: one */

    enum rig_pki_choice chain_choice;
    size_t n_chain; /* what is sent behind the leaf, in this order: authorities, or "leaf" */
    char chain[RIG_PKI_MAX_CHAIN][RIG_PKI_NAME_SIZE];
    size_t n_trust; /* 0: the authorities that are `trusted` */
    char trust[RIG_PKI_MAX_TRUST][RIG_PKI_NAME_SIZE];

    struct rig_pki_time not_before;
    struct rig_pki_time not_after;

    enum rig_pki_choice common_name_choice; /* NONE: no CN */
    char common_name[RIG_PKI_VALUE_SIZE];
    char organization[RIG_PKI_VALUE_SIZE]; /* "" as usual */
    char country[RIG_PKI_VALUE_SIZE];
    char subject_serial_number[RIG_PKI_VALUE_SIZE]; /* 2.5.4.5 */

    enum rig_pki_choice alt_names_choice;
    size_t n_alt_names;
    struct rig_pki_alt_name alt_names[RIG_PKI_MAX_NAMES];

    enum rig_pki_choice purposes_choice; /* extendedKeyUsage */
    size_t n_purposes;
    char purposes[RIG_PKI_MAX_PURPOSES][RIG_PKI_OID_SIZE]; /* dotted, or OpenSSL's short name */
    enum rig_pki_choice key_usage_choice;
    uint32_t key_usage;
    enum rig_pki_ca_flag ca;
    enum rig_pki_choice path_length_choice;
    uint32_t path_length;

    size_t n_permitted; /* name constraints; DNS without a leading dot */
    struct rig_pki_alt_name permitted[RIG_PKI_MAX_NAMES];
    size_t n_excluded;
    struct rig_pki_alt_name excluded[RIG_PKI_MAX_NAMES];
    bool name_constraints_not_critical;

    size_t n_extensions;
    struct rig_pki_extension extensions[RIG_PKI_MAX_EXTENSIONS];

    enum rig_pki_key_id authority_key_id;
    enum rig_pki_key_id subject_key_id;
    enum rig_pki_key_type key; /* given: a fresh key of this type, also when a board's is at hand */
    bool foreign_key;          /* the certificate is for another key of the same type than the one
                                  that its holder has */
    enum rig_pki_digest digest;
    enum rig_pki_tamper tamper;
    char serial[RIG_PKI_SERIAL_SIZE]; /* lower-case hex; "" as usual */
    bool version_1;                   /* no extensions then */

    /* server: what a client is told to expect instead of the name; NONE: nothing */
    enum rig_pki_choice expected_name_choice;
    char expected_name[RIG_PKI_VALUE_SIZE];
};

/* Who a CRL is about; ca-certificates and user-certificates put a critical
 * issuingDistributionPoint in. */
enum rig_pki_scope { RIG_PKI_SCOPE_ALL = 0, RIG_PKI_SCOPE_CA, RIG_PKI_SCOPE_USER };

struct rig_pki_revoked {
    enum rig_pki_kind kind;
    char name[RIG_PKI_NAME_SIZE];
};

struct rig_pki_crl_recipe {
    char issuer[RIG_PKI_NAME_SIZE]; /* whose name it bears */
    char signer[RIG_PKI_NAME_SIZE]; /* whose key signs it and whose id it names; "" the issuer */
    size_t n_revoked;
    struct rig_pki_revoked revoked[RIG_PKI_MAX_REVOKED];
    uint32_t number;                 /* 0: 1 */
    struct rig_pki_time this_update; /* usual: -1h */
    struct rig_pki_time next_update; /* usual: +30d */
    enum rig_pki_choice next_update_choice;
    enum rig_pki_digest digest;
    enum rig_pki_key_id authority_key_id;
    enum rig_pki_tamper tamper;
    enum rig_pki_scope scope;
    size_t n_extensions;
    struct rig_pki_extension extensions[RIG_PKI_MAX_EXTENSIONS];
};

enum rig_pki_crl_form { RIG_PKI_CRL_PEM = 0, RIG_PKI_CRL_DER };

/* What a verifier is given: CRLs in this order. */
struct rig_pki_crl_set {
    char name[RIG_PKI_NAME_SIZE];
    char description[RIG_PKI_VALUE_SIZE];
    enum rig_pki_crl_form form; /* DER: bytes that a PEM loader can't read */
    bool every_authority;       /* and a good, empty list of each authority that has
                                     names of its own and no list here */
    size_t n_lists;
    struct rig_pki_crl_recipe lists[RIG_PKI_MAX_LISTS];
};

/* RFC 6960 4.2.1 */
enum rig_pki_ocsp_response {
    RIG_PKI_OCSP_SUCCESSFUL = 0,
    RIG_PKI_OCSP_MALFORMED_REQUEST = 1,
    RIG_PKI_OCSP_INTERNAL_ERROR = 2,
    RIG_PKI_OCSP_TRY_LATER = 3,
    RIG_PKI_OCSP_SIG_REQUIRED = 5,
    RIG_PKI_OCSP_UNAUTHORIZED = 6,
};
enum rig_pki_ocsp_status { RIG_PKI_OCSP_GOOD = 0, RIG_PKI_OCSP_REVOKED, RIG_PKI_OCSP_UNKNOWN };
enum rig_pki_nonce { RIG_PKI_NONCE_ECHO = 0, RIG_PKI_NONCE_NONE, RIG_PKI_NONCE_WRONG };

struct rig_pki_ocsp_recipe {
    char name[RIG_PKI_NAME_SIZE];
    char description[RIG_PKI_VALUE_SIZE];
    enum rig_pki_ocsp_response response;
    enum rig_pki_ocsp_status status;
    char signer[RIG_PKI_NAME_SIZE]; /* an authority; "" the issuer of the certificate asked about */
    bool without_certificates;      /* the signer's certificate is not sent along */
    bool key_responder_id;          /* byKey instead of byName */
    struct rig_pki_time this_update; /* usual: -1h */
    struct rig_pki_time next_update; /* usual: +30d */
    enum rig_pki_choice next_update_choice;
    struct rig_pki_time revoked_at; /* usual: -1d */
    bool wrong_serial;
    bool wrong_issuer_hash;
    enum rig_pki_nonce nonce;
    enum rig_pki_digest digest;
    enum rig_pki_tamper tamper;
    bool garbage; /* bytes that are no OCSP response at all */
    /* how it is handed out, for the responder */
    bool down;           /* no responder listens */
    int64_t delay_ms;    /* before it answers */
    int32_t http_status; /* 0: 200 */
};

/* All recipes of one or more files. */
struct rig_fixtures {
    struct rig_pki_recipe *recipes[RIG_PKI_KINDS]; /* by enum rig_pki_kind */
    size_t n_recipes[RIG_PKI_KINDS];
    struct rig_pki_crl_set *crl_sets;
    size_t n_crl_sets;
    struct rig_pki_ocsp_recipe *ocsp;
    size_t n_ocsp;
};
/* Frees `fixtures` and what it holds; NULL is fine. */
void rig_fixtures_free(struct rig_fixtures *fixtures);
static inline void rig_auto_fixtures(struct rig_fixtures **fixtures)
{
    rig_fixtures_free(*fixtures);
    *fixtures = NULL;
}

/* NULL: there is none of that name. Live as long as `fixtures`. */
const struct rig_pki_recipe *rig_fixtures_find(const struct rig_fixtures *fixtures,
                                               enum rig_pki_kind kind, const char *name);
const struct rig_pki_crl_set *rig_fixtures_find_crls(const struct rig_fixtures *fixtures,
                                                     const char *name);
const struct rig_pki_ocsp_recipe *rig_fixtures_find_ocsp(const struct rig_fixtures *fixtures,
                                                         const char *name);

#endif
