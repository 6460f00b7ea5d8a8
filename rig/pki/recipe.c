/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/pki/recipe.h"

#include <stdlib.h>
#include <string.h>

const char *rig_pki_kind_name(enum rig_pki_kind kind)
{
    switch (kind) {
    case RIG_PKI_AUTHORITY:
        return "authority";
    case RIG_PKI_DEVICE:
        return "device";
    case RIG_PKI_SERVER:
        return "server";
    }
    return "certificate";
}

void rig_fixtures_free(struct rig_fixtures *fixtures)
{
    if (fixtures == NULL) {
        return;
    }
    for (size_t i = 0; i < RIG_PKI_KINDS; i++) {
        free(fixtures->recipes[i]);
    }
    free(fixtures->crl_sets);
    free(fixtures->ocsp);
    free(fixtures);
}

const struct rig_pki_recipe *rig_fixtures_find(const struct rig_fixtures *fixtures,
                                               enum rig_pki_kind kind, const char *name)
{
    for (size_t i = 0; i < fixtures->n_recipes[kind]; i++) {
        if (strcmp(fixtures->recipes[kind][i].name, name) == 0) {
            return &fixtures->recipes[kind][i];
        }
    }
    return NULL;
}

const struct rig_pki_crl_set *rig_fixtures_find_crls(const struct rig_fixtures *fixtures,
                                                     const char *name)
{
    for (size_t i = 0; i < fixtures->n_crl_sets; i++) {
        if (strcmp(fixtures->crl_sets[i].name, name) == 0) {
            return &fixtures->crl_sets[i];
        }
    }
    return NULL;
}

const struct rig_pki_ocsp_recipe *rig_fixtures_find_ocsp(const struct rig_fixtures *fixtures,
                                                         const char *name)
{
    for (size_t i = 0; i < fixtures->n_ocsp; i++) {
        if (strcmp(fixtures->ocsp[i].name, name) == 0) {
            return &fixtures->ocsp[i];
        }
    }
    return NULL;
}
