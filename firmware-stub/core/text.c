/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <string.h>

uint16_t agent_crc16(const char *text, size_t size)
{
    uint32_t crc = 0xffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= (uint32_t)(uint8_t)text[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
        }
        crc &= 0xffffu;
    }
    return (uint16_t)crc;
}

uint32_t agent_crc32_add(uint32_t crc, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
        }
    }
    return crc;
}

int agent_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void agent_hex(char *out, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * size] = '\0';
}

bool agent_parse_hex(const char *text, uint8_t *out, size_t size)
{
    if (strlen(text) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = agent_hex_digit(text[2 * i]);
        int low = agent_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool parse_u64(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == '\0' || (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(uint8_t)*text - '0';
        if (digit > 9 || value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool agent_parse_u32(const char *text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;

    if (!parse_u64(text, max < 9 ? 9 : max, &value) || value > max) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool agent_parse_i64(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    uint64_t value = 0;

    if (!parse_u64(text + (negative ? 1 : 0), INT64_MAX, &value)) {
        return false;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

size_t agent_put_u64(char *out, uint64_t value)
{
    char reversed[20];
    size_t n = 0;

    do {
        reversed[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = reversed[n - 1 - i];
    }
    out[n] = '\0';
    return n;
}

bool agent_copy_text(char *out, size_t max, const char *text)
{
    size_t size = strlen(text);
    bool fits = size < max;

    if (!fits) {
        size = max - 1;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return fits;
}

uint32_t agent_get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

void agent_put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
    to[3] = (uint8_t)(value >> 24);
}
