/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/evidence.h"

#include "rig/base/buf.h"

void rig_evidence_set_hash(json_t *evidence, const char *key, const uint8_t hash[RIG_SHA256_SIZE])
{
    char hex[2 * RIG_SHA256_SIZE + 1];

    rig_hex(hash, RIG_SHA256_SIZE, hex);
    (void)json_object_set_new(evidence, key, json_string(hex));
}
