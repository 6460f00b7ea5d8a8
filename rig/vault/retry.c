/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/internal.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000

bool rig_vault_fault_not_executed(enum rig_vault_fault fault, bool sent)
{
    switch (fault) {
    case RIG_VAULT_FAULT_UNREACHABLE:
    case RIG_VAULT_FAULT_SEALED:
    case RIG_VAULT_FAULT_STANDBY:
    case RIG_VAULT_FAULT_QUOTA:
        return true;
    case RIG_VAULT_FAULT_CUT:
    case RIG_VAULT_FAULT_SLOW:
        return !sent;
    default:
        return false;
    }
}

bool rig_vault_may_repeat(enum rig_vault_fault fault, bool sent, bool repeatable)
{
    if (rig_vault_fault_not_executed(fault, sent)) {
        return true;
    }
    return repeatable && (fault == RIG_VAULT_FAULT_CUT || fault == RIG_VAULT_FAULT_SLOW ||
                          fault == RIG_VAULT_FAULT_GARBAGE || fault == RIG_VAULT_FAULT_SERVER);
}

bool rig_vault_uncertain(enum rig_vault_fault fault, long status, bool sent)
{
    switch (fault) {
    case RIG_VAULT_FAULT_NONE: /* cancelled, or this host failed, while an answer was due */
    case RIG_VAULT_FAULT_CUT:
    case RIG_VAULT_FAULT_SLOW:
    case RIG_VAULT_FAULT_GARBAGE:
    case RIG_VAULT_FAULT_TOO_BIG:
    case RIG_VAULT_FAULT_SERVER:
        return sent;
    case RIG_VAULT_FAULT_NOT_VAULT:
        return sent && status / 100 == 2;
    default:
        return false;
    }
}

int64_t rig_vault_pause_ms(unsigned next_try, int64_t retry_after_ms, uint32_t random)
{
    const unsigned doublings = next_try > 2 ? next_try - 2 : 0;
    int64_t pause_ms = doublings < 6 ? (int64_t)FIRST_PAUSE_MS << doublings : LONGEST_PAUSE_MS;

    if (pause_ms > LONGEST_PAUSE_MS) {
        pause_ms = LONGEST_PAUSE_MS;
    }
    pause_ms = pause_ms / 2 + (int64_t)(random % (uint32_t)(pause_ms / 2 + 1));
    /* on top of what the server asked for, so that not all boards come back in the same instant */
    return retry_after_ms > 0 ? retry_after_ms + pause_ms / 4 : pause_ms;
}
