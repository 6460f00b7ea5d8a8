/* SPDX-License-Identifier: Apache-2.0 */
#include "vault_engine.h"

#include "rig/suite/ca_config.h"
#include "rig/vaultadmin/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WAIT rig_wait_ms(60000, NULL)

int vault_engine_find(struct vault_engine *engine)
{
    memset(engine, 0, sizeof *engine);
    return bao_find(&engine->bao);
}

static void done(rig_result result, const struct rig_error *err)
{
    if (!result.ok) {
        fail_msg("%s", err->text);
    }
}

void vault_engine_start(struct vault_engine *engine)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};
    struct rig_plan plan = {0};
    char folder[160];
    char path[192];
    const struct rig_vault_setup setup = {
        .folder = folder,
        .device_names = "rig-*,b*",
        .organization = "WiseFido Inc",
        .country = "US",
        .passphrase = "of the root's key",
        .ca_file = engine->bao.pki.ca,
        .clock = &rig_clock_system,
    };

    bao_start(&engine->bao);
    bao_init(&engine->bao);
    bao_unseal(&engine->bao);
    (void)snprintf(folder, sizeof folder, "%s/vault", engine->bao.pki.folder);
    done(rig_vault_setup_apply(engine->bao.root, &setup, &plan, WAIT, &err), &err);
    rig_plan_free(&plan);
    (void)snprintf(path, sizeof path, "%s/ca.yaml", folder);
    done(rig_ca_config_load(path, &engine->config, &mistakes, &err), &err);
    done(rig_ca_vault_config_complete(&engine->config, &err), &err);
}

struct rig_ca *vault_engine_open(struct vault_engine *engine)
{
    struct rig_error err = {0};
    struct rig_ca *ca = NULL;

    done(rig_ca_vault_open(&engine->config, &rig_clock_system, &ca, WAIT, &err), &err);
    return ca;
}

void vault_engine_stop(struct vault_engine *engine)
{
    rig_ca_vault_config_free(&engine->config);
    bao_remove(&engine->bao);
}
