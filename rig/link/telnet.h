/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The telnet layer (RFC 854, 855) as a pure decoder and encoder: bytes in, data and commands out.
 * Knows nothing of sockets or of COM-PORT-OPTION. Data is taken as binary (RFC 856): only IAC is
 * special. Any bytes are fine; nothing here fails. One thread at a time per decoder.
 */
#ifndef RIG_LINK_TELNET_H
#define RIG_LINK_TELNET_H

#include <stddef.h>
#include <stdint.h>

enum {
    RIG_TELNET_SE = 240,
    RIG_TELNET_SB = 250,
    RIG_TELNET_WILL = 251,
    RIG_TELNET_WONT = 252,
    RIG_TELNET_DO = 253,
    RIG_TELNET_DONT = 254,
    RIG_TELNET_IAC = 255,
};

/* Longer parameters of a subnegotiation are cut to this. */
#define RIG_TELNET_SUB_MAX 64

struct rig_telnet_events {
    /* WILL, WONT, DO or DONT. */
    void (*negotiate)(void *ctx, uint8_t verb, uint8_t option);
    void (*subnegotiate)(void *ctx, uint8_t option, const uint8_t *bytes, size_t n_bytes);
};

struct rig_telnet {
    const struct rig_telnet_events *events;
    void *ctx;
    /* private */
    enum {
        RIG_TELNET_IN_DATA = 0,
        RIG_TELNET_AFTER_IAC,
        RIG_TELNET_AFTER_VERB,
        RIG_TELNET_IN_SUB,
        RIG_TELNET_IN_SUB_AFTER_IAC,
    } state;
    uint8_t verb;
    size_t sub_len; /* option and parameters so far */
    uint8_t sub[1 + RIG_TELNET_SUB_MAX];
};

/* Decodes in place: the data bytes move to the front of `bytes`; returns how many. State is kept
 * across calls. */
size_t rig_telnet_decode(struct rig_telnet *telnet, uint8_t *bytes, size_t n_bytes);

/*
 * Escapes data: takes as many bytes as fit (each needs one or two of `cap`), stores how many in
 * *n_taken and returns how many were written to `out`.
 */
size_t rig_telnet_escape(const uint8_t *bytes, size_t n_bytes, uint8_t *out, size_t cap,
                         size_t *n_taken);

#endif
