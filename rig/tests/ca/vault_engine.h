/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA on a real OpenBao, made by the set-up of rig/vaultadmin alone: the second engine of
 * test_ca_contract.c. Fails the test by itself.
 */
#ifndef RIG_TESTS_CA_VAULT_ENGINE_H
#define RIG_TESTS_CA_VAULT_ENGINE_H

#include "rig/ca/vault.h"
#include "rig/tests/vault/bao.h"

struct vault_engine {
    struct bao bao;
    struct rig_ca_vault_config config;
};

/* 0, or the exit code for main: 77 with the reason on standard error when OpenBao can't be had. */
int vault_engine_find(struct vault_engine *engine);
void vault_engine_start(struct vault_engine *engine);
/* The caller closes it. */
struct rig_ca *vault_engine_open(struct vault_engine *engine);
void vault_engine_stop(struct vault_engine *engine);

#endif
