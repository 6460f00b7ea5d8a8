/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain updates that the step `chain-update` sends to a board: what each is, how it must end
 * and for which reason. One const table; the loader, the reference and the runner read it.
 */
#ifndef RIG_SUITE_ROTATION_H
#define RIG_SUITE_ROTATION_H

#include "rig/base/buf.h"
#include "rig/ca/ca.h"

enum rig_rotation {
    RIG_ROTATION_UNSET = 0,
    RIG_ROTATION_GOOD,
    RIG_ROTATION_SAME_VERSION,
    RIG_ROTATION_ROLLBACK,
    RIG_ROTATION_DAMAGED,
    RIG_ROTATION_TRUNCATED,
    RIG_ROTATION_UNSIGNED,
    RIG_ROTATION_BAD_SIGNATURE,
    RIG_ROTATION_WRONG_SIGNER,
    RIG_ROTATION_SIGNER_OF_ISSUING_CA,
    RIG_ROTATION_SIGNER_PURPOSE,
    RIG_ROTATION_OTHER_FAMILY,
    RIG_ROTATION_OTHER_ROOT,
    RIG_ROTATION_ROOT_INSTEAD,
    RIG_ROTATION_EXPIRED,
    RIG_ROTATION_KEY_MISMATCH,
    RIG_ROTATION_POWER_CUT,
    RIG_ROTATION_KINDS
};

enum rig_rotation_expect {
    RIG_ROTATION_ACCEPTED = 1,
    RIG_ROTATION_REFUSED,
    RIG_ROTATION_WHOLE, /* the old or the new one, never none */
};

struct rig_rotation_traits {
    const char *name; /* as in suites; the step's own name is "update-" and this */
    const char *title;
    const char *doc;
    enum rig_rotation_expect expect;
    const char *code;  /* the board's reason; NULL: no refusal */
    const char *blame; /* when it is taken: "the board took a chain update ..." */
    enum rig_chain_update_fault fault;
    int version_step; /* from the version that the board has */
};
extern const struct rig_rotation_traits rig_rotation_traits[RIG_ROTATION_KINDS];

/* Appends the reference as a Markdown table. */
RIG_CHECKED rig_result rig_rotation_describe(struct rig_buf *text, struct rig_error *err);

#endif
