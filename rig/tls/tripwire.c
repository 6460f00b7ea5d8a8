/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/tripwire.h"

#include "rig/tls/private_key_der.h"

#include <stdio.h>
#include <string.h>

enum {
    BITS_RAW = 8,
    BITS_HEX = 4,
    BITS_BASE64 = 6,
    ANCHOR_BITS = 32,
    MIN_BASE64_LINE = 12, /* shorter runs are words between the lines of a key */
    MIN_HEX_LINE = 16,
};

/* "PRIVATE KEY-" */
#define LABEL_START 0x50524956U
#define LABEL_END 0x415445204B45592DULL
#define LABEL_BITS 96U

enum escape {
    ESCAPE_NONE,
    ESCAPE_TERMINAL, /* after ESC */
    ESCAPE_CONTROL,  /* after ESC [ : up to a letter */
    ESCAPE_BACKSLASH,
};

enum hex_state {
    HEX_GAP,
    HEX_ZERO, /* a token's first digit is 0: it may be a prefix */
    HEX_DIGITS,
    HEX_PREFIX, /* after 0x, no digit yet */
    HEX_PREFIX_1,
    HEX_PREFIX_2,
    HEX_COLON, /* 30:77 goes on, "00000010: 30" was an address */
    HEX_WORD,
};

static bool trip(struct rig_tripwire *wire, uint64_t at, const char *what, const char *where)
{
    (void)snprintf(wire->what, sizeof wire->what, "%s%s", what, where);
    wire->tripped = true;
    wire->tripped_at = at;
    /* what is kept of the stream may be key by now */
    explicit_bzero(wire->label, sizeof wire->label);
    explicit_bzero(&wire->raw, sizeof wire->raw);
    explicit_bzero(&wire->hex, sizeof wire->hex);
    explicit_bzero(&wire->base64, sizeof wire->base64);
    return true;
}

/* ---- structure in bits ---- */

static void start_candidate(struct rig_tripwire_bits *bits, unsigned width, unsigned shift,
                            uint32_t anchor, uint32_t before, size_t header_size)
{
    const unsigned bits_back = shift + ANCHOR_BITS + 8 * (unsigned)header_size;
    const unsigned symbols_back = (bits_back + width - 1) / width;
    uint8_t n = 0;

    for (size_t i = header_size; i > 0; i--) {
        bits->candidate[n++] = (uint8_t)(before >> (8 * (i - 1)));
    }
    for (int i = 3; i >= 0; i--) {
        bits->candidate[n++] = (uint8_t)(anchor >> (8 * i));
    }
    bits->n_candidate = n;
    bits->spare = (uint16_t)(bits->low & ((1U << shift) - 1));
    bits->n_spare_bits = (uint8_t)shift;
    bits->candidate_offset = bits->offsets[(bits->n_symbols - symbols_back) % RIG_TRIPWIRE_SYMBOLS];
}

static void look_for_anchor(struct rig_tripwire_bits *bits, unsigned width)
{
    /* the grids on which a byte may have become complete with this symbol */
    const unsigned last_shift = width == BITS_BASE64 ? 4 : 0;

    for (unsigned shift = 0; shift <= last_shift; shift += 2) {
        const uint32_t anchor = (uint32_t)(bits->low >> shift);
        uint32_t before;
        size_t header_size;

        if ((anchor >> 9) != 0x020100U >> 1 || !rig_private_key_is_anchor(anchor)) {
            continue;
        }
        before =
            (uint32_t)(bits->low >> (ANCHOR_BITS + shift) | bits->high << (ANCHOR_BITS - shift));
        header_size = rig_private_key_header_size(before);
        if (header_size != 0) {
            start_candidate(bits, width, shift, anchor, before, header_size);
        }
    }
}

static enum rig_private_key_form grow_candidate(struct rig_tripwire_bits *bits, unsigned value,
                                                unsigned width)
{
    enum rig_private_key_form form;

    bits->spare = (uint16_t)(bits->spare << width | value);
    bits->n_spare_bits = (uint8_t)(bits->n_spare_bits + width);
    if (bits->n_spare_bits < 8) {
        return RIG_PRIVATE_KEY_MORE;
    }
    bits->n_spare_bits = (uint8_t)(bits->n_spare_bits - 8);
    bits->candidate[bits->n_candidate++] = (uint8_t)(bits->spare >> bits->n_spare_bits);
    form = rig_private_key_decide(bits->candidate, bits->n_candidate);
    if (form == RIG_PRIVATE_KEY_NONE || bits->n_candidate == RIG_TRIPWIRE_CANDIDATE) {
        bits->n_candidate = 0;
    }
    return form;
}

/* A PEM text that is encoded once more, as the agent's protocol carries texts: its label, on any of
 * the grids. */
static bool check_encoded_label(struct rig_tripwire *wire, const struct rig_tripwire_bits *bits,
                                unsigned width, uint64_t offset, const char *where)
{
    const unsigned last_shift = width == BITS_BASE64 ? 4 : 0;

    for (unsigned shift = 0; width != BITS_RAW && shift <= last_shift; shift += 2) {
        const uint64_t low =
            shift != 0 ? bits->low >> shift | bits->high << (64 - shift) : bits->low;

        if (low == LABEL_END && (uint32_t)(bits->high >> shift) == LABEL_START) {
            const unsigned symbols_back = (LABEL_BITS + shift + width - 1) / width;
            const uint32_t start =
                bits->offsets[(bits->n_symbols - symbols_back) % RIG_TRIPWIRE_SYMBOLS];
            const uint32_t back = (uint32_t)offset - start;

            return trip(wire, offset - back, "PEM PRIVATE KEY", where);
        }
    }
    return false;
}

static bool push(struct rig_tripwire *wire, struct rig_tripwire_bits *bits, unsigned value,
                 unsigned width, uint64_t offset, const char *where)
{
    bits->high = bits->high << width | bits->low >> (64 - width);
    bits->low = bits->low << width | value;
    bits->offsets[bits->n_symbols++ % RIG_TRIPWIRE_SYMBOLS] = (uint32_t)offset;
    if (check_encoded_label(wire, bits, width, offset, where)) {
        return true;
    }
    if (bits->n_candidate != 0) {
        const enum rig_private_key_form form = grow_candidate(bits, value, width);

        if (form > RIG_PRIVATE_KEY_NONE) {
            const uint32_t back = (uint32_t)offset - bits->candidate_offset;

            return trip(wire, offset - back, rig_private_key_form_name(form), where);
        }
    }
    look_for_anchor(bits, width);
    return false;
}

/* ---- runs of symbols in lines of text ---- */

/* The candidate's bytes are worth copying only while there is one. */
static void copy_bits(struct rig_tripwire_bits *to, const struct rig_tripwire_bits *from)
{
    memcpy(to, from, offsetof(struct rig_tripwire_bits, candidate));
    memcpy(to->candidate, from->candidate, from->n_candidate);
}

static bool push_text(struct rig_tripwire *wire, struct rig_tripwire_text *text, unsigned value,
                      unsigned width, uint64_t offset)
{
    if (text->n_run == 0) {
        copy_bits(&text->run, &text->chain);
    }
    text->n_run++;
    return push(wire, &text->run, value, width, offset,
                width == BITS_HEX ? " in hex" : " in base64");
}

static void end_run(struct rig_tripwire_text *text, uint32_t min_line)
{
    if (text->n_run >= min_line && text->n_run >= text->n_longest) {
        copy_bits(&text->longest, &text->run);
        text->n_longest = text->n_run;
    }
    text->n_run = 0;
}

static void end_line(struct rig_tripwire_text *text, uint32_t min_line)
{
    end_run(text, min_line);
    if (text->n_longest != 0) {
        copy_bits(&text->chain, &text->longest);
        text->n_longest = 0;
    }
}

/* RFC 4648, both alphabets; -1 for anything else. */
static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool feed_base64(struct rig_tripwire *wire, uint8_t c, uint64_t offset)
{
    const int value = base64_value(c);

    if (value >= 0) {
        return push_text(wire, &wire->base64, (unsigned)value, BITS_BASE64, offset);
    }
    if (c == '\n') {
        end_line(&wire->base64, MIN_BASE64_LINE);
    } else if (wire->base64.n_run != 0) {
        end_run(&wire->base64, MIN_BASE64_LINE);
    }
    return false;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool feed_hex_digit(struct rig_tripwire *wire, unsigned value, uint64_t offset)
{
    struct rig_tripwire_text *const hex = &wire->hex;

    switch (hex->state) {
    case HEX_WORD:
        return false;
    case HEX_GAP:
    case HEX_COLON:
        if (value == 0) {
            hex->state = HEX_ZERO;
            return false;
        }
        hex->state = HEX_DIGITS;
        break;
    case HEX_ZERO:
        hex->state = HEX_DIGITS;
        if (push_text(wire, hex, 0, BITS_HEX, offset - 1)) {
            return true;
        }
        break;
    case HEX_PREFIX:
    case HEX_PREFIX_1:
        hex->state++;
        break;
    case HEX_PREFIX_2: /* more than a byte: an address */
        end_run(hex, MIN_HEX_LINE);
        hex->state = HEX_WORD;
        return false;
    default:
        break;
    }
    return push_text(wire, hex, value, BITS_HEX, offset);
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool feed_hex(struct rig_tripwire *wire, uint8_t c, uint64_t offset)
{
    struct rig_tripwire_text *const hex = &wire->hex;
    const int value = hex_value(c);
    const bool after_colon = hex->state == HEX_COLON;

    if (value >= 0) {
        return feed_hex_digit(wire, (unsigned)value, offset);
    }
    if (hex->state == HEX_ZERO && (c == 'x' || c == 'X')) {
        hex->state = HEX_PREFIX;
        return false;
    }
    if (is_word(c)) {
        end_run(hex, MIN_HEX_LINE);
        hex->state = HEX_WORD;
        return false;
    }
    if (hex->state == HEX_ZERO && push_text(wire, hex, 0, BITS_HEX, offset - 1)) {
        return true;
    }
    hex->state = c == ':' ? HEX_COLON : HEX_GAP;
    if (c == '\n') {
        end_line(hex, MIN_HEX_LINE);
    } else if (after_colon || (c != ' ' && c != '\t' && c != ',' && c != ':' && c != '-')) {
        end_run(hex, MIN_HEX_LINE);
    }
    return false;
}

/* Takes out colours, and turns the escapes of C and JSON strings into what they stand for; 0:
 * nothing to read. */
static uint8_t unescape(struct rig_tripwire *wire, uint8_t c)
{
    switch (wire->escape) {
    case ESCAPE_TERMINAL:
        wire->escape = c == '[' ? ESCAPE_CONTROL : ESCAPE_NONE;
        return 0;
    case ESCAPE_CONTROL:
        if (c == '\n' || (c >= 0x40 && c <= 0x7E)) {
            wire->escape = ESCAPE_NONE;
        }
        return c == '\n' ? '\n' : 0;
    case ESCAPE_BACKSLASH:
        wire->escape = ESCAPE_NONE;
        return c == 'n' || c == 'r' ? '\n' : c == 'x' || c == 't' ? ' ' : c;
    default:
        if (c == '\x1B') {
            wire->escape = ESCAPE_TERMINAL;
            return 0;
        }
        if (c == '\\') {
            wire->escape = ESCAPE_BACKSLASH;
            return 0;
        }
        return c == '\r' ? '\n' : c != 0 ? c : ' ';
    }
}

/* ---- labels ---- */

static bool ends_with(const char *text, size_t len, const char *end)
{
    const size_t n = strlen(end);

    return len >= n && memcmp(text + len - n, end, n) == 0;
}

/* At the Y of "-----BEGIN EC PRIVATE KEY". */
static bool check_label(struct rig_tripwire *wire)
{
    char text[RIG_TRIPWIRE_LABEL];
    char what[48];
    const size_t len = sizeof text;
    size_t at;

    for (size_t i = 0; i < len; i++) {
        text[i] = (char)wire->label[(wire->n_seen + i) % RIG_TRIPWIRE_LABEL];
    }
    if (!ends_with(text, len, "PRIVATE KEY")) {
        return false;
    }
    at = len - strlen("PRIVATE KEY");
    while (at > 0 && !ends_with(text, at, "-----BEGIN ") && !ends_with(text, at, "-----END ")) {
        const char c = text[--at];

        if (c != ' ' && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) {
            return false;
        }
    }
    if (at == 0) {
        return false;
    }
    (void)snprintf(what, sizeof what, "PEM %.*s", (int)(len - at), text + at);
    at -= ends_with(text, at, "-----BEGIN ") ? strlen("-----BEGIN ") : strlen("-----END ");
    return trip(wire, wire->n_seen - (len - at), what, "");
}

static bool feed_byte(struct rig_tripwire *wire, uint8_t c)
{
    const uint64_t offset = wire->n_seen;
    uint8_t readable;

    wire->label[wire->n_seen++ % RIG_TRIPWIRE_LABEL] = c;
    if (c == 'Y' && check_label(wire)) {
        return true;
    }
    if (push(wire, &wire->raw, c, BITS_RAW, offset, "")) {
        return true;
    }
    readable = unescape(wire, c);
    return readable != 0 &&
           (feed_base64(wire, readable, offset) || feed_hex(wire, readable, offset));
}

void rig_tripwire_init(struct rig_tripwire *wire)
{
    *wire = (struct rig_tripwire){0};
}

bool rig_tripwire_feed(struct rig_tripwire *wire, const void *bytes, size_t n_bytes)
{
    const uint8_t *const at = bytes;

    for (size_t i = 0; i < n_bytes && !wire->tripped; i++) {
        (void)feed_byte(wire, at[i]);
    }
    return wire->tripped;
}
