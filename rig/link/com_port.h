/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the telnet COM-PORT-OPTION (RFC 2217), and their encoding. Inside of rig/link only.
 */
#ifndef RIG_LINK_COM_PORT_H
#define RIG_LINK_COM_PORT_H

#include <stddef.h>
#include <stdint.h>

enum rig_com_port_option {
    RIG_COM_PORT_OPTION_BINARY = 0,
    RIG_COM_PORT_OPTION_SGA = 3,
    RIG_COM_PORT_OPTION = 44
};

/* RFC 2217 section 3; the server answers with the command plus RIG_COM_PORT_SERVER_OFFSET. */
enum rig_com_port_command {
    RIG_COM_PORT_SET_BAUDRATE = 1,
    RIG_COM_PORT_SET_DATASIZE = 2,
    RIG_COM_PORT_SET_PARITY = 3,
    RIG_COM_PORT_SET_STOPSIZE = 4,
    RIG_COM_PORT_SET_CONTROL = 5,
    RIG_COM_PORT_FLOWCONTROL_SUSPEND = 8,
    RIG_COM_PORT_FLOWCONTROL_RESUME = 9,
    RIG_COM_PORT_SET_LINESTATE_MASK = 10,
    RIG_COM_PORT_SET_MODEMSTATE_MASK = 11,
    RIG_COM_PORT_PURGE_DATA = 12,
    RIG_COM_PORT_SERVER_OFFSET = 100,
};

enum {
    RIG_COM_PORT_DATASIZE_8 = 8,
    RIG_COM_PORT_PARITY_NONE = 1,
    RIG_COM_PORT_STOPSIZE_1 = 1,
    RIG_COM_PORT_CONTROL_NO_FLOW = 1,
    RIG_COM_PORT_CONTROL_DTR_ON = 8,
    RIG_COM_PORT_CONTROL_DTR_OFF = 9,
    RIG_COM_PORT_CONTROL_RTS_ON = 11,
    RIG_COM_PORT_CONTROL_RTS_OFF = 12,
    RIG_COM_PORT_PURGE_RECEIVED = 1,
    RIG_COM_PORT_PURGE_UNSENT = 2,
    RIG_COM_PORT_PURGE_BOTH = 3,
};

/* One subnegotiation, every byte of its value escaped. */
#define RIG_COM_PORT_COMMAND_MAX 16

/* Writes one subnegotiation with a value of `n_bytes` (1 or 4, big endian) to `out`; returns its
 * size. */
size_t rig_com_port_put(uint8_t *out, uint8_t command, uint32_t value, size_t n_bytes);

#endif
