/* SPDX-License-Identifier: Apache-2.0 */
/* rig register: the devices and certificates of a work folder. */
#include "rig/cli/cli.h"

#include "rig/cli/ca_option.h"
#include "rig/register/register.h"
#include "rig/run/recover.h"
#include "rig/run/services.h"

#include <string.h>

#define TIMEOUT_MS 120000

static const struct rig_cli_option options[] = {
    {"out", "DIR", "work folder (default: out)", NULL},
    {"revoke", NULL, "orphans: revoke them all", NULL},
    RIG_CLI_CA_OPTIONS,
};

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static rig_result print_device(void *ctx, const struct rig_register_device *device,
                               struct rig_error *err)
{
    size_t *n = ctx;

    (void)err;
    (void)printf("%-18s %-28s %-6s %-8s %-34s %s\n", device->mac, device->device_id,
                 or_dash(device->result), device->board.text, or_dash(device->serial),
                 device->run_id);
    (*n)++;
    return RIG_DONE;
}

static rig_result list(struct rig_register *reg, struct rig_error *err)
{
    size_t n = 0;

    (void)printf("%-18s %-28s %-6s %-8s %-34s %s\n", "MAC", "DEVICE", "RESULT", "BOARD", "SERIAL",
                 "RUN");
    RIG_TRY(rig_register_each_device(reg, print_device, &n, err));
    (void)printf("%zu device%s\n", n, n == 1 ? "" : "s");
    return RIG_DONE;
}

static rig_result print_certificate(void *ctx, const struct rig_register_certificate *certificate,
                                    struct rig_error *err)
{
    char issued[RIG_TIME_TEXT_SIZE];
    char not_after[RIG_TIME_TEXT_SIZE];
    size_t *n = ctx;

    (void)err;
    rig_time_text(certificate->issued_ms, issued);
    rig_time_text(certificate->not_after_ms, not_after);
    (void)printf("%-40s %-10s %-6s %-9s %-28s issued %s until %s by %s%s%s\n", certificate->serial,
                 rig_certificate_state_name(certificate->state),
                 certificate->purpose == RIG_PURPOSE_TEST ? "test" : "device",
                 rig_key_type_name(certificate->key_type), certificate->device_id, issued,
                 not_after, certificate->issuer,
                 certificate->revocation_reason[0] != '\0' ? ", revoked: " : "",
                 certificate->revocation_reason);
    (*n)++;
    return RIG_DONE;
}

static rig_result show(struct rig_register *reg, const char *name, struct rig_error *err)
{
    struct rig_register_device device;
    char first_seen[RIG_TIME_TEXT_SIZE];
    char updated[RIG_TIME_TEXT_SIZE];
    size_t n = 0;

    RIG_TRY(rig_register_find_device(reg, name, &device, err));
    rig_time_text(device.first_seen_ms, first_seen);
    rig_time_text(device.updated_ms, updated);
    (void)printf("mac:              %s\ndevice id:        %s\nboard:            %s\n", device.mac,
                 device.device_id, device.board.text);
    (void)printf("chip:             %s v%u.%u\nflash:            0x%06x, %u KiB\n", device.chip,
                 device.chip_revision / 100, device.chip_revision % 100, (unsigned)device.flash_id,
                 (unsigned)(device.flash_size_bytes / 1024));
    (void)printf("firmware:         %s\nsecure boot:      %s\nflash encryption: %s\n",
                 or_dash(device.firmware), device.secure_boot ? "yes" : "no",
                 device.flash_encryption ? "yes" : "no");
    (void)printf("station:          %s\noperator:         %s\n", device.station,
                 or_dash(device.operator_name));
    (void)printf("suite:            %s\nresult:           %s\nrun:              %s\n", device.suite,
                 or_dash(device.result), device.run_id);
    (void)printf("junit sha256:     %s\nkeeps serial:     %s\n", or_dash(device.junit_sha256),
                 or_dash(device.serial));
    (void)printf("first seen:       %s\nupdated:          %s\ncertificates:\n", first_seen,
                 updated);
    return rig_register_each_certificate(reg, device.device_id, print_certificate, &n, err);
}

static void tell_recovery(const struct rig_recovery *recovery)
{
    if (recovery->n_open != 0) {
        (void)fprintf(stderr, "rig: a run was interrupted; what its journal had open:\n%s",
                      rig_buf_text(&recovery->text));
    }
}

static rig_result revoke_all(struct rig_cli *cli, const char *out, struct rig_error *err)
{
    const struct rig_wait wait = rig_wait_ms(TIMEOUT_MS, cli->cancel);
    RIG_AUTO(rig_cli_ca_free) struct rig_cli_ca choice = {0};
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;
    RIG_AUTO(rig_auto_ca) struct rig_ca *ca = NULL;
    RIG_AUTO(rig_recovery_free) struct rig_recovery recovery = {0};
    size_t n = 0;

    RIG_TRY(rig_register_open(out, false, &rig_clock_system, &reg, err)); /* makes no folder */
    rig_auto_register(&reg);
    RIG_TRY(rig_register_open(out, true, &rig_clock_system, &reg, err));
    RIG_TRY(rig_cli_ca_read(cli, &choice, err));
    RIG_TRY(rig_open_chosen_ca(&choice.choice, out, NULL, &rig_clock_system, &ca, wait, err));
    RIG_TRY(rig_recover(reg, ca, NULL, &recovery, wait, err));
    tell_recovery(&recovery);
    RIG_TRY(rig_revoke_orphans(reg, ca, &n, wait, err));
    (void)printf("%zu certificate%s revoked\n", n, n == 1 ? "" : "s");
    return RIG_DONE;
}

static rig_result print_orphans(struct rig_register *reg, struct rig_error *err)
{
    size_t n = 0;

    RIG_TRY(rig_register_each_orphan(reg, print_certificate, &n, err));
    (void)printf("%zu orphan%s: issued, never installed, not revoked%s\n", n, n == 1 ? "" : "s",
                 n != 0 ? " (--revoke revokes them)" : "");
    return RIG_DONE;
}

/* What the register knows is worth reading even when the CA can't be asked; `err` says why it
 * can't. */
static rig_result list_without_ca(struct rig_register *reg, struct rig_error *err)
{
    const struct rig_error why = *err;

    RIG_TRY(print_orphans(reg, err));
    (void)fprintf(stderr, "rig: the CA could not be asked what it signed besides\n");
    return rig_fail_as(err, &why);
}

/* Without a running rig in the folder, what a killed one left open is first brought to an end, so
 * that nothing is missing from the list. */
static rig_result list_orphans(struct rig_cli *cli, const char *out, struct rig_error *err)
{
    RIG_AUTO(rig_cli_ca_free) struct rig_cli_ca choice = {0};
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;
    RIG_AUTO(rig_auto_ca) struct rig_ca *ca = NULL;
    RIG_AUTO(rig_recovery_free) struct rig_recovery recovery = {0};

    RIG_TRY(rig_register_open(out, false, &rig_clock_system, &reg, err));
    rig_auto_register(&reg);
    RIG_TRY(rig_cli_ca_read(cli, &choice, err));
    if (rig_register_open(out, true, &rig_clock_system, &reg, err).ok) {
        if (!rig_open_chosen_ca(&choice.choice, out, NULL, &rig_clock_system, &ca,
                                rig_wait_ms(TIMEOUT_MS, cli->cancel), err)
                 .ok) {
            return list_without_ca(reg, err);
        }
        RIG_TRY(rig_recover(reg, ca, NULL, &recovery, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
        tell_recovery(&recovery);
    } else if (err->code == RIG_E_BUSY) {
        (void)fprintf(stderr, "rig: %s; what it is about to install is listed too\n", err->text);
        RIG_TRY(rig_register_open(out, false, &rig_clock_system, &reg, err));
    } else {
        return (rig_result){.ok = false};
    }
    return print_orphans(reg, err);
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    const char *action = cli->positionals[0];
    const char *out = rig_cli_value(cli, "out", "out");
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;

    (void)exit_code;
    if (rig_cli_given(cli, "revoke") && strcmp(action, "orphans") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "--revoke goes with 'orphans' only");
    }
    if (strcmp(action, "orphans") == 0 && cli->n_positionals == 1) {
        return rig_cli_given(cli, "revoke") ? revoke_all(cli, out, err)
                                            : list_orphans(cli, out, err);
    }
    if (strcmp(action, "list") == 0 && cli->n_positionals == 1) {
        RIG_TRY(rig_register_open(out, false, &rig_clock_system, &reg, err));
        return list(reg, err);
    }
    if (strcmp(action, "show") == 0 && cli->n_positionals == 2) {
        RIG_TRY(rig_register_open(out, false, &rig_clock_system, &reg, err));
        return show(reg, cli->positionals[1], err);
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "expected: rig register list | show DEVICE | orphans [--revoke]");
}

const struct rig_cli_command rig_cli_register = {
    .name = "register",
    .summary = "Show the devices and certificates of a work folder; find and revoke orphans",
    .synopsis = "list|show|orphans [DEVICE]",
    .details =
        "DEVICE is a MAC, a device id or a board's id. An orphan is a certificate that was issued "
        "and never installed, for example because a run was killed.",
    .example = "  rig register list --out out\n"
               "  rig register show b1 --out out\n"
               "  rig register orphans --revoke --out out\n",
    .subcommands = "list show orphans",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = 2,
    .run = command,
};
