/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the ROM's serial loader: building requests, judging replies. Pure; the wire is
 * rom_link.h's matter. */
#ifndef RIG_ESP_ROM_PACKET_H
#define RIG_ESP_ROM_PACKET_H

#include "rig/base/buf.h"

enum rig_rom_op {
    RIG_ROM_FLASH_BEGIN = 0x02,
    RIG_ROM_FLASH_DATA = 0x03,
    RIG_ROM_SYNC = 0x08,
    RIG_ROM_WRITE_REG = 0x09,
    RIG_ROM_READ_REG = 0x0A,
    RIG_ROM_SPI_SET_PARAMS = 0x0B,
    RIG_ROM_SPI_ATTACH = 0x0D,
    RIG_ROM_READ_FLASH_SLOW = 0x0E,
    RIG_ROM_CHANGE_BAUDRATE = 0x0F,
    RIG_ROM_FLASH_DEFL_BEGIN = 0x10,
    RIG_ROM_FLASH_DEFL_DATA = 0x11,
    RIG_ROM_SPI_FLASH_MD5 = 0x13,
    RIG_ROM_GET_SECURITY_INFO = 0x14,
};

/* "READ_REG"; "command" for a number that is none of these. */
const char *rig_rom_op_name(enum rig_rom_op op);
/* The meaning of the ROM's error code. Never NULL. */
const char *rig_rom_error_text(uint8_t code);

#define RIG_ROM_BLOCK_SIZE 0x400u
#define RIG_ROM_MAX_WORDS 6u

/* Words, then (data commands only) a block that the checksum covers. */
struct rig_rom_request {
    enum rig_rom_op op;
    size_t n_words;
    uint32_t words[RIG_ROM_MAX_WORDS];
    const uint8_t *block; /* borrowed; NULL: none */
    size_t n_block;
};

/* Appends the packet as it goes over the wire. */
RIG_CHECKED rig_result rig_rom_request_encode(const struct rig_rom_request *request,
                                              struct rig_buf *wire, struct rig_error *err);

enum rig_rom_match {
    RIG_ROM_NOISE, /* no reply, or a damaged one */
    RIG_ROM_OTHER, /* a sound reply to another command: late, or one of SYNC's eight */
    RIG_ROM_OK,
    RIG_ROM_FAILED,      /* error code in the reply */
    RIG_ROM_UNSUPPORTED, /* the ROM does not know the command (it says so eight times) */
};

struct rig_rom_reply {
    uint32_t value; /* of READ_REG; left over from the last READ_REG in other replies */
    uint8_t error;
    size_t n_payload;
    const uint8_t *payload; /* inside the packet */
};

/* For `n_payload`: all but the four status bytes. */
#define RIG_ROM_PAYLOAD_ANY SIZE_MAX

/*
 * What a packet (after SLIP) is to somebody who waits for the reply to `op` with `n_payload` bytes
 * before the status. Replies carry no checksum, so one whose length field does not fit its length
 * is noise.
 */
enum rig_rom_match rig_rom_reply_match(const uint8_t *packet, size_t n_bytes, enum rig_rom_op op,
                                       size_t n_payload, struct rig_rom_reply *reply);

#endif
