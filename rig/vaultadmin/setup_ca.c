/* SPDX-License-Identifier: Apache-2.0 */
/* The root and the intermediate CA of each mount. */
#include "rig/base/file.h"
#include "rig/ca/pki.h"
#include "rig/vaultadmin/setup_parts.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_PEM_BYTES 65536
#define ROOT_LEVEL "root"
#define ROOT_CRL_HOURS (365 * 24)
#define CRL_RENEW_BEFORE_MS (INT64_C(60) * 86400 * 1000)

/* The root ------------------------------------------------------------------------------------ */

static rig_result open_root(struct rig_setup *setup, struct rig_error *err)
{
    const struct rig_vault_setup *options = &setup->options;
    const struct rig_ca_local_plan plan = {.levels = {ROOT_LEVEL},
                                           .n_levels = 1,
                                           .organization = options->organization,
                                           .country = options->country,
                                           .ca_days = options->root_days,
                                           .device_days = 1,
                                           .crl_hours = ROOT_CRL_HOURS,
                                           .n_below = 1};

    if (setup->root != NULL) {
        return RIG_DONE;
    }
    if (setup->root_away) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "the root's key is needed, and '%s' is not there: bring the folder back, "
                        "or say with --root-folder where it is",
                        setup->root_folder);
    }
    if (options->passphrase == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the key of the root in '%s' needs a passphrase: give it with "
                        "--ca-passphrase-file FILE or RIG_CA_PASSPHRASE (or keep the root "
                        "elsewhere: --offline-root)",
                        setup->root_folder);
    }
    return rig_ca_local_open(setup->root_folder, &plan, options->passphrase, options->clock,
                             &setup->root, err);
}

static rig_result read_if_there(const char *path, struct rig_buf *out, bool *there,
                                struct rig_error *err)
{
    struct stat info;

    *there = stat(path, &info) == 0;
    /* what can't be seen may be there: never a second root */
    if (!*there && errno != ENOENT) {
        return rig_fail_errno(err, errno, "cannot look for '%s'", path);
    }
    return *there ? rig_file_read(path, MAX_PEM_BYTES, out, err) : RIG_DONE;
}

/* a root kept elsewhere is known from the first set-up that saw it */
static rig_result find_offline_root(struct rig_setup *setup, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    bool there = false;

    RIG_TRY(rig_setup_path(setup, "root.pem", &path, err));
    RIG_TRY(read_if_there(path, &setup->root_pem, &there, err));
    if (there) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err,
                            "root kept elsewhere, known from %s", path);
    }
    return rig_plan_add(setup->plan, RIG_PLAN_NOTE, NULL, err,
                        "root kept elsewhere: its certificate comes with what it signs");
}

/* its folder was moved off this host, as it should be */
static rig_result find_away_root(struct rig_setup *setup, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;

    RIG_TRY(rig_setup_path(setup, "root.pem", &path, err));
    return read_if_there(path, &setup->root_pem, &setup->root_away, err);
}

rig_result rig_setup_root(struct rig_setup *setup, struct rig_error *err)
{
    char path[PATH_MAX];
    bool there = false;

    if (setup->options.offline_root) {
        return find_offline_root(setup, err);
    }
    if (snprintf(path, sizeof path, "%s/" ROOT_LEVEL "/certificate.pem", setup->root_folder) >=
        (int)sizeof path) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the root folder's name is too long");
    }
    RIG_TRY(read_if_there(path, &setup->root_pem, &there, err));
    if (there) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "root CA in %s",
                            setup->root_folder);
    }
    RIG_TRY(find_away_root(setup, err));
    if (setup->root_away) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err,
                            "root CA known from root.pem; its key is not on this host");
    }
    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CREATE,
                         "key on this host only, encrypted; take the folder off the network when "
                         "the set-up is done\n",
                         err, "root CA in %s, %lld days", setup->root_folder,
                         (long long)setup->options.root_days));
    if (setup->options.passphrase == NULL || setup->apply) {
        RIG_TRY(open_root(setup, err));
    }
    if (!setup->apply) {
        return RIG_DONE;
    }
    return rig_buf_append(&setup->root_pem, setup->root->root_pem.data, setup->root->root_pem.len,
                          err);
}

/* An issuer that is there --------------------------------------------------------------------- */

static rig_result read_first(const char *pem, const char *what, X509 **out, struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;

    RIG_TRY(rig_pki_certificates_of_pem(pem, what, &found, err));
    *out = sk_X509_shift(found);
    return RIG_DONE;
}

static rig_result fail_other_root(const struct rig_setup_side *side, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                    "mount %s has a CA already, and it is not below this root: a set-up never "
                    "replaces a CA. Name a new mount with --%s-mount, or the right root with "
                    "--root-folder",
                    side->mount, side->label);
}

static rig_result import_root(struct rig_setup *setup, const struct rig_setup_side *side,
                              struct rig_error *err)
{
    char path[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CHANGE,
                         "the mount does not know it, so its chains would end too early\n", err,
                         "root certificate into %s", side->mount));
    if (!setup->apply) {
        return RIG_DONE;
    }
    RIG_TRY(rig_admin_path(path, err, "%s/issuers/import/cert", side->mount));
    return rig_admin_post(setup->api, path,
                          json_pack("{s:s}", "pem_bundle", rig_buf_text(&setup->root_pem)), NULL,
                          err);
}

static rig_result check_issuer(struct rig_setup *setup, const struct rig_setup_side *side,
                               const json_t *issuer, struct rig_error *err)
{
    const json_t *chain = json_object_get(issuer, "ca_chain");
    const char *top_pem = json_string_value(json_array_get(chain, json_array_size(chain) - 1));
    RIG_AUTO(rig_auto_X509) X509 *top = NULL;
    RIG_AUTO(rig_auto_X509) X509 *root = NULL;

    if (top_pem == NULL) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_INVALID, "mount %s gives no chain of its CA",
                        side->mount);
    }
    RIG_TRY(read_first(top_pem, "the mount's CA chain", &top, err));
    if (setup->root_pem.len == 0 && rig_pki_is_self_signed(top) && setup->options.offline_root) {
        RIG_TRY(rig_buf_append_text(&setup->root_pem, top_pem, err));
    }
    if (setup->root_pem.len == 0) {
        return fail_other_root(side, err);
    }
    RIG_TRY(read_first(rig_buf_text(&setup->root_pem), "the root", &root, err));
    setup->n_issuers++;
    if (X509_cmp(top, root) == 0) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "CA of %s, below this root",
                            side->mount);
    }
    if (X509_verify(top, X509_get0_pubkey(root)) != 1) {
        return fail_other_root(side, err);
    }
    return import_root(setup, side, err);
}

/* A new issuer -------------------------------------------------------------------------------- */

static rig_result csr_path(const struct rig_setup *setup, const struct rig_setup_side *side,
                           char **path, struct rig_error *err)
{
    char name[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_admin_path(name, err, "%s.csr.pem", side->mount));
    for (char *at = strchr(name, '/'); at != NULL; at = strchr(at, '/')) {
        *at = '_';
    }
    return rig_setup_path(setup, name, path, err);
}

/* the server keeps the key of a CSR that was left before */
static rig_result find_csr(struct rig_setup *setup, const struct rig_setup_side *side,
                           struct rig_buf *csr, bool *there, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_auto_json) json_t *keys = NULL;
    char list[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_admin_path(list, err, "%s/keys", side->mount));
    RIG_TRY(rig_admin_list(setup->api, list, &keys, err));
    RIG_TRY(csr_path(setup, side, &path, err));
    RIG_TRY(read_if_there(path, csr, there, err));
    if (json_array_size(keys) == 0) {
        rig_buf_reset(csr);
        *there = false;
    }
    return RIG_DONE;
}

static rig_result make_csr(struct rig_setup *setup, const struct rig_setup_side *side,
                           struct rig_buf *csr, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *file = NULL;
    RIG_AUTO(rig_auto_json) json_t *made = NULL;
    uint8_t random[4];
    char mark[9];
    char name[64];
    char path[RIG_ADMIN_PATH_SIZE];
    json_t *body;

    if (RAND_bytes(random, sizeof random) != 1) {
        return rig_pki_fail_library(err, "get random bytes");
    }
    rig_hex(random, sizeof random, mark);
    (void)snprintf(name, sizeof name, "rig %s CA %s", side->label, mark);
    RIG_TRY(rig_admin_path(path, err, "%s/intermediate/generate/internal", side->mount));
    body = json_pack("{s:s, s:s, s:i, s:b, s:s*, s:s*}", "common_name", name, "key_type", "ec",
                     "key_bits", 256, "add_basic_constraints", true, "organization",
                     setup->options.organization, "country", setup->options.country);
    RIG_TRY(rig_admin_post(setup->api, path, body, &made, err));
    RIG_TRY(rig_buf_append_text(csr, rig_admin_text(made, "csr", ""), err));
    RIG_TRY(rig_dir_make(setup->options.folder, 0700, err));
    RIG_TRY(csr_path(setup, side, &file, err));
    return rig_file_replace(file, csr->data, csr->len, 0644, err);
}

static rig_result install(struct rig_setup *setup, const struct rig_setup_side *side,
                          const struct rig_buf *chain, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *file = NULL;
    char path[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_admin_path(path, err, "%s/intermediate/set-signed", side->mount));
    RIG_TRY(rig_admin_post(setup->api, path, json_pack("{s:s}", "certificate", rig_buf_text(chain)),
                           NULL, err));
    setup->n_issuers++;
    RIG_TRY(csr_path(setup, side, &file, err));
    (void)unlink(file);
    return RIG_DONE;
}

static rig_result sign_here(struct rig_setup *setup, const struct rig_setup_side *side,
                            struct rig_error *err)
{
    const int64_t days = setup->options.root_days / 2;
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf chain = {0};
    bool there = false;

    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CREATE, NULL, err,
                         "CA of %s: key inside the server, signed by the root, %lld days",
                         side->mount, (long long)days));
    if (!setup->apply) {
        /* a passphrase that is missing is told before anything is done */
        return setup->root_pem.len != 0 ? open_root(setup, err) : RIG_DONE;
    }
    RIG_TRY(open_root(setup, err));
    RIG_TRY(find_csr(setup, side, &csr, &there, err));
    if (!there) {
        RIG_TRY(make_csr(setup, side, &csr, err));
    }
    RIG_TRY(rig_ca_local_sign_subordinate(
        setup->root,
        &(struct rig_ca_subordinate){.csr_pem = rig_buf_text(&csr),
                                     .what = "the CSR of the server's CA",
                                     .organization = setup->options.organization,
                                     .country = setup->options.country,
                                     .days = days,
                                     .path_length = 0},
        &chain, setup->api.wait, err));
    RIG_TRY(rig_buf_append(&chain, setup->root_pem.data, setup->root_pem.len, err));
    return install(setup, side, &chain, err);
}

/* Signed elsewhere ---------------------------------------------------------------------------- */

static rig_result check_csr_key(const struct rig_buf *csr_pem, X509 *certificate,
                                const struct rig_setup_side *side, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(rig_buf_text(csr_pem), -1);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;

    rig_pki_begin();
    csr = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    if (csr == NULL || EVP_PKEY_eq(X509_REQ_get0_pubkey(csr), X509_get0_pubkey(certificate)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                            "'%s' certifies another key than the CSR of mount %s: are the files "
                            "for device and server mixed up?",
                            side->signed_file, side->mount);
    }
    return RIG_DONE;
}

/* the intermediate, then its root, and nothing that a board would have to refuse */
static rig_result check_signed(struct rig_setup *setup, const struct rig_setup_side *side,
                               const struct rig_buf *csr, const struct rig_buf *pem,
                               struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf root_pem = {0};
    X509 *ca;
    X509 *root;

    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(pem), side->signed_file, &chain, err));
    ca = sk_X509_value(chain, 0);
    root = sk_X509_value(chain, sk_X509_num(chain) - 1);
    if (sk_X509_num(chain) < 2 || !rig_pki_is_self_signed(root)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%s' must hold the CA's certificate and then, up to the root, those "
                        "above it: cat ca.pem root.pem > FILE",
                        side->signed_file);
    }
    RIG_TRY(check_csr_key(csr, ca, side, err));
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        if (X509_check_ca(sk_X509_value(chain, i)) != 1 ||
            X509_verify(sk_X509_value(chain, i), X509_get0_pubkey(sk_X509_value(chain, i + 1))) !=
                1) {
            return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                                "certificate %d of '%s' is no CA's (basicConstraints CA:TRUE), or "
                                "not signed by the one behind it",
                                i + 1, side->signed_file);
        }
    }
    RIG_TRY(rig_pki_certificate_pem(root, &root_pem, err));
    if (setup->root_pem.len != 0) {
        RIG_AUTO(rig_auto_X509) X509 *known = NULL;

        RIG_TRY(read_first(rig_buf_text(&setup->root_pem), "the root", &known, err));
        if (X509_cmp(known, root) != 0) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                            "'%s' ends in another root than the one that is known: both CAs must "
                            "be below one root, because a board trusts one",
                            side->signed_file);
        }
        return RIG_DONE;
    }
    return rig_buf_append(&setup->root_pem, root_pem.data, root_pem.len, err);
}

static rig_result install_signed(struct rig_setup *setup, const struct rig_setup_side *side,
                                 const struct rig_buf *csr, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_file_read(side->signed_file, MAX_PEM_BYTES, &pem, err));
    RIG_TRY(check_signed(setup, side, csr, &pem, err));
    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CREATE, NULL, err, "CA of %s: install %s",
                         side->mount, side->signed_file));
    if (setup->apply) {
        return install(setup, side, &pem, err);
    }
    setup->n_issuers++;
    return RIG_DONE;
}

static rig_result sign_elsewhere(struct rig_setup *setup, const struct rig_setup_side *side,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf advice = {0};
    bool there = false;

    RIG_TRY(find_csr(setup, side, &csr, &there, err));
    RIG_TRY(csr_path(setup, side, &path, err));
    if (there && side->signed_file != NULL) {
        return install_signed(setup, side, &csr, err);
    }
    if (side->signed_file != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "there is no CSR '%s' (with its key in mount %s) that '%s' could be the "
                        "answer to: run without --signed-%s first",
                        path, side->mount, side->signed_file, side->label);
    }
    RIG_TRY(rig_buf_printf(&advice, err,
                           "have it signed by the root as a CA (CA:TRUE, pathlen 0, keyCertSign, "
                           "cRLSign; over %lld days),\nthen: cat CA.pem ROOT.pem > FILE, and rig "
                           "vault setup --offline-root --signed-%s FILE ...\n",
                           (long long)setup->options.device_days, side->label));
    RIG_TRY(rig_plan_add(setup->plan, there ? RIG_PLAN_WAIT : RIG_PLAN_CREATE,
                         rig_buf_text(&advice), err,
                         there ? "CA of %s: the signature of %s" : "key in %s, and its CSR in %s",
                         side->mount, path));
    return setup->apply && !there ? make_csr(setup, side, &csr, err) : RIG_DONE;
}

rig_result rig_setup_issuer(struct rig_setup *setup, const struct rig_setup_side *side,
                            struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *config = NULL;
    RIG_AUTO(rig_auto_json) json_t *issuer = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    const char *id;

    RIG_TRY(rig_admin_path(path, err, "%s/config/issuers", side->mount));
    RIG_TRY(rig_admin_get(setup->api, path, &config, err));
    id = rig_admin_text(config, "default", "");
    if (id[0] != '\0') {
        RIG_TRY(rig_admin_path(path, err, "%s/issuer/%s", side->mount, id));
        RIG_TRY(rig_admin_get(setup->api, path, &issuer, err));
        return check_issuer(setup, side, issuer, err);
    }
    return setup->options.offline_root ? sign_elsewhere(setup, side, err)
                                       : sign_here(setup, side, err);
}

/* The root's CRL ------------------------------------------------------------------------------ */

static rig_result crl_end(const struct rig_setup *setup, const struct rig_buf *pem,
                          const char *path, int64_t *end_ms, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(rig_buf_text(pem), -1);
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
    RIG_AUTO(rig_auto_X509) X509 *root = NULL;

    rig_pki_begin();
    crl = bio != NULL ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
    RIG_TRY(read_first(rig_buf_text(&setup->root_pem), "the root", &root, err));
    if (crl == NULL || X509_CRL_get0_nextUpdate(crl) == NULL ||
        X509_CRL_verify(crl, X509_get0_pubkey(root)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%s' is not a CRL (PEM) of the root: have the root make one", path);
    }
    return rig_pki_time_get(X509_CRL_get0_nextUpdate(crl), end_ms, err);
}

static rig_result renew_root_crl(struct rig_setup *setup, struct rig_buf *pem,
                                 struct rig_error *err)
{
    if (!setup->apply) {
        return rig_plan_add(setup->plan, RIG_PLAN_CREATE, NULL, err,
                            "file %s/root.crl.pem: the root's CRL, for a year",
                            setup->options.folder);
    }
    RIG_TRY(open_root(setup, err));
    rig_buf_reset(pem);
    return rig_ca_crls(setup->root, pem, setup->api.wait, err);
}

rig_result rig_setup_root_crl(struct rig_setup *setup, struct rig_buf *pem, struct rig_error *err)
{
    const char *given = setup->options.root_crl;
    RIG_AUTO(rig_free_chars) char *path = NULL;
    int64_t end_ms = 0;
    bool there = false;

    RIG_TRY(rig_setup_path(setup, "root.crl.pem", &path, err));
    if (given != NULL) {
        RIG_TRY(rig_file_read(given, MAX_PEM_BYTES, pem, err));
        return setup->root_pem.len != 0 ? crl_end(setup, pem, given, &end_ms, err) : RIG_DONE;
    }
    RIG_TRY(read_if_there(path, pem, &there, err));
    if (setup->options.offline_root) {
        return there ? RIG_DONE
                     : rig_plan_add(setup->plan, RIG_PLAN_NOTE,
                                    "servers that check every CA of a chain (nginx ssl_crl) "
                                    "refuse all boards without it: --root-crl FILE\n",
                                    err, "no CRL of the root is known");
    }
    if (there && setup->root_pem.len != 0 && crl_end(setup, pem, path, &end_ms, err).ok &&
        end_ms - rig_clock_now_ms(setup->options.clock) > CRL_RENEW_BEFORE_MS) {
        return RIG_DONE;
    }
    return renew_root_crl(setup, pem, err);
}
