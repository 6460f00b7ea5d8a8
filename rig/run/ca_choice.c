/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/ca_choice.h"

#include "rig/base/file.h"
#include "rig/ca/local.h"

#include <string.h>

#define CA_DAYS INT64_C(3650)

static void plan_of(const struct rig_suite *suite, struct rig_ca_local_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->n_levels = suite->n_levels;
    for (size_t i = 0; i < suite->n_levels; i++) {
        plan->levels[i] = suite->levels[i];
    }
    plan->organization = suite->organization[0] != '\0' ? suite->organization : NULL;
    plan->country = suite->country[0] != '\0' ? suite->country : NULL;
    plan->key_type = RIG_KEY_P256;
    plan->device_days = suite->device_days;
    plan->ca_days = suite->device_days * 2 > CA_DAYS ? suite->device_days * 2 : CA_DAYS;
}

rig_result rig_open_local_ca(const char *out_folder, const char *name,
                             const struct rig_suite *suite, const char *passphrase,
                             const struct rig_clock *clock, struct rig_ca **ca,
                             struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *folder = NULL;
    struct rig_ca_local_plan plan;

    RIG_TRY(rig_path_join(out_folder, name, &folder, err));
    if (suite == NULL) {
        return rig_ca_local_open(folder, NULL, passphrase, clock, ca, err);
    }
    plan_of(suite, &plan);
    return rig_ca_local_open(folder, &plan, passphrase, clock, ca, err);
}

rig_result rig_open_work_ca(const char *out_folder, const struct rig_suite *suite,
                            const char *passphrase, const struct rig_clock *clock,
                            struct rig_ca **ca, struct rig_error *err)
{
    return rig_open_local_ca(out_folder, "ca", suite, passphrase, clock, ca, err);
}

const char *rig_ca_choice_name(const struct rig_ca_choice *choice)
{
    return choice->vault != NULL ? "vault" : "local";
}

static rig_result open_local_choice(const struct rig_ca_choice *choice, const char *out_folder,
                                    const struct rig_suite *suite, const struct rig_clock *clock,
                                    struct rig_ca **ca, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *folder = NULL;

    RIG_TRY(rig_open_work_ca(out_folder, suite, choice->passphrase, clock, ca, err));
    if (choice->fault == RIG_CA_FAULT_NONE) {
        return RIG_DONE;
    }
    RIG_TRY(rig_path_join(out_folder, "ca", &folder, err));
    return rig_ca_twin_wrap(ca, choice->fault, folder, choice->passphrase, clock, err);
}

rig_result rig_open_chosen_ca(const struct rig_ca_choice *choice, const char *out_folder,
                              const struct rig_suite *suite, const struct rig_clock *clock,
                              struct rig_ca **ca, struct rig_wait wait, struct rig_error *err)
{
    if (choice->vault == NULL) {
        return open_local_choice(choice, out_folder, suite, clock, ca, err);
    }
    if (choice->fault != RIG_CA_FAULT_NONE) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "only the local CA can be wrong on purpose (twin ca:%s); leave out --ca "
                        "vault or the twin",
                        rig_ca_fault_name(choice->fault));
    }
    /* borrows its secrets; the back end keeps a copy without them */
    struct rig_ca_vault_config config = *choice->vault;

    config.under_test = suite != NULL && suite->n_attacks != 0;
    return rig_ca_vault_open(&config, clock, ca, wait, err);
}
