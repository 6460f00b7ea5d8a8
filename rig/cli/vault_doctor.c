/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/vault_doctor.h"

#include "rig/base/secret.h"
#include "rig/cli/load.h"
#include "rig/cli/vault_access.h"
#include "rig/vaultadmin/doctor.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 120000

/* All that an examination borrows from. */
struct patient {
    struct rig_ca_vault_config config; /* of ca.yaml, when there is one */
    struct rig_vault_access eyes_access;
    struct rig_buf station_secret;
    struct rig_vault *eyes;
    struct rig_vault *station;
    const char *crl_files[RIG_CA_VAULT_MAX_CRLS];
    struct rig_vault_doctor doctor;
};

static void free_patient(struct patient *patient)
{
    rig_auto_vault(&patient->eyes);
    rig_auto_vault(&patient->station);
    rig_vault_access_free(&patient->eyes_access);
    rig_buf_free(&patient->station_secret);
    rig_ca_vault_config_free(&patient->config);
}

/* With ca.yaml ------------------------------------------------------------------------------- */

static rig_result open_by_file(const char *path, struct patient *patient, struct rig_error *err)
{
    struct rig_ca_vault_config *config = &patient->config;
    struct rig_vault_doctor *doctor = &patient->doctor;

    RIG_TRY(rig_cli_load_ca_config(path, config, err));
    RIG_TRY(rig_ca_vault_config_complete(config, err));
    RIG_TRY_IN(
        rig_ca_vault_open_client(config, &config->login, &rig_clock_system, &patient->station, err),
        err, "%s: login", path);
    doctor->station = patient->station;
    doctor->eyes = patient->station;
    doctor->eyes_name = "station";
    if (config->qa.given) {
        RIG_TRY_IN(
            rig_ca_vault_open_client(config, &config->qa, &rig_clock_system, &patient->eyes, err),
            err, "%s: qa", path);
        doctor->eyes = patient->eyes;
        doctor->eyes_name = "qa";
    }
    doctor->device = (struct rig_vault_doctor_place){config->device.mount, config->device.role};
    doctor->server = (struct rig_vault_doctor_place){config->server.mount, config->server.role};
    doctor->root_file = rig_text_or_null(config->root_file);
    for (size_t i = 0; i < config->n_crls; i++) {
        patient->crl_files[i] = config->crl_files[i];
    }
    doctor->crl_files = patient->crl_files;
    doctor->n_crl_files = config->n_crls;
    doctor->max_clock_skew_ms = config->max_clock_skew_ms;
    return RIG_DONE;
}

/* Without ------------------------------------------------------------------------------------ */

static rig_result open_station(const struct rig_cli *cli, struct patient *patient,
                               struct rig_error *err)
{
    const char *file = rig_cli_value(cli, "station-token-file", NULL);
    struct rig_vault_options options = patient->eyes_access.options;

    if (file == NULL) {
        return RIG_DONE;
    }
    patient->station_secret.secret = true;
    RIG_TRY(rig_secret_from_file(file, "token of the station", &patient->station_secret, err));
    options.login.secret = patient->station_secret;
    RIG_TRY(rig_vault_open(&options, &patient->station, err));
    patient->doctor.station = patient->station;
    return RIG_DONE;
}

static rig_result open_by_options(const struct rig_cli *cli, struct patient *patient,
                                  struct rig_error *err)
{
    struct rig_vault_doctor *doctor = &patient->doctor;

    doctor->device =
        (struct rig_vault_doctor_place){rig_cli_value(cli, "device-mount", "pki_device"),
                                        rig_cli_value(cli, "device-role", "rig-device")};
    doctor->server.mount = rig_cli_value(cli, "server-mount", NULL);
    doctor->server.role = rig_cli_value(cli, "server-role", "rig-test-server");
    doctor->root_file = rig_cli_value(cli, "root", NULL);
    patient->crl_files[0] = rig_cli_value(cli, "root-crl", NULL);
    doctor->crl_files = patient->crl_files;
    doctor->n_crl_files = patient->crl_files[0] != NULL ? 1 : 0;
    RIG_TRY(rig_cli_vault_open(cli, &patient->eyes_access, &patient->eyes, err));
    doctor->eyes = patient->eyes;
    doctor->eyes_name = "the token given";
    return open_station(cli, patient, err);
}

rig_result rig_cli_vault_doctor(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(free_patient) struct patient patient = {.doctor = {.clock = &rig_clock_system}};
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    const char *address;

    RIG_TRY(rig_secret_guard_process(err));
    RIG_TRY(cli->n_positionals == 2 ? open_by_file(cli->positionals[1], &patient, err)
                                    : open_by_options(cli, &patient, err));
    address = rig_vault_address(patient.doctor.eyes);
    RIG_TRY(
        rig_vault_examine(&patient.doctor, &findings, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    RIG_TRY(rig_cli_given(cli, "json") ? rig_vault_findings_json(&findings, address, &text, err)
                                       : rig_vault_findings_text(&findings, address, &text, err));
    (void)fputs(rig_buf_text(&text), stdout);
    if (findings.counts[RIG_VAULT_CRITICAL] + findings.counts[RIG_VAULT_WARNING] != 0) {
        *exit_code = RIG_EXIT_DEVICE;
    }
    return RIG_DONE;
}
