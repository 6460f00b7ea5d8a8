/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/vault/pki.h"

#include "rig/base/file.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *make(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                  const char *usage, const char *san, long serial)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 24 * 3600));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0),
        1);
    issuer = issuer != NULL ? issuer : certificate;
    assert_int_equal(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    extend(certificate, issuer, NID_basic_constraints,
           usage == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(certificate, issuer, NID_subject_key_identifier, "hash");
    if (usage != NULL) {
        extend(certificate, issuer, NID_ext_key_usage, usage);
        extend(certificate, issuer, NID_key_usage, "critical,digitalSignature");
    } else {
        extend(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (san != NULL) {
        extend(certificate, issuer, NID_subject_alt_name, san);
    }
    assert_true(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
    return certificate;
}

static void save(char *path, size_t size, const char *folder, const char *name, X509 *certificate,
                 EVP_PKEY *key)
{
    FILE *file;

    assert_true(snprintf(path, size, "%s/%s", folder, name) < (int)size);
    file = fopen(path, "w");
    assert_non_null(file);
    if (certificate != NULL) {
        assert_int_equal(PEM_write_X509(file, certificate), 1);
    } else {
        assert_int_equal(fchmod(fileno(file), 0600), 0);
        assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    }
    assert_int_equal(fclose(file), 0);
}

#define SAVE(field, name, certificate, key)                                                        \
    save(pki->field, sizeof pki->field, pki->folder, name, certificate, key)

void test_pki_make(struct test_pki *pki)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    EVP_PKEY *server_key = EVP_EC_gen("P-256");
    EVP_PKEY *client_key = EVP_EC_gen("P-256");
    X509 *ca = make("Test CA", ca_key, NULL, ca_key, NULL, NULL, 1);
    X509 *other = make("Other CA", other_key, NULL, other_key, NULL, NULL, 1);
    X509 *server = make("vault.test", server_key, ca, ca_key, "serverAuth,clientAuth",
                        "DNS:vault.test,IP:127.0.0.1", 2);
    X509 *client = make("station-1", client_key, ca, ca_key, "clientAuth", "DNS:station-1.test", 3);

    (void)snprintf(pki->folder, sizeof pki->folder, "/tmp/rig-vault-XXXXXX");
    assert_non_null(mkdtemp(pki->folder));
    SAVE(ca, "ca.pem", ca, NULL);
    SAVE(other_ca, "other-ca.pem", other, NULL);
    SAVE(server_certificate, "server.pem", server, NULL);
    SAVE(server_key, "server.key", NULL, server_key);
    SAVE(client_certificate, "client.pem", client, NULL);
    SAVE(client_key, "client.key", NULL, client_key);
    X509_free(ca);
    X509_free(other);
    X509_free(server);
    X509_free(client);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(server_key);
    EVP_PKEY_free(client_key);
}

void test_pki_remove(struct test_pki *pki)
{
    struct rig_error err = {0};

    assert_true(rig_dir_remove(pki->folder, &err).ok);
}
