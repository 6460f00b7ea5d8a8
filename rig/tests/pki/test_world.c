/* SPDX-License-Identifier: Apache-2.0 */
/* What a world promises: the same bytes again, a board's key, throw-away keys, what it refuses. */
#include "rig/base/file.h"
#include "rig/ca/key.h"
#include "rig/ca/pki.h"
#include "rig/suite/fixtures.h"
#include "rig/tests/pki/fixture.h"

#include <openssl/pem.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *folder;

static X509 *leaf_of(const struct rig_pki_identity *identity)
{
    const uint8_t *at = identity->leaf_der.data;
    X509 *leaf = d2i_X509(NULL, &at, (long)identity->leaf_der.len);

    assert_non_null(leaf);
    return leaf;
}

static EVP_PKEY *held_key(const struct rig_pki_identity *identity)
{
    struct rig_error err;
    EVP_PKEY *key = NULL;

    assert_true(identity->key_pem.secret);
    pki_test_good(rig_key_read(&identity->key_pem, NULL, "key", &key, &err), &err, "read a key");
    return key;
}

static void make_csr(EVP_PKEY **key, struct rig_buf *der)
{
    X509_REQ *csr = X509_REQ_new();
    struct rig_error err;
    uint8_t *bytes = NULL;
    int len;

    pki_test_good(rig_key_make(RIG_KEY_P384, key, &err), &err, "make a key");
    assert_int_equal(X509_REQ_set_pubkey(csr, *key), 1);
    assert_true(X509_REQ_sign(csr, *key, EVP_sha384()) > 0);
    len = i2d_X509_REQ(csr, &bytes);
    assert_true(len > 0);
    pki_test_good(rig_buf_append(der, bytes, (size_t)len, &err), &err, "keep a CSR");
    OPENSSL_free(bytes);
    X509_REQ_free(csr);
}

static void same_bytes_again(void **state)
{
    static const struct {
        enum rig_pki_kind kind;
        const char *name;
    } each[] = {
        {RIG_PKI_DEVICE, "good"}, {RIG_PKI_SERVER, "rsa-2048"}, {RIG_PKI_AUTHORITY, "line"}};
    const struct pki_test *test = *state;
    struct rig_buf crls[2] = {{0}, {0}};
    struct rig_error err;

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        struct rig_pki_identity a = {0};
        struct rig_pki_identity b = {0};

        pki_test_identity(test, each[i].kind, each[i].name, &a);
        pki_test_identity(test, each[i].kind, each[i].name, &b);
        assert_string_equal(rig_buf_text(&a.chain_pem), rig_buf_text(&b.chain_pem));
        assert_string_equal(rig_buf_text(&a.key_pem), rig_buf_text(&b.key_pem));
        assert_string_equal(rig_buf_text(&a.roots_pem), rig_buf_text(&b.roots_pem));
        assert_memory_equal(a.leaf_sha256, b.leaf_sha256, sizeof a.leaf_sha256);
        rig_pki_identity_free(&a);
        rig_pki_identity_free(&b);
    }
    for (size_t i = 0; i < 2; i++) {
        pki_test_good(rig_pki_crls(test->world, "revoked-leaf", &crls[i], &err), &err, "crls");
    }
    assert_string_equal(rig_buf_text(&crls[0]), rig_buf_text(&crls[1]));
    rig_buf_free(&crls[0]);
    rig_buf_free(&crls[1]);
}

static void another_world_is_another_pki(void **state)
{
    const struct pki_test *test = *state;
    struct pki_test other = *test;
    struct rig_pki_identity a = {0};
    struct rig_pki_identity b = {0};
    struct rig_error err;

    pki_test_good(rig_pki_world_open(test->fixtures, test->now_ms, &other.world, &err), &err,
                  "open another world");
    pki_test_identity(test, RIG_PKI_AUTHORITY, "root", &a);
    pki_test_identity(&other, RIG_PKI_AUTHORITY, "root", &b);
    assert_memory_not_equal(a.leaf_sha256, b.leaf_sha256, sizeof a.leaf_sha256);
    assert_string_not_equal(a.serial, b.serial);
    rig_pki_identity_free(&a);
    rig_pki_identity_free(&b);
    rig_pki_world_close(other.world);
}

static void a_board_keeps_its_key(void **state)
{
    const struct pki_test *test = *state;
    struct rig_buf csr = {0};
    EVP_PKEY *key = NULL;
    struct rig_pki_identity identity = {0};
    struct rig_error err;

    make_csr(&key, &csr);
    struct rig_pki_request request = {.kind = RIG_PKI_DEVICE,
                                      .name = "good",
                                      .csr_der = csr.data,
                                      .csr_len = csr.len,
                                      .common_name = BOARD_NAME};
    pki_test_good(rig_pki_identity(test->world, &request, &identity, &err), &err, "good");
    assert_int_equal(identity.key_pem.len, 0);
    assert_string_equal(identity.issuer, "issuing");
    X509 *leaf = leaf_of(&identity);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), key), 1);
    char subject[128];
    rig_pki_name_text(X509_get_subject_name(leaf), subject, sizeof subject);
    assert_string_equal(subject, "CN=" BOARD_NAME);
    X509_free(leaf);
    rig_pki_identity_free(&identity);

    /* for another key than the board's, and no key that could prove it */
    request.name = "key-of-another";
    pki_test_good(rig_pki_identity(test->world, &request, &identity, &err), &err, request.name);
    leaf = leaf_of(&identity);
    assert_int_equal(identity.key_pem.len, 0);
    assert_int_not_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), key), 1);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(leaf)), 384);
    X509_free(leaf);
    rig_pki_identity_free(&identity);

    /* two boards, one recipe: one serial number, so one CRL entry is enough */
    request.name = "revoked";
    pki_test_good(rig_pki_identity(test->world, &request, &identity, &err), &err, request.name);
    struct rig_pki_identity other = {0};
    pki_test_identity(test, RIG_PKI_DEVICE, "revoked", &other);
    assert_string_equal(identity.serial, other.serial);
    assert_memory_not_equal(identity.leaf_sha256, other.leaf_sha256, sizeof other.leaf_sha256);
    rig_pki_identity_free(&other);
    rig_pki_identity_free(&identity);
    EVP_PKEY_free(key);
    rig_buf_free(&csr);
}

static void keys_fit_or_not(void **state)
{
    static const struct {
        const char *name;
        bool fits;
    } each[] = {{"good", true}, {"rsa-1024", true}, {"ed25519", true}, {"key-of-another", false}};
    struct rig_pki_identity identity = {0};

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        pki_test_identity(*state, RIG_PKI_SERVER, each[i].name, &identity);
        X509 *leaf = leaf_of(&identity);
        EVP_PKEY *key = held_key(&identity);
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), key) == 1, each[i].fits);
        EVP_PKEY_free(key);
        X509_free(leaf);
        rig_pki_identity_free(&identity);
    }
}

static void names_are_expanded(void **state)
{
    static const struct {
        const char *name;
        const char *subject;
        const char *expected;
    } each[] = {
        {"good", "CN=srv.rig.test", "srv.rig.test"},
        {"wildcard", "CN=*.rig.test", "srv.rig.test"},
        {"wildcard-partial", "CN=s*.rig.test", "srv.rig.test"},
        {"wildcard-too-wide", "CN=*.test", "srv.rig.test"},
        {"case-different", "CN=SRV.RIG.TEST", "srv.rig.test"},
        {"expected-name-with-dot", "CN=srv.rig.test", "srv.rig.test."},
        {"no-name-expected", "CN=other.elsewhere.test", ""},
    };
    struct rig_pki_identity identity = {0};
    char subject[128];

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        pki_test_identity(*state, RIG_PKI_SERVER, each[i].name, &identity);
        X509 *leaf = leaf_of(&identity);
        rig_pki_name_text(X509_get_subject_name(leaf), subject, sizeof subject);
        assert_string_equal(subject, each[i].subject);
        assert_string_equal(identity.expected_name, each[i].expected);
        X509_free(leaf);
        rig_pki_identity_free(&identity);
    }
}

static void a_key_can_be_shared(void **state)
{
    static const char text[] =
        "rig: 1\npki: t\nauthorities:\n"
        "  - {authority: root, signer: self, trusted: true}\n"
        "  - {authority: other-root, signer: self}\n"
        "  - {authority: issuing, signer: root}\n"
        "  - {authority: crossed, signer: other-root, names_of: issuing, key_of: issuing}\n"
        "devices:\n  - {device: d, chain: [crossed], trust: [other-root]}\n";
    struct pki_test test = *(struct pki_test *)*state;
    struct rig_pki_identity a = {0};
    struct rig_pki_identity b = {0};
    struct rig_buf mistakes = {0};
    struct rig_error err;

    pki_test_good(rig_fixtures_parse("t", text, sizeof text - 1, &test.fixtures, &mistakes, &err),
                  &err, "parse");
    pki_test_good(rig_pki_world_open(test.fixtures, test.now_ms, &test.world, &err), &err, "open");
    pki_test_identity(&test, RIG_PKI_AUTHORITY, "issuing", &a);
    pki_test_identity(&test, RIG_PKI_AUTHORITY, "crossed", &b);
    X509 *one = leaf_of(&a);
    X509 *two = leaf_of(&b);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(one), X509_get0_pubkey(two)), 1);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(one), X509_get_subject_name(two)), 0);
    assert_int_not_equal(X509_NAME_cmp(X509_get_issuer_name(one), X509_get_issuer_name(two)), 0);
    X509_free(one);
    X509_free(two);
    rig_pki_identity_free(&a);
    rig_pki_identity_free(&b);
    pki_test_close(&test);
    rig_buf_free(&mistakes);
}

static void what_is_not_there_is_refused(void **state)
{
    const struct pki_test *test = *state;
    struct rig_pki_request request = {.kind = RIG_PKI_DEVICE, .name = "nobody"};
    static const uint8_t junk[] = {0x30, 0x03, 0x02, 0x01};
    struct rig_pki_identity identity = {0};
    struct rig_pki_ocsp answer = {0};
    struct rig_buf out = {0};
    struct rig_error err;

    assert_false(rig_pki_identity(test->world, &request, &identity, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "no device 'nobody'"));
    request.name = "good";
    request.csr_der = junk;
    request.csr_len = sizeof junk;
    assert_false(rig_pki_identity(test->world, &request, &identity, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
    request.csr_der = NULL;
    request.spki_der = junk;
    request.spki_len = sizeof junk;
    assert_false(rig_pki_identity(test->world, &request, &identity, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
    assert_false(rig_pki_crls(test->world, "nobody", &out, &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_false(rig_pki_ocsp_answer(test->world, "nobody", junk, sizeof junk, &answer, &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_false(rig_pki_ocsp_answer(test->world, "good", junk, sizeof junk, &answer, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
}

static void evidence_holds_no_key(void **state)
{
    char made[] = "/tmp/rig-pki-XXXXXX";
    struct rig_pki_identity identity = {0};
    struct rig_buf text = {0};
    struct rig_error err;
    char path[128];

    assert_non_null(mkdtemp(made));
    pki_test_identity(*state, RIG_PKI_SERVER, "good-3-level", &identity);
    pki_test_good(rig_pki_identity_write(&identity, made, "server", &err), &err, "write");
    (void)snprintf(path, sizeof path, "%s/server-chain.pem", made);
    pki_test_good(rig_file_read(path, 1U << 20, &text, &err), &err, path);
    assert_string_equal(rig_buf_text(&text), rig_buf_text(&identity.chain_pem));
    (void)snprintf(path, sizeof path, "%s/server-trust.pem", made);
    pki_test_good(rig_file_read(path, 1U << 20, &text, &err), &err, path);
    assert_null(strstr(rig_buf_text(&text), "PRIVATE"));
    pki_test_good(rig_dir_remove(made, &err), &err, made);
    rig_buf_free(&text);
    rig_pki_identity_free(&identity);
}

struct worker {
    const struct pki_test *test;
    struct rig_pki_identity device;
    struct rig_pki_identity server;
    struct rig_buf crls;
    bool good;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct rig_pki_request device = {
        .kind = RIG_PKI_DEVICE, .name = "twelve-intermediates", .common_name = "b"};
    const struct rig_pki_request server = {
        .kind = RIG_PKI_SERVER, .name = "good", .common_name = SERVER_NAME};
    struct rig_error err;

    worker->good = rig_pki_identity(worker->test->world, &device, &worker->device, &err).ok &&
                   rig_pki_identity(worker->test->world, &server, &worker->server, &err).ok &&
                   rig_pki_crls(worker->test->world, "revoked-leaf", &worker->crls, &err).ok;
    return NULL;
}

static void threads_share_a_world(void **state)
{
    enum { N_WORKERS = 8 };
    struct pki_test test = *(struct pki_test *)*state;
    struct worker workers[N_WORKERS] = {{0}};
    pthread_t threads[N_WORKERS];
    struct rig_error err;

    pki_test_good(rig_pki_world_open(test.fixtures, test.now_ms, &test.world, &err), &err, "open");
    for (size_t i = 0; i < N_WORKERS; i++) {
        workers[i].test = &test;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        assert_true(workers[i].good);
        assert_int_equal(workers[i].device.n_chain, 13);
        assert_string_equal(rig_buf_text(&workers[i].device.chain_pem),
                            rig_buf_text(&workers[0].device.chain_pem));
        assert_string_equal(rig_buf_text(&workers[i].server.key_pem),
                            rig_buf_text(&workers[0].server.key_pem));
        assert_string_equal(rig_buf_text(&workers[i].crls), rig_buf_text(&workers[0].crls));
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        rig_pki_identity_free(&workers[i].device);
        rig_pki_identity_free(&workers[i].server);
        rig_buf_free(&workers[i].crls);
    }
    rig_pki_world_close(test.world);
}

static int setup(void **state)
{
    static struct pki_test test;

    pki_test_open(&test, folder);
    *state = &test;
    return 0;
}

static int teardown(void **state)
{
    pki_test_close(*state);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_again),
        cmocka_unit_test(another_world_is_another_pki),
        cmocka_unit_test(a_board_keeps_its_key),
        cmocka_unit_test(keys_fit_or_not),
        cmocka_unit_test(names_are_expanded),
        cmocka_unit_test(a_key_can_be_shared),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(evidence_holds_no_key),
        cmocka_unit_test(threads_share_a_world),
    };

    folder = argc > 1 ? argv[1] : "fixtures/pki";
    return cmocka_run_group_tests(tests, setup, teardown);
}
