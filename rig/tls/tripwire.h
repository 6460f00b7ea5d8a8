/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for private keys in whatever passes: serial lines, frames, files. It recognises the PEM
 * labels (PRIVATE KEY in every form) and unencrypted DER private keys (PKCS#1, SEC 1, PKCS#8) by
 * their structure, both in raw bytes, in hex and in base64: at any offset, across the borders of
 * chunks, and when a log breaks the text into lines with a prefix before and remarks behind ("I
 * (123) app: MHcCAQEE..."). Certificates, CSRs, CRLs and public keys pass.
 *
 * It trips at the key's header, so a key that is cut short is found as well. What it can't see: a
 * bare scalar without structure, and what is encrypted or compressed. A tripwire is a plain object
 * for one stream; no allocation; one thread at a time.
 */
#ifndef RIG_TLS_TRIPWIRE_H
#define RIG_TLS_TRIPWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RIG_TRIPWIRE_SYMBOLS = 32,   /* whose offsets are kept: enough for a header in hex digits */
    RIG_TRIPWIRE_CANDIDATE = 80, /* bytes by which a structure is decided */
    RIG_TRIPWIRE_LABEL = 64,     /* characters in which a PEM label is looked for */
};

/* The last symbols (bytes, hex digits or base64 characters) of one way to read the stream, as a run
 * of bits. */
struct rig_tripwire_bits {
    uint64_t low;                           /* the last 64 bits */
    uint64_t high;                          /* the 64 before them */
    uint32_t offsets[RIG_TRIPWIRE_SYMBOLS]; /* where the last symbols stood, modulo 2^32 */
    uint32_t n_symbols;
    uint32_t candidate_offset;
    uint16_t spare; /* bits of the candidate's next byte */
    uint8_t n_spare_bits;
    uint8_t n_candidate; /* 0: nothing looks like a key so far */
    uint8_t candidate[RIG_TRIPWIRE_CANDIDATE];
};

/* One text encoding. Lines are joined by their longest run of symbols, whatever stands around it.
 */
struct rig_tripwire_text {
    struct rig_tripwire_bits chain;   /* up to the payload of the lines before */
    struct rig_tripwire_bits run;     /* the chain and the run being read */
    struct rig_tripwire_bits longest; /* the chain and the longest run of this line */
    uint32_t n_run;
    uint32_t n_longest;
    uint8_t state;
};

/* Users read the first three; the rest is its own business. */
struct rig_tripwire {
    bool tripped;
    uint64_t tripped_at; /* offset of the first byte of the find */
    char what[64]; /* "PEM EC PRIVATE KEY", "RSA private key (PKCS#1) in base64"; never the key
                      itself */

    uint64_t n_seen;
    uint8_t label[RIG_TRIPWIRE_LABEL]; /* ring of the last bytes */
    uint8_t escape; /* inside a terminal's control sequence or a backslash escape */
    struct rig_tripwire_bits raw;
    struct rig_tripwire_text hex;
    struct rig_tripwire_text base64;
};

void rig_tripwire_init(struct rig_tripwire *wire);
/* True once a private key was seen; stays so. */
bool rig_tripwire_feed(struct rig_tripwire *wire, const void *bytes, size_t n_bytes);

#endif
