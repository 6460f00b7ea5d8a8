/* SPDX-License-Identifier: Apache-2.0 */
/* EN and IO0 on pins of an FTDI chip. */
#include "rig/link/lines_driver.h"

#include <stdlib.h>

struct pin_lines {
    struct rig_lines base; /* first */
    struct rig_ftdi_pins *pins;
    uint8_t en;   /* its bit */
    uint8_t boot; /* its bit; 0: the board has none wired */
    bool inverted;
};

static rig_result pins_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                           struct rig_error *err)
{
    const struct pin_lines *p = (const struct pin_lines *)lines;
    const uint8_t low = (uint8_t)((rig_lines_en_low(dtr, rts) ? p->en : 0) |
                                  (rig_lines_boot_low(dtr, rts) ? p->boot : 0));

    (void)wait; /* the chip's own time limit is shorter */
    return rig_ftdi_pins_set(p->pins, p->inverted ? low : (uint8_t)~low, err);
}

static void pins_close(struct rig_lines *lines)
{
    struct pin_lines *p = (struct pin_lines *)lines;

    rig_ftdi_pins_release(p->pins);
    free(p);
}

static const struct rig_lines_ops bitbang_ops = {
    .name = "ftdi-bitbang",
    .set = pins_set,
    .close = pins_close,
};

static const struct rig_lines_ops cbus_ops = {
    .name = "ftdi-cbus",
    .set = pins_set,
    .close = pins_close,
};

static rig_result open_pins(const struct rig_lines_open_args *args, bool cbus,
                            struct rig_lines **lines, struct rig_error *err)
{
    const struct rig_lines_config *config = args->config;
    struct pin_lines *p = calloc(1, sizeof *p);
    struct rig_ftdi_pins_want want = {.chip = config->chip, .cbus = cbus};
    rig_result result;

    if (p == NULL) {
        return rig_fail_memory(err);
    }
    p->base.ops = cbus ? &cbus_ops : &bitbang_ops;
    p->inverted = config->inverted;
    p->en = (uint8_t)(1u << config->en_pin);
    p->boot = config->boot_pin == RIG_LINES_PIN_UNSET ? 0 : (uint8_t)(1u << config->boot_pin);
    want.mask = p->en | p->boot;
    want.rest = config->inverted ? 0 : want.mask;
    /* a transistor's base wants current, so an inverting driver must drive high */
    want.push_pull = config->push_pull || config->inverted;
    result = rig_ftdi_pins_take(rig_lines_hub_pins(args->hub), &want, &p->pins, err);
    if (!result.ok) {
        free(p);
        return result;
    }
    *lines = &p->base;
    return RIG_DONE;
}

static rig_result open_bitbang(const struct rig_lines_open_args *args, struct rig_lines **lines,
                               struct rig_wait wait, struct rig_error *err)
{
    (void)wait;
    return open_pins(args, false, lines, err);
}

static rig_result open_cbus(const struct rig_lines_open_args *args, struct rig_lines **lines,
                            struct rig_wait wait, struct rig_error *err)
{
    (void)wait;
    return open_pins(args, true, lines, err);
}

const struct rig_lines_driver rig_lines_ftdi_bitbang = {.name = "ftdi-bitbang",
                                                        .open = open_bitbang};
const struct rig_lines_driver rig_lines_ftdi_cbus = {.name = "ftdi-cbus", .open = open_cbus};
