/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/reset.h"

#include <stdio.h>
#include <string.h>

#define MAX_PAUSE_S 60

#define SET(d, r)                                                                                  \
    {                                                                                              \
        .kind = RIG_RESET_SET_BOTH, .dtr = (d), .rts = (r)                                         \
    }
#define DTR(on)                                                                                    \
    {                                                                                              \
        .kind = RIG_RESET_SET_DTR, .dtr = (on)                                                     \
    }
#define RTS(on)                                                                                    \
    {                                                                                              \
        .kind = RIG_RESET_SET_RTS, .rts = (on)                                                     \
    }
#define PAUSE_MS(ms)                                                                               \
    {                                                                                              \
        .kind = RIG_RESET_PAUSE, .pause_ns = (ms)*RIG_NS_PER_MS                                    \
    }
#define TIGHT(hold_ms)                                                                             \
    {                                                                                              \
        SET(0, 0), SET(1, 1), SET(0, 1), PAUSE_MS(100), SET(1, 0), PAUSE_MS(hold_ms), SET(0, 0),   \
            DTR(0)                                                                                 \
    }
#define CLASSIC(hold_ms)                                                                           \
    {                                                                                              \
        DTR(0), RTS(1), PAUSE_MS(100), DTR(1), RTS(0), PAUSE_MS(hold_ms), DTR(0)                   \
    }

static const struct rig_reset_recipe builtins[] = {
    {.name = "unix-tight", .n_steps = 8, .steps = TIGHT(50)},
    {.name = "unix-tight-slow", .n_steps = 8, .steps = TIGHT(550)},
    {.name = "classic", .n_steps = 7, .steps = CLASSIC(50)},
    {.name = "classic-slow", .n_steps = 7, .steps = CLASSIC(550)},
    /* for a chip's own USB-Serial-JTAG; the passage through (1,1) keeps it from a reset too early,
     * and RTS comes twice for drivers that only send it along with DTR */
    {.name = "usb-jtag",
     .n_steps = 12,
     .steps = {RTS(0), DTR(0), PAUSE_MS(100), DTR(1), RTS(0), PAUSE_MS(100), RTS(1), DTR(0), RTS(1),
               PAUSE_MS(100), DTR(0), RTS(0)}},
    {.name = "hard", .n_steps = 4, .steps = {DTR(0), RTS(1), PAUSE_MS(100), RTS(0)}},
};

const struct rig_reset_recipe *rig_reset_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].name, name) == 0) {
            return &builtins[i];
        }
    }
    return NULL;
}

struct notation {
    const char *name;
    const char *text;
    const char *at;
    struct rig_error *err;
};

static rig_result expected(const struct notation *in, const char *what)
{
    return rig_fail(in->err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "reset recipe '%.31s', column %zu: expected %s; example: "
                    "D0|R1|W0.1|D1|R0|W0.05|D0",
                    in->name, (size_t)(in->at - in->text) + 1, what);
}

static rig_result read_level(struct notation *in, bool *on)
{
    if (*in->at != '0' && *in->at != '1') {
        return expected(in, "0 (released) or 1 (asserted)");
    }
    *on = *in->at++ == '1';
    return RIG_DONE;
}

static rig_result read_seconds(struct notation *in, int64_t *pause_ns)
{
    const char *start = in->at;
    int64_t unit_ns = RIG_NS_PER_S;
    bool fraction = false;
    bool digits = false;

    *pause_ns = 0;
    for (;; in->at++) {
        if (*in->at == '.' && !fraction) {
            fraction = true;
        } else if (*in->at >= '0' && *in->at <= '9') {
            const int digit = *in->at - '0';

            digits = true;
            if (fraction) {
                unit_ns /= 10;
                *pause_ns += digit * unit_ns;
            } else {
                *pause_ns = *pause_ns * 10 + digit * unit_ns;
            }
            if (*pause_ns > MAX_PAUSE_S * RIG_NS_PER_S) {
                in->at = start;
                return expected(in, "at most 60 seconds");
            }
        } else {
            break;
        }
    }
    if (!digits) {
        in->at = start;
        return expected(in, "seconds, such as 0.1");
    }
    return RIG_DONE;
}

static rig_result read_step(struct notation *in, struct rig_reset_step *step)
{
    *step = (struct rig_reset_step){0};
    switch (*in->at) {
    case 'D':
        step->kind = RIG_RESET_SET_DTR;
        in->at++;
        return read_level(in, &step->dtr);
    case 'R':
        step->kind = RIG_RESET_SET_RTS;
        in->at++;
        return read_level(in, &step->rts);
    case 'U':
        step->kind = RIG_RESET_SET_BOTH;
        in->at++;
        RIG_TRY(read_level(in, &step->dtr));
        if (*in->at != ',') {
            return expected(in, "',' between the two levels of U");
        }
        in->at++;
        return read_level(in, &step->rts);
    case 'W':
        step->kind = RIG_RESET_PAUSE;
        in->at++;
        return read_seconds(in, &step->pause_ns);
    default:
        return expected(in, "D, R, U or W");
    }
}

rig_result rig_reset_parse(const char *name, const char *notation, struct rig_reset_recipe *recipe,
                           struct rig_error *err)
{
    struct notation in = {.name = name, .text = notation, .at = notation, .err = err};

    *recipe = (struct rig_reset_recipe){0};
    if (!rig_copy_text(recipe->name, sizeof recipe->name, name)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "reset recipe '%.40s...': the name is longer than %zu characters", name,
                        sizeof recipe->name - 1);
    }
    for (;;) {
        if (recipe->n_steps == RIG_RESET_MAX_STEPS) {
            return expected(&in, "the end, since a recipe has at most 24 commands");
        }
        RIG_TRY(read_step(&in, &recipe->steps[recipe->n_steps]));
        recipe->n_steps++;
        if (*in.at == '\0') {
            return RIG_DONE;
        }
        if (*in.at != '|') {
            return expected(&in, "'|' or the end");
        }
        in.at++;
    }
}

static rig_result run_step(struct rig_lines *lines, const struct rig_reset_step *step,
                           struct rig_wait wait, struct rig_error *err)
{
    switch (step->kind) {
    case RIG_RESET_SET_DTR:
        return rig_lines_set(lines, step->dtr, lines->rts, wait, err);
    case RIG_RESET_SET_RTS:
        return rig_lines_set(lines, lines->dtr, step->rts, wait, err);
    case RIG_RESET_SET_BOTH:
        return rig_lines_set(lines, step->dtr, step->rts, wait, err);
    case RIG_RESET_PAUSE:
        return rig_wait_pause(wait, step->pause_ns, err);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "unknown step in a reset recipe");
}

/* Whether there is nothing to gain from reading on. */
static bool is_proven(const struct rig_boot_banner *banner, enum rig_boot_mode wanted)
{
    if (wanted == RIG_BOOT_DOWNLOAD) {
        return banner->waiting || banner->mode == RIG_BOOT_RUN;
    }
    return banner->loading || banner->invalid_header || banner->n_banners > 2 ||
           banner->mode == RIG_BOOT_DOWNLOAD;
}

/* Once the mode is known the closing line may still be lost in noise: silence for this long is
 * enough then. */
#define QUIET_MS 150

static rig_result read_proof(struct rig_link *link, enum rig_boot_mode wanted,
                             struct rig_banner_parser *parser, struct rig_wait proof,
                             struct rig_error *err)
{
    uint8_t bytes[512];

    while (!is_proven(&parser->banner, wanted) && !rig_wait_over(proof)) {
        const bool known = parser->banner.mode == wanted;
        size_t got = 0;
        const rig_result read = rig_link_read(
            link, bytes, sizeof bytes, &got, known ? rig_wait_within(proof, QUIET_MS) : proof, err);

        if (!read.ok) {
            return err->code == RIG_E_TIMEOUT ? RIG_DONE : read;
        }
        rig_banner_feed(parser, bytes, got);
    }
    return RIG_DONE;
}

rig_result rig_reset_run(struct rig_link *link, struct rig_lines *lines,
                         const struct rig_reset_recipe *recipe, enum rig_boot_mode wanted,
                         int64_t proof_ms, struct rig_boot_banner *banner, struct rig_wait wait,
                         struct rig_error *err)
{
    struct rig_banner_parser parser = {0};
    rig_result result;

    *banner = (struct rig_boot_banner){0};
    RIG_TRY_IN(rig_link_purge(link, RIG_LINK_PURGE_INPUT, wait, err), err, "reset '%s'",
               recipe->name);
    for (size_t i = 0; i < recipe->n_steps; i++) {
        RIG_TRY_IN(run_step(lines, &recipe->steps[i], wait, err), err, "reset '%s'", recipe->name);
    }
    result = read_proof(link, wanted, &parser, rig_wait_within(wait, proof_ms), err);
    *banner = parser.banner;
    if (!result.ok) {
        return rig_wrap(err, "reset '%s'", recipe->name);
    }
    return rig_boot_judge(banner, wanted, err);
}
