/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps put into their JSON evidence alike. Pure, any thread. */
#ifndef RIG_RUN_EVIDENCE_H
#define RIG_RUN_EVIDENCE_H

#include "rig/base/ids.h"

#include <jansson.h>

/* Sets `key` to a hash, or another value of that size (a client random), in lower-case hex. */
void rig_evidence_set_hash(json_t *evidence, const char *key, const uint8_t hash[RIG_SHA256_SIZE]);

#endif
