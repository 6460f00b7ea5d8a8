/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for private keys in whatever passes: serial lines, frames, files. It recognises the PEM labels (PRIVATE KEY in
 * every form), their base64 bodies also when a log breaks or prefixes the lines, and DER private keys (PKCS#1, SEC 1,
 * PKCS#8) in raw bytes, hex and base64, across the borders of chunks. Certificates, CSRs and public keys pass.
 * A tripwire is a plain object for one stream; no allocation; one thread at a time.
 */
#ifndef RIG_TLS_TRIPWIRE_H
#define RIG_TLS_TRIPWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_TRIPWIRE_WINDOW 4096

struct rig_tripwire {
    uint8_t window[RIG_TRIPWIRE_WINDOW]; /* the last bytes of the stream */
    size_t n_window;
    uint64_t n_seen;      /* bytes so far */
    bool tripped;
    uint64_t tripped_at;  /* offset of the first byte of the find */
    char what[64];        /* "PEM RSA PRIVATE KEY", never the key itself */
};

void rig_tripwire_init(struct rig_tripwire *wire);
/* True once a private key was seen; stays so. */
bool rig_tripwire_feed(struct rig_tripwire *wire, const void *bytes, size_t n_bytes);

#endif
