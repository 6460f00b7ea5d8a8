/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_ca_corpus FOLDER: writes the start corpus of fuzz_csr and fuzz_certificate, FOLDER/csr and
 * FOLDER/certificate: CSRs and certificates in DER, for keys that are thrown away.
 */
#include "rig/base/file.h"
#include "rig/ca/key.h"
#include "rig/ca/local.h"

#include <stdio.h>
#include <string.h>

struct work {
    const char *folder;
    struct rig_ca *ca;
    struct rig_error err;
};

static rig_result put(struct work *work, const char *kind, const char *name,
                      const struct rig_buf *der)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s/%s", work->folder, kind, name);
    return rig_file_replace(path, der->data, der->len, 0644, &work->err);
}

static rig_result add_names(X509_REQ *csr, bool san, struct rig_error *err)
{
    X509_NAME *name = X509_REQ_get_subject_name(csr);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:srv.rig.test,IP:127.0.0.1");
    bool ok = extensions != NULL && extension != NULL &&
              sk_X509_EXTENSION_push(extensions, extension) > 0;

    ok = ok && X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING,
                                          (const unsigned char *)"b1", -1, -1, 0) == 1;
    ok = ok && X509_NAME_add_entry_by_txt(name, "O", V_ASN1_UTF8STRING,
                                          (const unsigned char *)"WiseFido Inc", -1, -1, 0) == 1;
    ok = ok && X509_NAME_add_entry_by_txt(name, "C", V_ASN1_PRINTABLESTRING,
                                          (const unsigned char *)"US", -1, -1, 0) == 1;
    ok = ok && (!san || X509_REQ_add_extensions(csr, extensions) == 1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok ? RIG_DONE : rig_pki_fail_library(err, "fill a CSR");
}

static rig_result make_csr(struct work *work, enum rig_key_type type, bool san, struct rig_buf *der)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = X509_REQ_new();
    uint8_t *bytes = NULL;
    rig_result result;
    int len;

    RIG_TRY(rig_key_make(type, &key, &work->err));
    if (csr == NULL || X509_REQ_set_pubkey(csr, key) != 1) {
        return rig_fail_memory(&work->err);
    }
    RIG_TRY(add_names(csr, san, &work->err));
    if (X509_REQ_sign(csr, key, EVP_sha256()) <= 0 || (len = i2d_X509_REQ(csr, &bytes)) <= 0) {
        return rig_pki_fail_library(&work->err, "sign a CSR");
    }
    rig_buf_reset(der);
    result = rig_buf_append(der, bytes, (size_t)len, &work->err);
    OPENSSL_free(bytes);
    return result;
}

static rig_result write_csrs(struct work *work)
{
    static const struct {
        const char *name;
        enum rig_key_type type;
        bool san;
    } kinds[] = {{"rsa-2048", RIG_KEY_RSA_2048, false},
                 {"p-256", RIG_KEY_P256, false},
                 {"p-384", RIG_KEY_P384, false},
                 {"p-256-san", RIG_KEY_P256, true}};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        RIG_TRY(make_csr(work, kinds[i].type, kinds[i].san, &der));
        RIG_TRY(put(work, "csr", kinds[i].name, &der));
    }
    return RIG_DONE;
}

static rig_result write_certificates(struct work *work)
{
    static const char *const dns_names[] = {"srv.rig.test", NULL};
    static const char *const ip_addresses[] = {"127.0.0.1", NULL};
    const struct rig_wait wait = rig_wait_ms(60000, NULL);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf key_pem = {.secret = true};
    RIG_AUTO(rig_buf_free) struct rig_buf root = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate device = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate server = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *roots = NULL;
    struct rig_ca_request request = {.common_name = "b1", .organization = "WiseFido Inc"};

    RIG_TRY(make_csr(work, RIG_KEY_RSA_2048, false, &csr));
    request.csr_der = csr.data;
    request.csr_len = csr.len;
    RIG_TRY(rig_ca_sign(work->ca, &request, &device, wait, &work->err));
    RIG_TRY(put(work, "certificate", "device", &device.der));
    request = (struct rig_ca_request){
        .common_name = "srv.rig.test", .dns_names = dns_names, .ip_addresses = ip_addresses};
    RIG_TRY(
        rig_ca_make_server(work->ca, &request, RIG_KEY_P256, &key_pem, &server, wait, &work->err));
    RIG_TRY(put(work, "certificate", "server", &server.der));
    RIG_TRY(
        rig_pki_certificates_of_pem(rig_buf_text(&work->ca->root_pem), "root", &roots, &work->err));
    RIG_TRY(rig_pki_certificate_der(sk_X509_value(roots, 0), &root, &work->err));
    return put(work, "certificate", "root", &root);
}

static rig_result write_all(struct work *work, const char *scratch)
{
    const struct rig_ca_local_plan plan = {.levels = {"root", "line"}, .n_levels = 2};
    RIG_AUTO(rig_free_chars) char *ca_path = NULL;
    rig_result result;

    RIG_TRY(rig_path_join(scratch, "ca", &ca_path, &work->err));
    RIG_TRY(rig_ca_local_open(ca_path, &plan, NULL, &rig_clock_system, &work->ca, &work->err));
    result = write_csrs(work);
    result = result.ok ? write_certificates(work) : result;
    rig_ca_close(work->ca);
    RIG_TRY(result);
    return rig_dir_remove(scratch, &work->err);
}

int main(int argc, char **argv)
{
    char scratch[] = "/tmp/make-ca-corpus-XXXXXX";
    struct work work = {.folder = argc == 2 ? argv[1] : NULL};

    if (work.folder == NULL || mkdtemp(scratch) == NULL) {
        (void)fprintf(stderr, "usage: make_ca_corpus FOLDER\n");
        return 2;
    }
    if (!write_all(&work, scratch).ok) {
        (void)fprintf(stderr, "make_ca_corpus: %s\n", work.err.text);
        return 1;
    }
    return 0;
}
