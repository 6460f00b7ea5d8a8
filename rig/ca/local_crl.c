/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/crl.h"

#include "rig/base/file.h"
#include "rig/ca/local_parts.h"

#include <string.h>

static rig_result renew_crl(struct rig_local_ca *local, size_t level, struct rig_error *err)
{
    const struct rig_crl_times times = {rig_clock_now_ms(local->clock), local->crl_ms};

    return rig_crl_renew(local->store, rig_local_issuer(local, level), level, times, err);
}

/* The database has the truth; the file is its copy for others, written under the writers' lock so
 * that an older CRL never replaces a newer one. */
static rig_result publish_crl(struct rig_local_ca *local, size_t level, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_ca_hierarchy_path(local->folder, local->hierarchy.levels[level].name, "crl.pem",
                                  &path, err));
    RIG_TRY(rig_ca_store_crl_get(local->store, level, &pem, err));
    return rig_file_replace(path, pem.data, pem.len, 0644, err);
}

static rig_result publish_crls(struct rig_local_ca *local, size_t first, size_t end,
                               struct rig_error *err)
{
    RIG_TRY(rig_ca_store_begin(local->store, err));
    for (size_t i = first; i < end; i++) {
        RIG_TRY(publish_crl(local, i, err));
    }
    rig_ca_store_rollback(local->store);
    return RIG_DONE;
}

rig_result rig_local_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                          struct rig_error *err)
{
    struct rig_local_ca *local = rig_local_of(ca);
    RIG_AUTO(rig_buf_free) struct rig_buf made = {0};
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    for (size_t i = local->hierarchy.n_levels; i-- > 0;) {
        RIG_TRY(renew_crl(local, i, err));
        RIG_TRY(rig_ca_store_crl_get(local->store, i, &made, err));
    }
    RIG_TRY(rig_ca_store_commit(local->store, err));
    RIG_TRY(publish_crls(local, 0, local->hierarchy.n_levels, err));
    return rig_buf_append(pem, made.data, made.len, err);
}

static rig_result check_reason(enum rig_revocation_reason reason, struct rig_error *err)
{
    switch (reason) {
    case RIG_REVOKED_UNSPECIFIED:
    case RIG_REVOKED_KEY_COMPROMISE:
    case RIG_REVOKED_SUPERSEDED:
    case RIG_REVOKED_CESSATION:
        return RIG_DONE;
    default:
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%d is not a reason to revoke",
                        (int)reason);
    }
}

static rig_result check_not_root(const struct rig_local_ca *local, const char *serial,
                                 struct rig_error *err)
{
    char root[RIG_SERIAL_TEXT_SIZE];

    rig_pki_serial_text(X509_get0_serialNumber(local->hierarchy.levels[0].certificate), root,
                        sizeof root);
    if (strcmp(root, serial) == 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "that is the root itself, whose own CRL nobody would believe: take it out "
                        "of the trust stores instead");
    }
    return RIG_DONE;
}

rig_result rig_local_revoke(struct rig_ca *ca, const char *serial,
                            enum rig_revocation_reason reason, struct rig_wait wait,
                            struct rig_error *err)
{
    struct rig_local_ca *local = rig_local_of(ca);
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;
    char clean[RIG_SERIAL_TEXT_SIZE];
    size_t level = 0;
    bool changed = false;

    RIG_TRY(check_reason(reason, err));
    RIG_TRY(rig_pki_serial_read(serial, clean, err));
    RIG_TRY(check_not_root(local, clean, err));
    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    RIG_TRY(rig_ca_store_revoke(local->store, clean, rig_clock_now_ms(local->clock), reason, &level,
                                &changed, err));
    /* revoked before: only the file may still be missing what the database has */
    if (changed) {
        RIG_TRY(renew_crl(local, level, err));
        RIG_TRY(rig_ca_store_commit(local->store, err));
    }
    rig_ca_store_rollback(local->store);
    return publish_crls(local, level, level + 1, err);
}
