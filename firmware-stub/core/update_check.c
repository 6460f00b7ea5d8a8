/* SPDX-License-Identifier: Apache-2.0 */
/* What a chain update must be before it is stored: PROTOCOL.md section 7. */
#include "core.h"

#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <string.h>

#define DATE_FLAGS ((uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))

static bool same_bytes(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* Copies the certificate with this hash; false when there is none. */
static bool copy_one(const mbedtls_x509_crt *list, const uint8_t sha256[32], mbedtls_x509_crt *out)
{
    uint8_t actual[32];

    for (; list != NULL && list->raw.p != NULL; list = list->next) {
        if (agent_sha256(list->raw.p, list->raw.len, actual) == 0 &&
            memcmp(actual, sha256, sizeof actual) == 0) {
            return mbedtls_x509_crt_parse_der(out, list->raw.p, list->raw.len) == 0;
        }
    }
    return false;
}

int agent_update_root(struct agent *agent, const uint8_t sha256[32], mbedtls_x509_crt *out,
                      struct agent_failure *why)
{
    mbedtls_x509_crt roots;
    unsigned n = 0;
    int result = -1;

    mbedtls_x509_crt_init(&roots);
    if (agent_certs_load(agent, AGENT_SOURCE_FLASH, true, &roots, &n, why) == 0) {
        if (n == 0) {
            (void)agent_fail(why, "no-roots", 0, "no root is flashed; flash esp_secure_cert first");
        } else if (!copy_one(&roots, sha256, out)) {
            (void)agent_fail(why, "update-root", 0,
                             "the update is for another root than the flashed one; the root can't "
                             "be replaced");
        } else {
            result = 0;
        }
    }
    mbedtls_x509_crt_free(&roots);
    return result;
}

/* ---- the signer ---- */

/* Any extended key usage is not enough. */
static bool is_for_updates(const mbedtls_x509_crt *signer)
{
    const mbedtls_x509_sequence *usage = &signer->ext_key_usage;

    if ((signer->ext_types & MBEDTLS_X509_EXT_KEY_USAGE) == 0 ||
        (signer->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) == 0 || signer->ca_istrue != 0 ||
        mbedtls_x509_crt_check_key_usage(signer, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0) {
        return false;
    }
    for (; usage != NULL && usage->buf.p != NULL; usage = usage->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_CODE_SIGNING, &usage->buf) == 0) {
            return true;
        }
    }
    return false;
}

static int judge_signer(mbedtls_x509_crt *signer, mbedtls_x509_crt *root, struct agent_failure *why)
{
    uint32_t flags = 0;
    int ret = mbedtls_x509_crt_verify(signer, root, NULL, NULL, &flags, NULL, NULL);

    if (ret != 0 && (flags == 0 || (flags & ~DATE_FLAGS) != 0)) {
        return agent_fail(why, "update-signer", ret,
                          "the signer's certificate is not issued by the flashed root itself");
    }
    if (!is_for_updates(signer)) {
        return agent_fail(why, "update-signer", 0,
                          "the signer's certificate is not for updates (extended key usage "
                          "codeSigning, key usage digitalSignature, no CA)");
    }
    if (ret != 0) {
        return agent_fail(why, "update-expired", ret,
                          "the signer's certificate is not valid now; is the board's clock set?");
    }
    return 0;
}

int agent_update_signer(struct agent *agent, const struct agent_update *update,
                        struct agent_failure *why)
{
    mbedtls_x509_crt signer;
    mbedtls_x509_crt root;
    int result = -1;

    if (update->signer_bytes == 0 || update->signature_bytes == 0) {
        return agent_fail(why, "update-unsigned", 0, "the update has no signature or no signer");
    }
    mbedtls_x509_crt_init(&signer);
    mbedtls_x509_crt_init(&root);
    if (agent_update_root(agent, update->root_sha256, &root, why) == 0) {
        int ret = mbedtls_x509_crt_parse_der(&signer, update->signer, update->signer_bytes);
        result = ret == 0 ? judge_signer(&signer, &root, why)
                          : agent_fail(why, "update-signer", ret,
                                       "the signer's certificate can't be parsed");
    }
    mbedtls_x509_crt_free(&root);
    mbedtls_x509_crt_free(&signer);
    return result;
}

int agent_update_signature(struct agent *agent, const struct agent_update *update,
                           struct agent_failure *why)
{
    mbedtls_x509_crt signer;
    uint8_t hash[32];

    (void)agent;
    mbedtls_x509_crt_init(&signer);
    int ret = mbedtls_x509_crt_parse_der(&signer, update->signer, update->signer_bytes);
    if (ret == 0) {
        ret = agent_sha256(update->bytes, update->signed_bytes, hash);
    }
    if (ret == 0) {
        ret = mbedtls_pk_verify(&signer.pk, MBEDTLS_MD_SHA256, hash, sizeof hash, update->signature,
                                update->signature_bytes);
    }
    mbedtls_x509_crt_free(&signer);
    return ret == 0 ? 0
                    : agent_fail(why, "update-signature", ret,
                                 "the signature does not fit: damaged, or signed with another key");
}

/* ---- the chain ---- */

int agent_update_signed_leaf(const mbedtls_x509_crt *issuer, const mbedtls_x509_crt *leaf)
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(leaf->sig_md);
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];

    if (md == NULL || !same_bytes(&issuer->subject_raw, &leaf->issuer_raw) ||
        mbedtls_md(md, leaf->tbs.p, leaf->tbs.len, hash) != 0) {
        return -1;
    }
    return mbedtls_pk_verify_ext(leaf->sig_pk, leaf->sig_opts, (mbedtls_pk_context *)&issuer->pk,
                                 leaf->sig_md, hash, mbedtls_md_get_size(md), leaf->sig.p,
                                 leaf->sig.len) == 0
               ? 0
               : -1;
}

static int count_depth(void *ctx, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    unsigned *deepest = ctx;

    (void)cert;
    (void)flags;
    if ((unsigned)depth > *deepest) {
        *deepest = (unsigned)depth;
    }
    return 0;
}

static bool has_root(const mbedtls_x509_crt *chain, const mbedtls_x509_crt *root)
{
    for (; chain != NULL && chain->raw.p != NULL; chain = chain->next) {
        if (same_bytes(&chain->subject_raw, &chain->issuer_raw) ||
            same_bytes(&chain->subject_raw, &root->subject_raw)) {
            return true;
        }
    }
    return false;
}

static int judge_chain(mbedtls_x509_crt *chain, unsigned n_chain, mbedtls_x509_crt *root,
                       const mbedtls_x509_crt *leaf, struct agent_failure *why)
{
    uint32_t flags = 0;
    unsigned deepest = 0;

    if (has_root(chain, root)) {
        return agent_fail(why, "update-is-root", 0,
                          "the update offers a root; the root can't be replaced");
    }
    int ret = mbedtls_x509_crt_verify(chain, root, NULL, NULL, &flags, count_depth, &deepest);
    if ((ret != 0 && (flags == 0 || (flags & ~DATE_FLAGS) != 0)) || deepest != n_chain ||
        chain->ca_istrue == 0 ||
        mbedtls_x509_crt_check_key_usage(chain, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0) {
        return agent_fail(why, "update-chain", ret,
                          "the intermediates are no chain of CAs up to the flashed root, issuing "
                          "CA first and none too many");
    }
    if (agent_update_signed_leaf(chain, leaf) != 0) {
        return agent_fail(why, "update-key", 0,
                          "the first intermediate is not the one whose key signed this board's "
                          "certificate");
    }
    return ret == 0 ? 0
                    : agent_fail(why, "update-expired", ret,
                                 "an intermediate is not valid now; is the board's clock set?");
}

/* Versions only rise, for one root and issuer. */
static int judge_version(struct agent *agent, const struct agent_update *update,
                         const mbedtls_x509_crt *root, struct agent_failure *why)
{
    struct agent_update installed;
    bool found = false;

    if (agent_update_load(agent, root, update->issuer_sha256, &installed, &found, why) != 0) {
        return -1;
    }
    return !found || update->version > installed.version
               ? 0
               : agent_fail(why, "update-version", 0,
                            "the version is not higher than the installed one; certs tells that");
}

static int judge_issuer(const struct agent_update *update, const mbedtls_x509_crt *leaf,
                        struct agent_failure *why)
{
    uint8_t issuer_sha256[32];

    if (agent_sha256(leaf->issuer_raw.p, leaf->issuer_raw.len, issuer_sha256) != 0 ||
        memcmp(issuer_sha256, update->issuer_sha256, sizeof issuer_sha256) != 0) {
        return agent_fail(why, "update-issuer", 0,
                          "the update is for devices of another issuing CA than this board's");
    }
    return 0;
}

int agent_update_fits(struct agent *agent, const struct agent_update *update,
                      struct agent_failure *why)
{
    mbedtls_x509_crt leaf;
    mbedtls_x509_crt chain;
    mbedtls_x509_crt root;
    unsigned n = 0;
    int result = -1;

    mbedtls_x509_crt_init(&leaf);
    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crt_init(&root);
    if (agent_update_root(agent, update->root_sha256, &root, why) == 0 &&
        agent_certs_load(agent, AGENT_SOURCE_FLASH, false, &leaf, &n, why) == 0) {
        int ret = agent_parse_der(update->chain, update->chain_bytes, &chain);
        if (n == 0) {
            (void)agent_fail(why, "no-cert", 0,
                             "no device certificate is flashed that it could be for");
        } else if (ret != 0) {
            (void)agent_fail(why, "update-chain", ret, "an intermediate can't be parsed");
        } else if (judge_issuer(update, &leaf, why) == 0 &&
                   judge_chain(&chain, update->n_chain, &root, &leaf, why) == 0) {
            result = judge_version(agent, update, &root, why);
        }
    }
    mbedtls_x509_crt_free(&root);
    mbedtls_x509_crt_free(&chain);
    mbedtls_x509_crt_free(&leaf);
    return result;
}
