/* SPDX-License-Identifier: Apache-2.0 */
/* RIG_AUTO(rig_auto_json_t) json_t *x: a reference to a jansson value that is given back at the end
 * of its block. */
#ifndef RIG_BASE_JSON_AUTO_H
#define RIG_BASE_JSON_AUTO_H

#include "rig/base/cleanup.h"

#include <jansson.h>

RIG_DEFINE_AUTO(json_t, json_decref);

#endif
