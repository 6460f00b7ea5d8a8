/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that a CA must not grant, as data: how each is built, what would be wrong with the
 * certificate, what that means to the owner of the CA, and how to mend it. The table is the only
 * place that knows them; the builder, the judge, the suite's grammar and its reference read it.
 *
 * Keys that are weak on purpose are made here, never stored: they are fresh for each run.
 *
 * Errors: class RIG, code LIBRARY or NO_MEMORY. Threads: an object by one thread at a time; the
 * table is const.
 */
#ifndef RIG_CA_ATTACK_ATTACK_H
#define RIG_CA_ATTACK_ATTACK_H

#include "rig/ca/ca.h"

/* What became of a request, the best first. */
enum rig_attack_outcome {
    RIG_ATTACK_REFUSED = 0, /* the CA said no */
    RIG_ATTACK_NEUTRALISED, /* signed, without what makes it dangerous */
    RIG_ATTACK_DETECTED,    /* granted, but the rig's own checks stop it before or after the CA */
    RIG_ATTACK_ALLOWED,     /* granted, and nobody noticed */
};
/* "refused", "neutralised", "detected", "allowed". */
const char *rig_attack_outcome_name(enum rig_attack_outcome outcome);

/* What an outcome is measured by. The first three: that outcome or a better one. */
enum rig_attack_expect {
    RIG_ATTACK_EXPECT_REFUSED = 0,
    RIG_ATTACK_EXPECT_NEUTRALISED,
    RIG_ATTACK_EXPECT_DETECTED,
    RIG_ATTACK_EXPECT_ALLOWED, /* a declared policy: the CA must grant it, whatever the rig thinks
                                */
    RIG_ATTACK_EXPECT_EITHER,  /* a matter of policy that nobody declared: noted, never wrong */
};
/* "refused", ... "allowed", "either". */
const char *rig_attack_expect_name(enum rig_attack_expect expect);
bool rig_attack_meets(enum rig_attack_expect expect, enum rig_attack_outcome outcome);

enum rig_attack_key {
    RIG_ATTACK_KEY_BASE = 0, /* a sound one of the type that the CA signs */
    RIG_ATTACK_KEY_FRESH,    /* another of that type */
    RIG_ATTACK_KEY_RSA_1024,
    RIG_ATTACK_KEY_RSA_2048,
    RIG_ATTACK_KEY_RSA_3072,
    RIG_ATTACK_KEY_RSA_4096,
    RIG_ATTACK_KEY_RSA_E1, /* exponent 1: the signature is the padded hash itself */
    RIG_ATTACK_KEY_RSA_E2, /* even exponent; the signature is a square root, and valid */
    RIG_ATTACK_KEY_RSA_E3,
    RIG_ATTACK_KEY_RSA_ROCA,         /* both primes k * M + 65537^a mod M (CVE-2017-15361) */
    RIG_ATTACK_KEY_RSA_SHARED_PRIME, /* shares a prime with the twin's key */
    RIG_ATTACK_KEY_RSA_PSS,          /* id-RSASSA-PSS in the SPKI */
    RIG_ATTACK_KEY_P224,
    RIG_ATTACK_KEY_P256,
    RIG_ATTACK_KEY_P384,
    RIG_ATTACK_KEY_P521,
    RIG_ATTACK_KEY_SECP256K1,
    RIG_ATTACK_KEY_BRAINPOOL256,
    RIG_ATTACK_KEY_ED25519,
};

enum rig_attack_digest {
    RIG_ATTACK_SHA256 = 0, /* what the key's type wants */
    RIG_ATTACK_SHA1,
    RIG_ATTACK_MD5,
};

/* What is done to the bytes after the CSR was signed. */
enum rig_attack_form {
    RIG_ATTACK_PEM = 0,
    RIG_ATTACK_BROKEN_SIGNATURE, /* one bit of it turned */
    RIG_ATTACK_TAMPERED,         /* the device's name replaced by the other device's, same length */
    RIG_ATTACK_TRAILING_DER,     /* bytes behind the structure, inside the PEM */
    RIG_ATTACK_TRAILING_TEXT,    /* text behind the PEM block */
    RIG_ATTACK_TWO_BLOCKS,       /* a second CSR, for the server's name, behind the first */
    RIG_ATTACK_WRONG_LABEL,      /* BEGIN CERTIFICATE */
    RIG_ATTACK_DER,              /* without PEM */
    RIG_ATTACK_NOT_A_CSR,        /* PEM around bytes that are no DER */
};

/* Requests that need one before them, which must be signed for the attack to prove anything. */
enum rig_attack_prelude {
    RIG_ATTACK_ALONE = 0,
    RIG_ATTACK_TWICE,      /* the same bytes a second time */
    RIG_ATTACK_SAME_KEY,   /* the other device's CSR with the same key went before */
    RIG_ATTACK_REPLAY,     /* the other device's CSR, sent by this device */
    RIG_ATTACK_PRIME_TWIN, /* the other device's CSR, whose key shares a prime, went before */
};

/*
 * One field of a subject. In `value`, and wherever a text of the table says so, {device}, {other},
 * {server} and {nul} stand for the device's id, another device's, the server's name and a zero
 * byte.
 */
struct rig_attack_field {
    const char *oid; /* "CN", "O", ...: OpenSSL's short name; NULL ends the list */
    const char *value;
};

struct rig_attack_extension {
    const char *name; /* OpenSSL's short name; NULL ends the list */
    const char *value;
    size_t repeat; /* dNSNames d0.{server}, d1.{server}, ...; 0: `value` as it is */
};

enum { RIG_ATTACK_MAX_FIELDS = 6, RIG_ATTACK_MAX_EXTENSIONS = 3 };

struct rig_attack_recipe {
    enum rig_attack_key key;
    enum rig_attack_digest digest;
    struct rig_attack_field subject[RIG_ATTACK_MAX_FIELDS]; /* empty: a good one */
    bool no_subject;
    struct rig_attack_extension extensions[RIG_ATTACK_MAX_EXTENSIONS];
    size_t ballast_bytes; /* of an attribute nobody needs */
    enum rig_attack_form form;
    enum rig_attack_prelude prelude;
    int64_t ttl_s;         /* 0: the suite's; -1: none is sent */
    const char *not_after; /* sent instead of ttl; {late}: just before the CA's own end */
};

/* What makes a certificate dangerous; any of them does. */
enum {
    RIG_DANGER_SIGNED = 1 << 0,     /* that there is one */
    RIG_DANGER_NAME = 1 << 1,       /* a marker in subject or subjectAltName */
    RIG_DANGER_CA = 1 << 2,         /* CA:TRUE, keyCertSign or cRLSign */
    RIG_DANGER_PURPOSE = 1 << 3,    /* the extended key usage `purpose` */
    RIG_DANGER_LONG_LIFE = 1 << 4,  /* longer than the suite's device_days */
    RIG_DANGER_OTHER_LIFE = 1 << 5, /* not the suite's device_days */
    RIG_DANGER_ANY_SAN = 1 << 6,    /* any subjectAltName at all */
    RIG_DANGER_SIZE = 1 << 7,       /* larger than a device can hold */
};

struct rig_attack_danger {
    unsigned what;
    const char *markers[2]; /* NULL: none; placeholders as in rig_attack_field */
    const char *purpose;    /* OpenSSL's short name of an extended key usage */
};

struct rig_attack {
    const char *name;
    const char *title;
    enum rig_attack_expect expect; /* what a suite may change */
    struct rig_attack_recipe recipe;
    struct rig_attack_danger danger;
    const char *meaning; /* when it succeeds, in plain words */
    const char *remedy;  /* as a field of a Vault role, or what else helps */
};

struct rig_attack_group {
    const char *title;
    const struct rig_attack *attacks;
    size_t n_attacks;
};
#define RIG_ATTACK_GROUPS 5
/* NULL behind the last. */
const struct rig_attack_group *rig_attack_group(size_t index);

/* How many there are in all groups; the i-th of them, NULL behind the last. */
size_t rig_attack_count(void);
const struct rig_attack *rig_attack_at(size_t index);
/* NULL: no attack has that name. */
const struct rig_attack *rig_attack_find(const char *name);

/* Who asks. Borrowed texts. */
struct rig_attack_names {
    const char *device;       /* the id that the CA may sign for */
    const char *other;        /* another device's, of the same length */
    const char *server;       /* a server's DNS name */
    const char *organization; /* NULL: none in a good subject */
    const char *country;
    const char *late; /* RFC 3339; fills {late} */
};

/* A text of the table with its placeholders filled; appended. */
RIG_CHECKED rig_result rig_attack_fill(const char *text, const struct rig_attack_names *names,
                                       struct rig_buf *out, struct rig_error *err);

/* Keys and CSRs of one run. Opaque; the caller closes it. */
struct rig_attack_forge;
RIG_CHECKED rig_result rig_attack_forge_open(const struct rig_attack_names *names,
                                             enum rig_key_type base, struct rig_attack_forge **out,
                                             struct rig_error *err);
void rig_attack_forge_close(struct rig_attack_forge *forge);
static inline void rig_auto_attack_forge(struct rig_attack_forge **forge)
{
    rig_attack_forge_close(*forge);
    *forge = NULL;
}

/* A request on its way. */
struct rig_attack_request {
    struct rig_buf bytes;                 /* what is sent */
    struct rig_buf der;                   /* the CSR inside, as forged; empty: none */
    uint8_t spki_sha256[RIG_SHA256_SIZE]; /* of its key */
    const char *sender;                   /* the device id that hands it over; borrowed */
};
void rig_attack_request_free(struct rig_attack_request *request);

/* `prelude` stays empty for an attack that stands alone. The caller frees both. */
RIG_CHECKED rig_result rig_attack_build(struct rig_attack_forge *forge,
                                        const struct rig_attack *attack,
                                        struct rig_attack_request *prelude,
                                        struct rig_attack_request *request, struct rig_error *err);
/* A CSR without fault, with a fresh key of `type`. */
RIG_CHECKED rig_result rig_attack_good_csr(struct rig_attack_forge *forge, enum rig_key_type type,
                                           struct rig_attack_request *request,
                                           struct rig_error *err);

/* The dangers of `attack` that the certificate has; 0: none. `what` gets them in words. */
RIG_CHECKED rig_result rig_attack_dangers(const struct rig_attack *attack,
                                          const struct rig_attack_names *names,
                                          const struct rig_buf *certificate_der,
                                          int64_t device_days, unsigned *dangers,
                                          struct rig_buf *what, struct rig_error *err);

/* The table as Markdown, for the reference of suites. Appended. */
RIG_CHECKED rig_result rig_attack_describe(struct rig_buf *text, struct rig_error *err);

#endif
