/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/steps.h"

#include <assert.h>

static const struct rig_step_driver drivers[RIG_STEP_KINDS] = {
    [RIG_STEP_RESET] = {rig_step_reset, true},
    [RIG_STEP_IDENTIFY] = {rig_step_identify, true},
    [RIG_STEP_FIRMWARE] = {rig_step_firmware, true},
    [RIG_STEP_KEYGEN] = {rig_step_keygen, false},
    [RIG_STEP_CSR] = {rig_step_csr, true},
    [RIG_STEP_SIGN] = {rig_step_sign, false},
    [RIG_STEP_FLASH] = {rig_step_flash, true},
    [RIG_STEP_READ_BACK] = {rig_step_read_back, true},
    [RIG_STEP_BOOT] = {rig_step_firmware, true},
    [RIG_STEP_INSTALLED] = {rig_step_installed, true},
    [RIG_STEP_REVOCATION] = {rig_step_revocation, false},
    [RIG_STEP_CHAIN_UPDATE] = {rig_step_chain_update, true},
    [RIG_STEP_CHAIN_ERASE] = {rig_step_chain_erase, true},
    [RIG_STEP_CASE] = {rig_step_case, true},
    [RIG_STEP_ENROL] = {rig_step_enrol, true},
    [RIG_STEP_TRIAL] = {rig_step_trial, true},
};

const struct rig_step_driver *rig_step_driver(enum rig_step_kind kind)
{
    assert((size_t)kind < RIG_STEP_KINDS && drivers[kind].run != NULL);
    return &drivers[kind];
}
