/* SPDX-License-Identifier: Apache-2.0 */
/* The tripwire: every form of private key in every spelling, whole and in chunks; nothing else. */
#include "rig/base/buf.h"
#include "rig/base/wait.h"
#include "rig/tests/tls/pki.h"
#include "rig/tls/tripwire.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MAX_DER 4096

struct blob {
    const char *name;
    uint8_t der[MAX_DER];
    size_t len;
};

static struct rig_error err;

/* ---- spellings: each appends text or bytes that hold `der` ---- */

static void spell_raw(struct rig_buf *out, const uint8_t *der, size_t len)
{
    assert_true(rig_buf_append(out, der, len, &err).ok);
}

static void spell_hex(struct rig_buf *out, const uint8_t *der, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_true(rig_buf_printf(out, &err, "%02X", (unsigned)der[i]).ok);
    }
}

static void spell_hex_dump(struct rig_buf *out, const uint8_t *der, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i % 16 == 0) {
            assert_true(rig_buf_printf(out, &err, "%sI (%zu) cafe: 0x%08zx   ",
                                       i != 0 ? " |..ab.cd0.........|\r\n" : "", 300 + i,
                                       0x3ffb0000 + i)
                            .ok);
        }
        assert_true(
            rig_buf_printf(out, &err, "%02x%s", (unsigned)der[i], i % 8 == 7 ? "  " : " ").ok);
    }
}

static void spell_xxd(struct rig_buf *out, const uint8_t *der, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i % 16 == 0) {
            assert_true(
                rig_buf_printf(out, &err, "%s%08zx: ", i != 0 ? "  .0w. ....\n" : "", i).ok);
        }
        assert_true(
            rig_buf_printf(out, &err, "%02x%s", (unsigned)der[i], i % 2 == 1 ? " " : "").ok);
    }
}

static void spell_c_array(struct rig_buf *out, const uint8_t *der, size_t len)
{
    assert_true(rig_buf_append_text(out, "key[] = {", &err).ok);
    for (size_t i = 0; i < len; i++) {
        assert_true(
            rig_buf_printf(out, &err, "0x%02x,%s", (unsigned)der[i], i % 12 == 11 ? "\n    " : " ")
                .ok);
    }
}

static void spell_c_string(struct rig_buf *out, const uint8_t *der, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_true(rig_buf_printf(out, &err, "\\x%02x", (unsigned)der[i]).ok);
    }
}

static void spell_colons(struct rig_buf *out, const uint8_t *der, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_true(
            rig_buf_printf(out, &err, "%02x%s", (unsigned)der[i], i % 15 == 14 ? ":\n    " : ":")
                .ok);
    }
}

static void base64_lines(struct rig_buf *out, const uint8_t *der, size_t len, size_t width,
                         const char *before, const char *after)
{
    uint8_t *const text = malloc(4 * (len / 3 + 2));
    size_t n;

    assert_non_null(text);
    n = (size_t)EVP_EncodeBlock(text, der, (int)len);
    for (size_t i = 0; i < n; i += width) {
        assert_true(rig_buf_printf(out, &err, "%s%.*s%s", before,
                                   (int)(n - i < width ? n - i : width), (char *)text + i, after)
                        .ok);
    }
    free(text);
}

static void spell_base64(struct rig_buf *out, const uint8_t *der, size_t len)
{
    base64_lines(out, der, len, 1 << 20, "\"key\":\"", "\"}");
}

static void spell_base64_pem_body(struct rig_buf *out, const uint8_t *der, size_t len)
{
    base64_lines(out, der, len, 64, "", "\n");
}

static void spell_base64_log(struct rig_buf *out, const uint8_t *der, size_t len)
{
    base64_lines(out, der, len, 64, "\x1B[0;32mI (1234) app: ", "\x1B[0m\r\n");
}

static void spell_base64_narrow(struct rig_buf *out, const uint8_t *der, size_t len)
{
    base64_lines(out, der, len, 16, "I (77) key_dump: ", " (16 chars)\nI (78) wifi: connected\n");
}

static void spell_base64_json(struct rig_buf *out, const uint8_t *der, size_t len)
{
    base64_lines(out, der, len, 20, "", "\\n");
}

typedef void (*spelling)(struct rig_buf *out, const uint8_t *der, size_t len);

static const struct {
    const char *name;
    spelling spell;
} spellings[] = {
    {"raw", spell_raw},
    {"hex", spell_hex},
    {"hexdump", spell_hex_dump},
    {"xxd", spell_xxd},
    {"C array", spell_c_array},
    {"C string", spell_c_string},
    {"colons", spell_colons},
    {"base64", spell_base64},
    {"base64, PEM body", spell_base64_pem_body},
    {"base64, log", spell_base64_log},
    {"base64, narrow lines between others", spell_base64_narrow},
    {"base64, JSON escapes", spell_base64_json},
};

#define N_SPELLINGS (sizeof spellings / sizeof *spellings)

/* ---- keys ---- */

static void take_key(struct blob *blob, const char *name, EVP_PKEY *key, bool pkcs8)
{
    unsigned char *at = blob->der;
    int len;

    blob->name = name;
    if (pkcs8) {
        PKCS8_PRIV_KEY_INFO *const info = EVP_PKEY2PKCS8(key);

        len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
        assert_true(len > 0 && len < MAX_DER);
        (void)i2d_PKCS8_PRIV_KEY_INFO(info, &at);
        PKCS8_PRIV_KEY_INFO_free(info);
    } else {
        len = i2d_PrivateKey(key, NULL);
        assert_true(len > 0 && len < MAX_DER);
        (void)i2d_PrivateKey(key, &at);
    }
    blob->len = (size_t)len;
    EVP_PKEY_free(key);
}

enum { N_KEYS = 14 };

static void make_keys(struct blob keys[N_KEYS])
{
    size_t n = 0;

    take_key(&keys[n++], "P-256 SEC1", pki_key(0), false);
    take_key(&keys[n++], "P-384 SEC1", pki_key(NID_secp384r1), false);
    take_key(&keys[n++], "P-521 SEC1", pki_key(NID_secp521r1), false);
    take_key(&keys[n++], "secp256k1 SEC1", pki_key(NID_secp256k1), false);
    take_key(&keys[n++], "RSA-1024 PKCS1", pki_key(1024), false);
    take_key(&keys[n++], "RSA-2048 PKCS1", pki_key(2048), false);
    take_key(&keys[n++], "RSA-3072 PKCS1", pki_key(3072), false);
    take_key(&keys[n++], "P-256 PKCS8", pki_key(0), true);
    take_key(&keys[n++], "P-384 PKCS8", pki_key(NID_secp384r1), true);
    take_key(&keys[n++], "P-521 PKCS8", pki_key(NID_secp521r1), true);
    take_key(&keys[n++], "RSA-2048 PKCS8", pki_key(2048), true);
    take_key(&keys[n++], "Ed25519 PKCS8", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true);
    take_key(&keys[n++], "X25519 PKCS8", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), true);
    take_key(&keys[n++], "Ed448 PKCS8", EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), true);
    assert_int_equal(n, N_KEYS);
}

static bool trips(const struct rig_buf *stream, size_t chunk, struct rig_tripwire *wire)
{
    rig_tripwire_init(wire);
    for (size_t at = 0; at < stream->len; at += chunk) {
        const size_t n = stream->len - at < chunk ? stream->len - at : chunk;

        if (rig_tripwire_feed(wire, stream->data + at, n)) {
            return true;
        }
    }
    return false;
}

static void every_key_in_every_spelling(void **state)
{
    static struct blob keys[N_KEYS];
    static const size_t chunks[] = {1, 7, 64, 1 << 20};
    struct rig_tripwire wire;

    (void)state;
    make_keys(keys);
    for (size_t k = 0; k < N_KEYS; k++) {
        for (size_t s = 0; s < N_SPELLINGS; s++) {
            for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
                RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

                assert_true(rig_buf_append_text(&stream, "I (12) boot: ready\r\n", &err).ok);
                spellings[s].spell(&stream, keys[k].der, keys[k].len);
                if (!trips(&stream, chunks[c], &wire)) {
                    fail_msg("%s as %s in chunks of %zu passed", keys[k].name, spellings[s].name,
                             chunks[c]);
                }
            }
        }
    }
}

/* A memory dump holds a key anywhere: in base64 and in the lines of a dump that shifts every byte.
 */
static void keys_at_any_offset(void **state)
{
    static struct blob keys[N_KEYS];
    struct rig_tripwire wire;
    uint8_t dump[MAX_DER + 64];

    (void)state;
    make_keys(keys);
    for (size_t offset = 0; offset < 17; offset++) {
        for (size_t k = 0; k < N_KEYS; k++) {
            memset(dump, 0x5A, sizeof dump);
            memcpy(dump + offset, keys[k].der, keys[k].len);
            for (size_t s = 0; s < N_SPELLINGS; s++) {
                RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

                spellings[s].spell(&stream, dump, offset + keys[k].len);
                if (!trips(&stream, 1 << 20, &wire)) {
                    fail_msg("%s as %s at offset %zu passed", keys[k].name, spellings[s].name,
                             offset);
                }
            }
        }
    }
}

static void finds_are_named_and_placed(void **state)
{
    static struct blob key;
    static const char before[] = "I (12) boot: ready\r\n";
    struct rig_tripwire wire;

    (void)state;
    take_key(&key, "P-256", pki_key(0), false);
    for (size_t s = 0; s < N_SPELLINGS; s++) {
        RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

        assert_true(rig_buf_append_text(&stream, before, &err).ok);
        spellings[s].spell(&stream, key.der, key.len);
        assert_true(trips(&stream, 5, &wire));
        assert_non_null(strstr(wire.what, "EC private key (SEC 1)"));
        assert_true(wire.tripped_at >= strlen(before) && wire.tripped_at < strlen(before) + 40);
    }
    {
        RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

        assert_true(rig_buf_append_text(&stream, before, &err).ok);
        spell_base64_pem_body(&stream, key.der, key.len);
        assert_true(trips(&stream, 1, &wire));
        assert_string_equal(wire.what, "EC private key (SEC 1) in base64");
        assert_int_equal(wire.tripped_at, strlen(before));
    }
}

static void labels(void **state)
{
    static const struct {
        const char *text;
        const char *what; /* NULL: passes */
        uint64_t at;
    } rows[] = {
        {"I (123) app: -----BEGIN EC PRIVATE KEY-----\r\n", "PEM EC PRIVATE KEY", 13},
        {"-----BEGIN PRIVATE KEY-----", "PEM PRIVATE KEY", 0},
        {"x-----BEGIN RSA PRIVATE KEY-----", "PEM RSA PRIVATE KEY", 1},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----", "PEM ENCRYPTED PRIVATE KEY", 0},
        {"-----BEGIN OPENSSH PRIVATE KEY-----", "PEM OPENSSH PRIVATE KEY", 0},
        {"-----BEGIN PGP PRIVATE KEY BLOCK-----", "PEM PGP PRIVATE KEY", 0},
        {"...\n-----END EC PRIVATE KEY-----", "PEM EC PRIVATE KEY", 4},
        {"-----BEGIN PUBLIC KEY-----", NULL, 0},
        {"-----BEGIN CERTIFICATE-----", NULL, 0},
        {"-----BEGIN CERTIFICATE REQUEST-----", NULL, 0},
        {"I (5) keystore: the PRIVATE KEY stays on the device", NULL, 0},
        {"-----BEGIN CERTIFICATE-----\nPRIVATE KEY", NULL, 0},
    };
    struct rig_tripwire wire;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t chunk = 1; chunk < 50; chunk += 6) {
            RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

            assert_true(rig_buf_append_text(&stream, rows[i].text, &err).ok);
            assert_int_equal(trips(&stream, chunk, &wire), rows[i].what != NULL);
            if (rows[i].what != NULL) {
                assert_string_equal(wire.what, rows[i].what);
                assert_int_equal(wire.tripped_at, rows[i].at);
            }
        }
    }
}

static void stays_tripped_and_forgets_the_key(void **state)
{
    static const char label[] = "-----BEGIN PRIVATE KEY-----";
    static const uint8_t zeros[RIG_TRIPWIRE_LABEL];
    struct rig_tripwire wire;

    (void)state;
    rig_tripwire_init(&wire);
    assert_true(rig_tripwire_feed(&wire, label, strlen(label)));
    assert_true(rig_tripwire_feed(&wire, "harmless", 8));
    assert_true(rig_tripwire_feed(&wire, NULL, 0));
    assert_memory_equal(wire.label, zeros, sizeof zeros);
}

static void must_pass(const char *name, const uint8_t *der, size_t len)
{
    struct rig_tripwire wire;

    for (size_t s = 0; s < N_SPELLINGS; s++) {
        RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};

        spellings[s].spell(&stream, der, len);
        if (trips(&stream, 4096, &wire)) {
            fail_msg("%s as %s trips: %s", name, spellings[s].name, wire.what);
        }
    }
}

static void must_pass_certificate(const X509 *certificate)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(certificate, &der);

    assert_true(len > 0);
    must_pass("a certificate", der, (size_t)len);
    OPENSSL_free(der);
}

static void must_pass_request_and_public_key(EVP_PKEY *key)
{
    X509_REQ *const request = X509_REQ_new();
    const EVP_MD *const digest =
        EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
    unsigned char *der = NULL;
    int len;

    PKI_MUST(X509_REQ_set_pubkey(request, key) == 1);
    PKI_MUST(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC,
                                        (const unsigned char *)"board", -1, -1, 0) == 1);
    PKI_MUST(X509_REQ_sign(request, key, digest) > 0);
    len = i2d_X509_REQ(request, &der);
    assert_true(len > 0);
    must_pass("a CSR", der, (size_t)len);
    OPENSSL_free(der);
    der = NULL;
    len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    must_pass("a public key", der, (size_t)len);
    OPENSSL_free(der);
    X509_REQ_free(request);
}

static void must_pass_pem(const struct rig_buf *pem)
{
    struct rig_tripwire wire;

    assert_true(pem->len > 0);
    assert_false(trips(pem, 100, &wire));
}

static void public_things_pass(void **state)
{
    static struct pki pki;
    EVP_PKEY *const ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    const struct pki_ca *const authorities[] = {&pki.root, &pki.intermediate, &pki.other_root};
    /* a CRL's body, signed with Ed25519, is as near to PKCS#8 as anything comes */
    static const uint8_t crl_body[] = {0x30, 0x6E, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03,
                                       0x2B, 0x65, 0x70, 0x30, 0x0F, 0x31, 0x0D, 0x30, 0x0B};

    (void)state;
    pki_make(&pki);
    for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
        must_pass_certificate(authorities[i]->certificate);
        must_pass_request_and_public_key(authorities[i]->key);
        must_pass_pem(&authorities[i]->pem);
    }
    must_pass_certificate(pki.device_rsa.certificate);
    must_pass_certificate(pki.server.certificate);
    must_pass_certificate(pki.device_p224.certificate);
    must_pass_request_and_public_key(pki.device_rsa.key);
    must_pass_request_and_public_key(pki.device_p224.key);
    must_pass_request_and_public_key(ed25519);
    must_pass_pem(&pki.device.chain_pem);
    must_pass_pem(&pki.crls_pem);
    {
        BIO *const memory = BIO_new_mem_buf(rig_buf_text(&pki.crls_pem), -1);
        X509_CRL *const crl = PEM_read_bio_X509_CRL(memory, NULL, NULL, NULL);
        unsigned char *der = NULL;
        const int len = i2d_X509_CRL(crl, &der);

        assert_true(len > 0);
        must_pass("a CRL", der, (size_t)len);
        OPENSSL_free(der);
        X509_CRL_free(crl);
        BIO_free(memory);
    }
    must_pass("a CRL's body", crl_body, sizeof crl_body);
    EVP_PKEY_free(ed25519);
    pki_free(&pki);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_data_passes(void **state)
{
    uint64_t seed = (uint64_t)rig_now_ns() | 1;
    uint8_t bytes[512];

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t round = 0; round < 1000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)next_random(&seed);
        }
        must_pass("random data", bytes, sizeof bytes);
    }
}

/* As the agent's protocol carries texts, whatever stands before: PEM in base64. */
static void labels_that_are_encoded_once_more(void **state)
{
    static const struct {
        const char *pem;
        bool trips;
    } rows[] = {
        {"-----BEGIN PRIVATE KEY-----\n", true},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", true},
        {"-----BEGIN EC PRIVATE KEY-----\n", true},
        {"-----BEGIN CERTIFICATE-----\n", false},
        {"-----BEGIN PUBLIC KEY-----\n", false},
    };
    static const char before[] = "> @7 slot-write offset=0 data=";
    struct rig_tripwire wire;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t n_before = 0; n_before < 6; n_before++) {
            char text[80] = "\n\n\n\n\n\n";
            RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};
            RIG_AUTO(rig_buf_free) struct rig_buf hex = {0};
            const size_t len = n_before + strlen(rows[i].pem);

            (void)strcpy(text + n_before, rows[i].pem);
            base64_lines(&stream, (const uint8_t *)text, len, 1 << 20, before, " *8e93\n");
            spell_hex(&hex, (const uint8_t *)text, len);
            assert_int_equal(trips(&stream, 7, &wire), rows[i].trips);
            if (rows[i].trips) {
                assert_string_equal(wire.what, "PEM PRIVATE KEY in base64");
                assert_true(wire.tripped_at >= strlen(before) && wire.tripped_at < stream.len);
            }
            assert_int_equal(trips(&hex, 7, &wire), rows[i].trips);
        }
    }
}

/* A key cut off after its header is a leak already; one byte that differs in the structure is no
 * key. */
static void decides_at_the_header(void **state)
{
    static struct blob key;
    struct rig_tripwire wire;

    (void)state;
    take_key(&key, "P-256", pki_key(0), false);
    rig_tripwire_init(&wire);
    assert_true(rig_tripwire_feed(&wire, key.der, 12));
    for (size_t i = 0; i < 7; i++) {
        uint8_t changed[12];

        memcpy(changed, key.der, sizeof changed);
        changed[i] ^= 0x80;
        rig_tripwire_init(&wire);
        assert_false(rig_tripwire_feed(&wire, changed, sizeof changed));
    }
}

static void costs_little(void **state)
{
    static const char line[] =
        "I (123456) wifi: station 24:0a:c4:00:01:10 join, AID=1, bgn, 20\r\n";
    RIG_AUTO(rig_buf_free) struct rig_buf stream = {0};
    struct rig_tripwire wire;
    clock_t started;

    (void)state;
    while (stream.len < 1 << 20) {
        assert_true(rig_buf_append_text(&stream, line, &err).ok);
    }
    started = clock();
    assert_false(trips(&stream, 256, &wire));
    print_message("%.1f ns per byte of log\n",
                  (double)(clock() - started) * 1e9 / CLOCKS_PER_SEC / (double)stream.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels),
        cmocka_unit_test(labels_that_are_encoded_once_more),
        cmocka_unit_test(every_key_in_every_spelling),
        cmocka_unit_test(keys_at_any_offset),
        cmocka_unit_test(finds_are_named_and_placed),
        cmocka_unit_test(decides_at_the_header),
        cmocka_unit_test(stays_tripped_and_forgets_the_key),
        cmocka_unit_test(public_things_pass),
        cmocka_unit_test(random_data_passes),
        cmocka_unit_test(costs_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
