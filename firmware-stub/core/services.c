/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

const struct agent_services agent_services_mbedtls = {
    .keygen = agent_keygen,
    .key_state = agent_key_state,
    .csr = agent_csr,
    .cert_state = agent_cert_state,
    .slot_begin = agent_slot_begin,
    .slot_write = agent_slot_write,
    .slot_commit = agent_slot_commit,
    .slot_clear = agent_slot_clear,
    .update_begin = agent_update_begin,
    .update_write = agent_update_write,
    .update_commit = agent_update_commit,
    .update_signer = agent_update_signer,
    .update_signature = agent_update_signature,
    .update_fits = agent_update_fits,
    .update_store = agent_update_store,
    .handshake = agent_handshake,
};
