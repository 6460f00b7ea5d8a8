/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esp_secure_cert images against those of Espressif's own tool, byte for byte: PEM by its command
 * line, and DER certificates of every length modulo 16 through its CSV. Ends with 77 (skipped)
 * where the tool can't be installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig/base/child.h"
#include "rig/base/file.h"
#include "rig/esp/secure_cert.h"

#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_LENGTHS 16
#define WAIT rig_wait_ms(120000, NULL)

struct tool {
    char program[512]; /* configure_esp_secure_cert.py */
    char python[512];
    char folder[64];
};

static struct rig_error error;

static void must(rig_result result)
{
    if (!result.ok) {
        fail_msg("%s", error.text);
    }
}

static void name_in(const struct tool *tool, const char *name, char path[256])
{
    assert_true(snprintf(path, 256, "%s/%s", tool->folder, name) < 256);
}

/* A self-signed certificate whose length goes by its subject's. */
static X509 *make_certificate(EVP_PKEY *key, size_t n_name)
{
    unsigned char name[64];
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    assert_non_null(certificate);
    memset(name, 'x', sizeof name);
    assert_true(n_name <= sizeof name);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 4711), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 86400));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, (int)n_name, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_true(X509_sign(certificate, key, NULL) > 0);
    return certificate;
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    assert_non_null(key);
    return key;
}

static void to_der(X509 *certificate, struct rig_buf *out)
{
    unsigned char *der = NULL;
    const int n = i2d_X509(certificate, &der);

    assert_true(n > 0);
    must(rig_buf_append(out, der, (size_t)n, &error));
    OPENSSL_free(der);
}

static void to_pem(X509 *certificate, struct rig_buf *out)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n;

    assert_non_null(memory);
    assert_int_equal(PEM_write_bio_X509(memory, certificate), 1);
    n = BIO_get_mem_data(memory, &text);
    assert_true(n > 0);
    must(rig_buf_append(out, text, (size_t)n, &error));
    BIO_free(memory);
}

static void save(const struct tool *tool, const char *name, const struct rig_buf *bytes)
{
    char path[256];

    name_in(tool, name, path);
    must(rig_file_replace(path, bytes->data, bytes->len, 0644, &error));
}

/* Runs the tool in its folder and reads the image that it made. */
static void run_tool(const struct tool *tool, const char *const arguments[], struct rig_buf *image)
{
    const char *argv[24] = {"env", "-C", tool->folder, tool->python, tool->program};
    struct rig_child child;
    char path[256];
    size_t n = 5;
    int status = 0;

    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[n++] = arguments[i];
    }
    argv[n++] = "--target_chip";
    argv[n++] = "esp32";
    argv[n++] = "--skip_flash";
    must(rig_child_start(&child, argv, NULL, &error));
    for (;;) {
        RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

        if (!rig_child_read_line(&child, WAIT, &line, &error).ok) {
            break;
        }
    }
    must(rig_child_join(&child, WAIT, &status, &error));
    rig_child_stop(&child, 0);
    assert_int_equal(status, 0);
    name_in(tool, "esp_secure_cert_data/esp_secure_cert.bin", path);
    must(rig_file_read(path, 1 << 20, image, &error));
}

static void assert_same(struct rig_buf *ours, const struct rig_buf *theirs)
{
    const size_t n = ours->len;

    must(rig_secure_cert_finish(ours, 0x2000, &error));
    assert_true(theirs->len > n);
    assert_memory_equal(ours->data, theirs->data, theirs->len);
    for (size_t i = theirs->len; i < ours->len; i++) {
        assert_int_equal(ours->data[i], 0xFF);
    }
}

static void pem_by_the_command_line(void **state)
{
    const struct tool *tool = *state;
    static const char *const arguments[] = {"--ca-cert", "ca.pem", "--device-cert", "dev.pem",
                                            NULL};
    EVP_PKEY *key = make_key();
    X509 *ca = make_certificate(key, 20);
    X509 *device = make_certificate(key, 37);
    RIG_AUTO(rig_buf_free) struct rig_buf ca_pem = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf device_pem = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf theirs = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf ours = {0};

    to_pem(ca, &ca_pem);
    to_pem(device, &device_pem);
    save(tool, "ca.pem", &ca_pem);
    save(tool, "dev.pem", &device_pem);
    run_tool(tool, arguments, &theirs);
    must(
        rig_secure_cert_append(&ours, RIG_SECURE_CERT_CA_CERT, 0, ca_pem.data, ca_pem.len, &error));
    must(rig_secure_cert_append(&ours, RIG_SECURE_CERT_DEV_CERT, 0, device_pem.data, device_pem.len,
                                &error));
    assert_same(&ours, &theirs);
    X509_free(ca);
    X509_free(device);
    EVP_PKEY_free(key);
}

static void der_of_every_length_by_csv(void **state)
{
    const struct tool *tool = *state;
    static const char *const arguments[] = {"--esp_secure_cert_csv", "certs.csv", NULL};
    EVP_PKEY *key = make_key();
    RIG_AUTO(rig_buf_free) struct rig_buf csv = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf theirs = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf ours = {0};
    unsigned residues = 0;

    must(rig_buf_append_text(&csv,
                             "tlv_type,tlv_subtype,data_value,data_type,priv_key_type,algorithm,"
                             "key_size,efuse_id,efuse_key\n",
                             &error));
    /* the name counts twice (subject and issuer), so one more of another kind for the odd lengths
     */
    for (unsigned i = 0; i < 2 * N_LENGTHS && residues != (1u << N_LENGTHS) - 1; i++) {
        X509 *certificate = make_certificate(key, 10 + i / 2);
        RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
        char name[32];

        if (i % 2 != 0) {
            assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 100), 1);
            assert_true(X509_sign(certificate, key, NULL) > 0);
        }
        to_der(certificate, &der);
        X509_free(certificate);
        if ((residues >> der.len % 16 & 1) != 0) {
            continue;
        }
        residues |= 1u << der.len % 16;
        (void)snprintf(name, sizeof name, "cert%u.der", i);
        save(tool, name, &der);
        must(rig_buf_printf(
            &csv, &error, "%s,%u,%s,file,,,,,\n",
            i % 3 == 0 ? "ESP_SECURE_CERT_CA_CERT_TLV" : "ESP_SECURE_CERT_DEV_CERT_TLV", i, name));
        must(rig_secure_cert_append(&ours,
                                    i % 3 == 0 ? RIG_SECURE_CERT_CA_CERT : RIG_SECURE_CERT_DEV_CERT,
                                    (uint8_t)i, der.data, der.len, &error));
    }
    assert_int_equal(residues, (1u << N_LENGTHS) - 1);
    save(tool, "certs.csv", &csv);
    run_tool(tool, arguments, &theirs);
    assert_same(&ours, &theirs);
    EVP_PKEY_free(key);
}

static int install_tool(struct tool *tool)
{
    const char *source = getenv("RIG_SOURCE");
    const char *build = getenv("RIG_BUILD");
    RIG_AUTO(rig_free_chars) char *script = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    int status = 1;

    if (source == NULL || build == NULL ||
        !rig_path_join(source, "ci/python-tools", &script, &error).ok) {
        (void)fprintf(stderr, "RIG_SOURCE and RIG_BUILD must name the tree and the build folder\n");
        return 1;
    }
    if (!rig_child_start(&child, (const char *const[]){script, build, NULL}, NULL, &error).ok) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    (void)rig_child_read_line(&child, WAIT, &line, &error).ok;
    if (!rig_child_join(&child, WAIT, &status, &error).ok) {
        (void)fprintf(stderr, "%s\n", error.text);
    }
    rig_child_stop(&child, 0);
    (void)snprintf(tool->python, sizeof tool->python, "%s/python", rig_buf_text(&line));
    (void)snprintf(tool->program, sizeof tool->program, "%s/configure_esp_secure_cert.py",
                   rig_buf_text(&line));
    return status;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

int main(void)
{
    struct tool tool = {.folder = "/tmp/rig-test-XXXXXX"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(pem_by_the_command_line, &tool),
        cmocka_unit_test_prestate(der_of_every_length_by_csv, &tool),
    };
    int status = install_tool(&tool);

    if (status != 0) {
        return status;
    }
    if (mkdtemp(tool.folder) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    status = cmocka_run_group_tests(tests, NULL, NULL);
    (void)nftw(tool.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return status;
}
