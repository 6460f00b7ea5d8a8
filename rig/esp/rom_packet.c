/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/rom_packet.h"

#include "rig/esp/crc.h"
#include "rig/esp/le.h"
#include "rig/esp/slip.h"

#define HEADER_SIZE 8u
#define ROM_STATUS_SIZE 4u
#define ERROR_MALFORMED 0x05u
#define DIRECTION_REPLY 0x01u

static const uint8_t sync_data[36] = {
    0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
};

const char *rig_rom_op_name(enum rig_rom_op op)
{
    switch (op) {
    case RIG_ROM_FLASH_BEGIN:
        return "FLASH_BEGIN";
    case RIG_ROM_FLASH_DATA:
        return "FLASH_DATA";
    case RIG_ROM_SYNC:
        return "SYNC";
    case RIG_ROM_WRITE_REG:
        return "WRITE_REG";
    case RIG_ROM_READ_REG:
        return "READ_REG";
    case RIG_ROM_SPI_SET_PARAMS:
        return "SPI_SET_PARAMS";
    case RIG_ROM_SPI_ATTACH:
        return "SPI_ATTACH";
    case RIG_ROM_READ_FLASH_SLOW:
        return "READ_FLASH_SLOW";
    case RIG_ROM_CHANGE_BAUDRATE:
        return "CHANGE_BAUDRATE";
    case RIG_ROM_FLASH_DEFL_BEGIN:
        return "FLASH_DEFL_BEGIN";
    case RIG_ROM_FLASH_DEFL_DATA:
        return "FLASH_DEFL_DATA";
    case RIG_ROM_SPI_FLASH_MD5:
        return "SPI_FLASH_MD5";
    case RIG_ROM_GET_SECURITY_INFO:
        return "GET_SECURITY_INFO";
    }
    return "command";
}

const char *rig_rom_error_text(uint8_t code)
{
    static const char *const texts[] = {
        [0x01] = "bad input parameter",
        [0x02] = "out of memory",
        [0x03] = "send failed",
        [0x04] = "receive failed",
        [0x05] = "unsupported or malformed",
        [0x06] = "message right, action failed",
        [0x07] = "checksum mismatch",
        [0x08] = "flash write: read-back differs",
        [0x09] = "flash read error",
        [0x0A] = "bad read length",
        [0x0B] = "deflate failed",
        [0x0C] = "deflate Adler-32 mismatch",
        [0x0D] = "deflate parameter",
        [0x0E] = "bad RAM binary size",
        [0x0F] = "bad RAM binary address",
        [0x64] = "invalid parameter",
        [0x65] = "invalid format",
        [0x66] = "description too long",
        [0x67] = "bad encoding description",
        [0x69] = "insufficient storage",
    };

    return code < sizeof texts / sizeof texts[0] && texts[code] != NULL ? texts[code]
                                                                        : "undefined error";
}

rig_result rig_rom_request_encode(const struct rig_rom_request *request, struct rig_buf *wire,
                                  struct rig_error *err)
{
    uint8_t head[HEADER_SIZE + 4 * RIG_ROM_MAX_WORDS] = {0};
    const bool is_sync = request->op == RIG_ROM_SYNC;
    const size_t n_words = request->n_words <= RIG_ROM_MAX_WORDS ? request->n_words : 0;
    const uint8_t *block = is_sync ? sync_data : request->block;
    const size_t n_block = is_sync ? sizeof sync_data : request->n_block;

    head[1] = (uint8_t)request->op;
    rig_le16_put(head + 2, (uint16_t)(4 * n_words + n_block));
    if (block != NULL && !is_sync) {
        rig_le32_put(head + 4, rig_esp_checksum(block, n_block));
    }
    for (size_t i = 0; i < n_words; i++) {
        rig_le32_put(head + HEADER_SIZE + 4 * i, request->words[i]);
    }
    RIG_TRY(rig_slip_put_end(wire, err));
    RIG_TRY(rig_slip_put(head, HEADER_SIZE + 4 * n_words, wire, err));
    if (block != NULL) {
        RIG_TRY(rig_slip_put(block, n_block, wire, err));
    }
    return rig_slip_put_end(wire, err);
}

enum rig_rom_match rig_rom_reply_match(const uint8_t *packet, size_t n_bytes, enum rig_rom_op op,
                                       size_t n_payload, struct rig_rom_reply *reply)
{
    const uint8_t *status;
    size_t n_data;

    *reply = (struct rig_rom_reply){0};
    if (n_bytes < HEADER_SIZE + 2 || packet[0] != DIRECTION_REPLY ||
        rig_le16(packet + 2) != n_bytes - HEADER_SIZE) {
        return RIG_ROM_NOISE;
    }
    n_data = n_bytes - HEADER_SIZE;
    status = packet + HEADER_SIZE;
    if (packet[1] != op) {
        return n_data == ROM_STATUS_SIZE && status[0] != 0 && status[1] == ERROR_MALFORMED
                   ? RIG_ROM_UNSUPPORTED
                   : RIG_ROM_OTHER;
    }
    if (n_payload == RIG_ROM_PAYLOAD_ANY) {
        n_payload = n_data >= ROM_STATUS_SIZE ? n_data - ROM_STATUS_SIZE : 0;
    }
    if (n_data >= n_payload + 2) {
        status += n_payload;
    } else if (status[0] == 0) {
        return RIG_ROM_NOISE;
    }
    reply->error = status[1];
    if (status[0] != 0) {
        return reply->error == ERROR_MALFORMED ? RIG_ROM_UNSUPPORTED : RIG_ROM_FAILED;
    }
    reply->value = rig_le32(packet + 4);
    reply->payload = packet + HEADER_SIZE;
    reply->n_payload = n_payload;
    return RIG_ROM_OK;
}
