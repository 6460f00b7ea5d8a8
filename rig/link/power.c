/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/power.h"

#include "rig/base/cleanup.h"
#include "rig/link/lines_driver.h"

#include <stdio.h>

#define OFF_MS 1000
#define COMMAND_TIMEOUT_MS 10000
#define PERSON_TIMEOUT_MS 120000

static rig_result pause_off(const struct rig_power_config *config, struct rig_wait wait,
                            struct rig_error *err)
{
    const int64_t off_ms = config->off_ms != 0 ? config->off_ms : OFF_MS;

    return rig_wait_pause(wait, off_ms * RIG_NS_PER_MS, err);
}

static rig_result run(const struct rig_power_config *config, enum rig_power_action action,
                      struct rig_wait wait, struct rig_error *err)
{
    const int64_t limit_ms = config->timeout_ms != 0 ? config->timeout_ms : COMMAND_TIMEOUT_MS;

    if (config->commands[action].n_args == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "the bench file has no command for 'power: %s:'",
                        rig_power_action_name(action));
    }
    return rig_lines_run_command(&config->commands[action], NULL, rig_wait_within(wait, limit_ms),
                                 err);
}

static rig_result by_command(const struct rig_power_config *config, enum rig_power_action action,
                             struct rig_wait wait, struct rig_error *err)
{
    if (action == RIG_POWER_CYCLE && config->commands[RIG_POWER_CYCLE].n_args == 0) {
        RIG_TRY(run(config, RIG_POWER_OFF, wait, err));
        RIG_TRY(pause_off(config, wait, err));
        return run(config, RIG_POWER_ON, wait, err);
    }
    return run(config, action, wait, err);
}

static void release(struct rig_ftdi_pins **pins)
{
    rig_ftdi_pins_release(*pins);
}

static rig_result by_pin(struct rig_lines_hub *hub, const struct rig_power_config *config,
                         enum rig_power_action action, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(release) struct rig_ftdi_pins *pins = NULL;
    const uint8_t bit = (uint8_t)(1u << config->pin);
    const struct rig_ftdi_pins_want want = {.chip = config->chip,
                                            .mask = bit,
                                            .rest = config->off_high ? 0 : bit,
                                            .push_pull = config->off_high};

    if (action != RIG_POWER_CYCLE) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "a pin of an FTDI chip cannot keep the power %s after the rig has ended; "
                        "'cycle' works",
                        rig_power_action_name(action));
    }
    RIG_TRY(rig_ftdi_pins_take(rig_lines_hub_pins(hub), &want, &pins, err));
    RIG_TRY(rig_ftdi_pins_set(pins, (uint8_t)~want.rest, err));
    RIG_TRY(pause_off(config, wait, err));
    return rig_ftdi_pins_set(pins, want.rest, err);
}

static rig_result by_person(struct rig_lines_hub *hub, const struct rig_power_config *config,
                            const char *board, enum rig_power_action action, struct rig_wait wait,
                            struct rig_error *err)
{
    static const char *const words[] = {[RIG_POWER_ON] = "switch its power on",
                                        [RIG_POWER_OFF] = "switch its power off",
                                        [RIG_POWER_CYCLE] = "switch its power off and on again"};
    const int64_t limit_ms = config->timeout_ms != 0 ? config->timeout_ms : PERSON_TIMEOUT_MS;
    char question[120];

    (void)snprintf(question, sizeof question, "board %.47s: %s", board, words[action]);
    return rig_lines_hub_ask(hub, question, rig_wait_within(wait, limit_ms), err);
}

const char *rig_power_action_name(enum rig_power_action action)
{
    static const char *const names[] = {
        [RIG_POWER_ON] = "on", [RIG_POWER_OFF] = "off", [RIG_POWER_CYCLE] = "cycle"};

    return names[action];
}

rig_result rig_power_do(struct rig_lines_hub *hub, const struct rig_power_config *config,
                        const char *board, enum rig_power_action action, struct rig_wait wait,
                        struct rig_error *err)
{
    rig_result result;

    switch (config->kind) {
    case RIG_POWER_ABSENT:
    default:
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "the power of board %s is not switched by the rig: give it 'power:' in the "
                        "bench file",
                        board);
    case RIG_POWER_COMMAND:
        result = by_command(config, action, wait, err);
        break;
    case RIG_POWER_FTDI_BITBANG:
        result = by_pin(hub, config, action, wait, err);
        break;
    case RIG_POWER_PERSON:
        result = by_person(hub, config, board, action, wait, err);
        break;
    }
    return result.ok ? RIG_DONE : rig_wrap(err, "power %s", rig_power_action_name(action));
}
