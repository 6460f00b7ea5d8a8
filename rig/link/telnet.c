/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/telnet.h"

#include <string.h>

static void end_sub(struct rig_telnet *telnet)
{
    if (telnet->sub_len > 0) {
        telnet->events->subnegotiate(telnet->ctx, telnet->sub[0], telnet->sub + 1,
                                     telnet->sub_len - 1);
    }
    telnet->sub_len = 0;
}

static void keep_sub_byte(struct rig_telnet *telnet, uint8_t byte)
{
    if (telnet->sub_len < sizeof telnet->sub) {
        telnet->sub[telnet->sub_len++] = byte;
    }
}

/* The byte after IAC, outside of a subnegotiation; true when it is a data byte. */
static int after_iac(struct rig_telnet *telnet, uint8_t byte)
{
    telnet->state = RIG_TELNET_IN_DATA;
    if (byte >= RIG_TELNET_WILL && byte <= RIG_TELNET_DONT) {
        telnet->verb = byte;
        telnet->state = RIG_TELNET_AFTER_VERB;
    } else if (byte == RIG_TELNET_SB) {
        telnet->sub_len = 0;
        telnet->state = RIG_TELNET_IN_SUB;
    }
    return byte == RIG_TELNET_IAC;
}

static void after_iac_in_sub(struct rig_telnet *telnet, uint8_t byte)
{
    if (byte == RIG_TELNET_IAC) {
        keep_sub_byte(telnet, byte);
        telnet->state = RIG_TELNET_IN_SUB;
        return;
    }
    end_sub(telnet);
    telnet->state = RIG_TELNET_IN_DATA;
    if (byte != RIG_TELNET_SE) {
        /* SE got lost: what follows IAC is a command of its own */
        (void)after_iac(telnet, byte);
    }
}

size_t rig_telnet_decode(struct rig_telnet *telnet, uint8_t *bytes, size_t n_bytes)
{
    size_t n_data = 0;
    size_t at = 0;

    while (at < n_bytes) {
        const uint8_t byte = bytes[at];

        switch (telnet->state) {
        case RIG_TELNET_IN_DATA: {
            const uint8_t *iac = memchr(bytes + at, RIG_TELNET_IAC, n_bytes - at);
            const size_t run = iac != NULL ? (size_t)(iac - (bytes + at)) : n_bytes - at;

            if (run != 0 && n_data != at) {
                memmove(bytes + n_data, bytes + at, run);
            }
            n_data += run;
            at += run;
            if (iac != NULL) {
                telnet->state = RIG_TELNET_AFTER_IAC;
                at++;
            }
            continue;
        }
        case RIG_TELNET_AFTER_IAC:
            if (after_iac(telnet, byte)) {
                bytes[n_data++] = byte;
            }
            break;
        case RIG_TELNET_AFTER_VERB:
            telnet->state = RIG_TELNET_IN_DATA;
            telnet->events->negotiate(telnet->ctx, telnet->verb, byte);
            break;
        case RIG_TELNET_IN_SUB:
            if (byte == RIG_TELNET_IAC) {
                telnet->state = RIG_TELNET_IN_SUB_AFTER_IAC;
            } else {
                keep_sub_byte(telnet, byte);
            }
            break;
        case RIG_TELNET_IN_SUB_AFTER_IAC:
            after_iac_in_sub(telnet, byte);
            break;
        }
        at++;
    }
    return n_data;
}

size_t rig_telnet_escape(const uint8_t *bytes, size_t n_bytes, uint8_t *out, size_t cap,
                         size_t *n_taken)
{
    size_t at = 0;
    size_t n_out = 0;

    while (at < n_bytes && n_out < cap) {
        const size_t most = n_bytes - at < cap - n_out ? n_bytes - at : cap - n_out;
        const uint8_t *iac = memchr(bytes + at, RIG_TELNET_IAC, most);
        const size_t run = iac != NULL ? (size_t)(iac - (bytes + at)) : most;

        memcpy(out + n_out, bytes + at, run);
        n_out += run;
        at += run;
        if (iac != NULL) {
            if (cap - n_out < 2) {
                break;
            }
            out[n_out++] = RIG_TELNET_IAC;
            out[n_out++] = RIG_TELNET_IAC;
            at++;
        }
    }
    *n_taken = at;
    return n_out;
}
