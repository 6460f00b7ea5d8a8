/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_rom.h"

uint64_t test_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t spoil(struct wire_link *wire, const uint8_t *from, size_t n, uint8_t *to, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        uint8_t byte = from[i];
        const uint64_t dice = wire->one_in != 0 ? test_random(&wire->seed) : 1;

        if (wire->one_in != 0 && dice % wire->one_in == 0) {
            const unsigned kind = wire->drop_only ? 0 : (unsigned)(dice >> 40 & 3);

            if (kind == 0) {
                continue;
            }
            if (kind == 1 && len < cap) {
                to[len++] = (uint8_t)(dice >> 48);
            } else if (kind >= 2) {
                byte ^= (uint8_t)(1U << (dice >> 48 & 7));
            }
        }
        if (len < cap) {
            to[len++] = byte;
        }
    }
    return len;
}

static rig_result wire_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                            struct rig_wait wait, struct rig_error *err)
{
    struct wire_link *wire = (struct wire_link *)link;
    uint8_t raw[512];

    *got = 0;
    while (*got == 0) {
        size_t n = 0;

        RIG_TRY(rig_link_read(wire->inner, raw, cap / 2 < sizeof raw ? cap / 2 : sizeof raw, &n,
                              wait, err));
        *got = spoil(wire, raw, n, bytes, cap);
    }
    return RIG_DONE;
}

static rig_result wire_write(struct rig_link *link, const uint8_t *bytes, size_t n,
                             struct rig_wait wait, struct rig_error *err)
{
    struct wire_link *wire = (struct wire_link *)link;
    uint8_t spoilt[8192];

    return rig_link_write(wire->inner, spoilt, spoil(wire, bytes, n, spoilt, sizeof spoilt), wait,
                          err);
}

static rig_result wire_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                            struct rig_error *err)
{
    return rig_link_set_baud(((struct wire_link *)link)->inner, baud, wait, err);
}

static rig_result wire_lines(struct rig_link *link, bool dtr, bool rts, struct rig_wait wait,
                             struct rig_error *err)
{
    return rig_link_set_modem_lines(((struct wire_link *)link)->inner, dtr, rts, wait, err);
}

static rig_result wire_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                             struct rig_error *err)
{
    return rig_link_purge(((struct wire_link *)link)->inner, what, wait, err);
}

static int wire_fd(struct rig_link *link)
{
    (void)link;
    return -1;
}

static bool wire_pending(struct rig_link *link)
{
    return rig_link_has_pending(((struct wire_link *)link)->inner);
}

static void wire_close(struct rig_link *link)
{
    (void)link;
}

static const struct rig_link_ops wire_ops = {
    .name = "wire",
    .read = wire_read,
    .write = wire_write,
    .set_baud = wire_baud,
    .set_modem_lines = wire_lines,
    .purge = wire_purge,
    .poll_fd = wire_fd,
    .has_pending = wire_pending,
    .close = wire_close,
};

void wire_link_init(struct wire_link *wire, struct rig_link *inner, uint64_t seed, unsigned one_in)
{
    *wire = (struct wire_link){.inner = inner, .seed = seed, .one_in = one_in};
    wire->link.ops = &wire_ops;
    (void)rig_copy_text(wire->link.address, sizeof wire->link.address, "wire://");
}
