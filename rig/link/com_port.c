/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/com_port.h"

#include "rig/link/telnet.h"

static size_t put_escaped(uint8_t *out, size_t at, uint8_t byte)
{
    out[at++] = byte;
    if (byte == RIG_TELNET_IAC) {
        out[at++] = byte;
    }
    return at;
}

size_t rig_com_port_put(uint8_t *out, uint8_t command, uint32_t value, size_t n_bytes)
{
    size_t at = 0;

    out[at++] = RIG_TELNET_IAC;
    out[at++] = RIG_TELNET_SB;
    out[at++] = RIG_COM_PORT_OPTION;
    out[at++] = command;
    while (n_bytes-- != 0) {
        at = put_escaped(out, at, (uint8_t)(value >> (8 * n_bytes)));
    }
    out[at++] = RIG_TELNET_IAC;
    out[at++] = RIG_TELNET_SE;
    return at;
}
