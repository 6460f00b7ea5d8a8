/* SPDX-License-Identifier: Apache-2.0 */
/* rig vault: makes a Vault or OpenBao ready for a rig, and says what is wrong with one. */
#include "rig/cli/cli.h"

#include "rig/base/secret.h"
#include "rig/cli/passphrase.h"
#include "rig/cli/vault_access.h"
#include "rig/cli/vault_doctor.h"
#include "rig/vaultadmin/setup.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 300000

static const struct rig_cli_option options[] = {
    RIG_VAULT_ACCESS_OPTIONS,
    {"dry-run", NULL, "setup: print the plan and change nothing", NULL},
    {"out", "DIR", "setup: folder of ca.yaml and the files beside it (default: vault)", NULL},
    {"device-mount", "NAME", "mount of the CA of devices (default: pki_device)", NULL},
    {"device-role", "NAME", "role that signs devices (default: rig-device)", NULL},
    {"server-mount", "NAME", "mount of the CA of test servers (setup: pki_server; doctor: none)",
     NULL},
    {"server-role", "NAME", "role that signs test servers (default: rig-test-server)", NULL},
    {"device-names", "GLOBS", "setup: names of devices, comma separated (default: rig-*)", NULL},
    {"server-domains", "NAMES", "setup: domains of test servers (default: rig.test)", NULL},
    {"organization", "NAME", "setup: O of every subject (default: none)", NULL},
    {"country", "CC", "setup: C of every subject (default: none)", NULL},
    {"device-days", "N", "setup: validity of device certificates (default: 1095)", NULL},
    {"root-days", "N", "setup: validity of the root; its CAs get half (default: 7300)", NULL},
    {"crl-hours", "N", "setup: validity of the CRLs; built anew at half time (default: 168)", NULL},
    {"public-url", "URL", "setup: base of CA, CRL and OCSP addresses in certificates", NULL},
    {"root-folder", "DIR", "setup: the root's folder on this host (default: DIR/root)", NULL},
    {"ca-passphrase-file", "FILE", "setup: passphrase of the root's key (or RIG_CA_PASSPHRASE)",
     NULL},
    {"offline-root", NULL, "setup: the root is kept elsewhere: leave CSRs, install answers", NULL},
    {"signed-device", "FILE", "setup: PEM of the device CA as signed, with the root's", NULL},
    {"signed-server", "FILE", "setup: the same for the test servers' CA", NULL},
    {"root-crl", "FILE", "CRL of a root kept elsewhere", NULL},
    {"token-minutes", "N", "setup: life of the tokens of station and QA (default: 60)", NULL},
    {"token-uses", "N", "setup: uses of a station's token (default: any number)", NULL},
    {"station-cidrs", "NETS", "setup: where stations may log in from (default: anywhere)", NULL},
    {"station-ca", "FILE", "setup: stations may log in with a certificate of this CA, too", NULL},
    {"json", NULL, "doctor: for programs (reports/schemas/vault-doctor.schema.json)", NULL},
    {"root", "FILE", "doctor, without CA.YAML: the root that chains must end in", NULL},
    {"station-token-file", "FILE", "doctor, without CA.YAML: token whose rights are judged", NULL},
};

struct vault_action {
    const char *name;
    rig_result (*run)(struct rig_cli *cli, int *exit_code, struct rig_error *err);
};

/* setup --------------------------------------------------------------------------------------- */

static rig_result read_numbers(const struct rig_cli *cli, struct rig_vault_setup *setup,
                               struct rig_error *err)
{
    long days = 0;
    long root_days = 0;
    long hours = 0;
    long minutes = 0;
    long uses = 0;

    RIG_TRY(rig_cli_number(cli, "device-days", 0, 1, 36500, &days, err));
    RIG_TRY(rig_cli_number(cli, "root-days", 0, 2, 36500, &root_days, err));
    RIG_TRY(rig_cli_number(cli, "crl-hours", 0, 2, 8760, &hours, err));
    RIG_TRY(rig_cli_number(cli, "token-minutes", 0, 1, 10080, &minutes, err));
    RIG_TRY(rig_cli_number(cli, "token-uses", 0, 1, 1000000, &uses, err));
    setup->device_days = days;
    setup->root_days = root_days;
    setup->crl_hours = hours;
    setup->token_ttl_s = minutes * 60;
    setup->station_uses = uses;
    return RIG_DONE;
}

static void read_texts(const struct rig_cli *cli, const struct rig_vault_access *access,
                       struct rig_vault_setup *setup)
{
    setup->folder = rig_cli_value(cli, "out", NULL);
    setup->device_mount = rig_cli_value(cli, "device-mount", NULL);
    setup->device_role = rig_cli_value(cli, "device-role", NULL);
    setup->server_role = rig_cli_value(cli, "server-role", NULL);
    setup->server_mount = rig_cli_value(cli, "server-mount", NULL);
    setup->device_names = rig_cli_value(cli, "device-names", NULL);
    setup->server_domains = rig_cli_value(cli, "server-domains", NULL);
    setup->organization = rig_cli_value(cli, "organization", NULL);
    setup->country = rig_cli_value(cli, "country", NULL);
    setup->public_url = rig_cli_value(cli, "public-url", NULL);
    setup->root_folder = rig_cli_value(cli, "root-folder", NULL);
    setup->offline_root = rig_cli_given(cli, "offline-root");
    setup->signed_device = rig_cli_value(cli, "signed-device", NULL);
    setup->signed_server = rig_cli_value(cli, "signed-server", NULL);
    setup->root_crl = rig_cli_value(cli, "root-crl", NULL);
    setup->station_cidrs = rig_cli_value(cli, "station-cidrs", NULL);
    setup->station_ca = rig_cli_value(cli, "station-ca", NULL);
    setup->namespace_path = access->options.namespace_path;
    setup->ca_file = access->options.ca_file;
    setup->tls_server_name = access->options.tls_server_name;
    setup->clock = &rig_clock_system;
}

static rig_result print_plan(const struct rig_plan *plan, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf summary = {0};

    RIG_TRY(rig_plan_summary(plan, &summary, err));
    (void)printf("%s%s", rig_buf_text(&plan->text), rig_buf_text(&summary));
    return RIG_DONE;
}

static void print_next(const struct rig_cli *cli, const struct rig_plan *done)
{
    const char *folder = rig_cli_value(cli, "out", "vault");

    if (done->counts[RIG_PLAN_WAIT] != 0) {
        (void)printf("not ready yet: what is waiting is above\n");
        return;
    }
    (void)printf("\nready: %s/ca.yaml\n  look at it:        rig vault doctor %s/ca.yaml\n"
                 "  root token:        not needed any more; bao token revoke -self\n",
                 folder, folder);
    if (!rig_cli_given(cli, "offline-root")) {
        (void)printf("  the root's key:    move %s off this host; it is needed to renew a CA "
                     "or the root's CRL\n",
                     rig_cli_value(cli, "root-folder", "the folder 'root' beside ca.yaml"));
    }
}

static rig_result run_setup(struct rig_cli *cli, struct rig_vault *vault,
                            const struct rig_vault_setup *setup, struct rig_error *err)
{
    const struct rig_wait wait = rig_wait_ms(TIMEOUT_MS, cli->cancel);
    RIG_AUTO(rig_plan_free) struct rig_plan plan = {0};
    RIG_AUTO(rig_plan_free) struct rig_plan done = {0};

    (void)printf("plan for %s:\n", rig_vault_address(vault));
    RIG_TRY(rig_vault_setup_plan(vault, setup, &plan, wait, err));
    RIG_TRY(print_plan(&plan, err));
    if (rig_cli_given(cli, "dry-run")) {
        (void)printf("dry run: nothing was changed\n");
        return RIG_DONE;
    }
    if (rig_plan_n_changes(&plan) == 0) {
        return RIG_DONE;
    }
    (void)fflush(stdout);
    if (!rig_vault_setup_apply(vault, setup, &done, wait, err).ok) {
        return rig_wrap(err,
                        "the set-up is not complete (what was done before stays, and running it "
                        "again goes on from there)");
    }
    print_next(cli, &done);
    return RIG_DONE;
}

static rig_result action_setup(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_auto_vault) struct rig_vault *vault = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf passphrase = {.secret = true};
    RIG_AUTO(rig_vault_access_free) struct rig_vault_access access = {0};
    struct rig_vault_setup setup = {0};

    (void)exit_code;
    if (cli->n_positionals != 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'rig vault setup' takes options only; see 'rig vault --help'");
    }
    RIG_TRY(rig_secret_guard_process(err));
    RIG_TRY(rig_cli_passphrase(cli, &passphrase, err));
    RIG_TRY(rig_cli_vault_open(cli, &access, &vault, err));
    read_texts(cli, &access, &setup);
    RIG_TRY(read_numbers(cli, &setup, err));
    setup.passphrase = passphrase.len != 0 ? rig_buf_text(&passphrase) : NULL;
    return run_setup(cli, vault, &setup, err);
}

static const struct vault_action actions[] = {
    {"setup", action_setup},
    {"doctor", rig_cli_vault_doctor},
};

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, cli->positionals[0]) == 0) {
            return actions[i].run(cli, exit_code, err);
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "expected: rig vault setup | doctor [CA.YAML]");
}

const struct rig_cli_command rig_cli_vault = {
    .name = "vault",
    .summary = "Make a Vault or OpenBao server ready to sign, and say what is wrong with one",
    .synopsis = "setup|doctor [CA.YAML]",
    .details =
        "'setup' prints a plan, then makes two PKI mounts under one root (devices: clients only; "
        "test servers: servers only), roles, policies and AppRoles for a signing station and for "
        "QA, and a folder with ca.yaml. What is right already stays untouched, so a second "
        "set-up changes nothing. The root's key stays on this host, encrypted, or elsewhere "
        "(--offline-root: the first call leaves the CSRs and says what to do, the second installs "
        "what was signed). It needs the token of an administrator; nothing after it does.\n\n"
        "'doctor' looks at a CA as it is, also one that 'setup' did not make, and changes "
        "nothing: with CA.YAML through its logins, else with a token and --device-mount, "
        "--device-role. Each finding says what somebody could do with it, and the command that "
        "mends it. Exit code 1 when there is a warning or worse; a note alone is 0.",
    .example = "  rig vault setup --dry-run\n"
               "  rig vault setup --organization 'Example Ltd' --country DE\n"
               "  rig vault doctor vault/ca.yaml\n"
               "  rig vault doctor --device-mount pki_int --device-role device-role --json\n",
    .subcommands = "setup doctor",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = 2,
    .run = command,
};
