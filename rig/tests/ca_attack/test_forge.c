/* SPDX-License-Identifier: Apache-2.0 */
/* Every request of the table is what it says it is: read with OpenSSL, not with the code that made
 * it. */
#include "rig/ca_attack/attack.h"
#include "rig/tests/ca/fixture.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <string.h>

#define DEVICE "rig-02ca00000001"
#define OTHER "rig-02ca00000002"
#define SERVER "srv.rig.test"

static const struct rig_attack_names names = {
    .device = DEVICE,
    .other = OTHER,
    .server = SERVER,
    .organization = "WiseFido Inc",
    .country = "US",
    .late = "2030-01-02T03:04:05Z",
};

struct forged {
    struct rig_attack_request prelude;
    struct rig_attack_request request;
    X509_REQ *csr; /* what OpenSSL reads; NULL: nothing */
    X509_REQ *first;
};

static struct rig_attack_forge *forge;
static struct rig_error error;

static X509_REQ *read_pem(const struct rig_buf *pem)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509_REQ *csr = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

    rig_pki_begin();
    return csr;
}

static struct forged make(const char *name)
{
    const struct rig_attack *attack = rig_attack_find(name);
    struct forged made = {0};

    assert_non_null(attack);
    fx_ok(rig_attack_build(forge, attack, &made.prelude, &made.request, &error), &error);
    made.csr = read_pem(&made.request.bytes);
    made.first = made.prelude.bytes.len != 0 ? read_pem(&made.prelude.bytes) : NULL;
    return made;
}

static void drop(struct forged *made)
{
    X509_REQ_free(made->csr);
    X509_REQ_free(made->first);
    rig_attack_request_free(&made->prelude);
    rig_attack_request_free(&made->request);
}

static int verifies(X509_REQ *csr)
{
    const int result = X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr));

    rig_pki_begin();
    return result;
}

static BIGNUM *number(X509_REQ *csr, const char *which)
{
    BIGNUM *value = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(X509_REQ_get0_pubkey(csr), which, &value), 1);
    return value;
}

static void cn_is(X509_REQ *csr, int which, const char *text, size_t len)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(csr);
    int at = -1;

    for (int i = 0; i <= which; i++) {
        at = X509_NAME_get_index_by_NID(subject, NID_commonName, at);
    }
    assert_true(at >= 0);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    assert_int_equal(ASN1_STRING_length(value), len);
    assert_memory_equal(ASN1_STRING_get0_data(value), text, len);
}

static int digest_of(X509_REQ *csr)
{
    int digest = NID_undef;

    assert_int_equal(OBJ_find_sigid_algs(X509_REQ_get_signature_nid(csr), &digest, NULL), 1);
    return digest;
}

/* Everything ---------------------------------------------------------------------------------- */

static void every_attack_is_complete(void **state)
{
    (void)state;
    assert_true(rig_attack_count() > 60);
    assert_null(rig_attack_at(rig_attack_count()));
    assert_null(rig_attack_find("no-such-attack"));
    for (size_t i = 0; i < rig_attack_count(); i++) {
        const struct rig_attack *attack = rig_attack_at(i);

        assert_ptr_equal(rig_attack_find(attack->name), attack); /* names are unique */
        assert_true(strlen(attack->name) < 40);
        assert_true(strlen(attack->title) > 8 && strlen(attack->title) < 96);
        assert_true(strlen(attack->meaning) > 20 && strlen(attack->remedy) > 20);
        assert_true(attack->danger.what != 0);
        assert_true((attack->danger.what & RIG_DANGER_NAME) == 0 ||
                    attack->danger.markers[0] != NULL);
        assert_true((attack->danger.what & RIG_DANGER_PURPOSE) == 0 ||
                    OBJ_sn2nid(attack->danger.purpose) != NID_undef);
    }
}

/* One flaw at a time: whatever is not wrong in its form is well signed, by the key whose hash is
 * told. Exponents 1 and 2 are below what OpenSSL verifies; see rsa_exponents. */
static void every_request_is_sound_but_for_its_flaw(void **state)
{
    (void)state;
    for (size_t i = 0; i < rig_attack_count(); i++) {
        const struct rig_attack *attack = rig_attack_at(i);
        struct forged made = make(attack->name);
        uint8_t spki_sha256[RIG_SHA256_SIZE];

        assert_true(made.request.bytes.len > 0);
        assert_non_null(made.request.sender);
        assert_int_equal(made.prelude.bytes.len != 0, attack->recipe.prelude != RIG_ATTACK_ALONE);
        if (attack->recipe.form == RIG_ATTACK_PEM) {
            assert_non_null(made.csr);
            fx_ok(rig_pki_spki_sha256(X509_REQ_get_X509_PUBKEY(made.csr), spki_sha256, &error),
                  &error);
            assert_memory_equal(spki_sha256, made.request.spki_sha256, RIG_SHA256_SIZE);
        }
        if (attack->recipe.form == RIG_ATTACK_PEM && attack->recipe.key != RIG_ATTACK_KEY_RSA_E1 &&
            attack->recipe.key != RIG_ATTACK_KEY_RSA_E2 && verifies(made.csr) != 1) {
            fail_msg("%s does not verify", attack->name);
        }
        drop(&made);
    }
}

/* Keys ---------------------------------------------------------------------------------------- */

static void rsa_sizes(void **state)
{
    static const struct {
        const char *name;
        int bits;
    } sizes[] = {{"rsa-1024", 1024}, {"rsa-3072", 3072}, {"rsa-4096", 4096}};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct forged made = make(sizes[i].name);

        assert_int_equal(EVP_PKEY_get_base_id(X509_REQ_get0_pubkey(made.csr)), EVP_PKEY_RSA);
        assert_int_equal(EVP_PKEY_get_bits(X509_REQ_get0_pubkey(made.csr)), sizes[i].bits);
        drop(&made);
    }
}

/* The signature to the power of e is the padded SHA-2 of what was signed: by hand, since OpenSSL
 * does not verify with every exponent. */
static void check_power(X509_REQ *csr, unsigned long exponent)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *n = number(csr, OSSL_PKEY_PARAM_RSA_N);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *e = number(csr, OSSL_PKEY_PARAM_RSA_E);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *s = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    BN_CTX *ctx = BN_CTX_new();
    uint8_t padded[256];
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned n_hash = 0;
    uint8_t *tbs = NULL;
    const int n_tbs = i2d_re_X509_REQ_tbs(csr, &tbs);

    assert_int_equal(BN_num_bits(n), 2048);
    assert_true(BN_is_word(e, exponent));
    X509_REQ_get0_signature(csr, &signature, NULL);
    s = BN_bin2bn(ASN1_STRING_get0_data(signature), ASN1_STRING_length(signature), NULL);
    assert_true(BN_cmp(s, n) < 0);
    assert_int_equal(BN_mod_exp(s, s, e, n, ctx), 1);
    assert_int_equal(BN_bn2binpad(s, padded, sizeof padded), sizeof padded);
    assert_int_equal(
        EVP_Digest(tbs, (size_t)n_tbs, hash, &n_hash, EVP_get_digestbynid(digest_of(csr)), NULL),
        1);
    assert_memory_equal(padded, "\x00\x01\xFF\xFF", 4);
    assert_memory_equal(padded + sizeof padded - n_hash, hash, n_hash);
    OPENSSL_free(tbs);
    BN_CTX_free(ctx);
}

static void rsa_exponents(void **state)
{
    static const struct {
        const char *name;
        unsigned long exponent;
    } exponents[] = {{"rsa-e1", 1}, {"rsa-even-e", 2}, {"rsa-e3", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
        struct forged made = make(exponents[i].name);

        check_power(made.csr, exponents[i].exponent);
        drop(&made);
    }
}

/* raised to the order of the group that 65537 makes modulo `prime`, a member becomes 1 */
static void check_member(const BIGNUM *n, unsigned long prime)
{
    unsigned long raised = 1;
    unsigned long power = 1;

    do {
        power = power * 65537 % prime;
        raised = raised * (unsigned long)BN_mod_word(n, prime) % prime;
    } while (power != 1);
    assert_int_equal(raised, 1);
}

static void rsa_roca(void **state)
{
    struct forged made = make("rsa-roca");
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *n = number(made.csr, OSSL_PKEY_PARAM_RSA_N);
    const struct rig_csr_rules rules = {.key_type = RIG_KEY_RSA_2048,
                                        .common_name = DEVICE,
                                        .organization = "WiseFido Inc",
                                        .country = "US"};
    uint8_t spki_sha256[RIG_SHA256_SIZE];

    (void)state;
    assert_int_equal(BN_num_bits(n), 2048);
    for (unsigned long prime = 3; prime <= 701; prime += 2) {
        bool is_prime = true;

        for (unsigned long by = 3; by * by <= prime; by += 2) {
            is_prime = is_prime && prime % by != 0;
        }
        if (is_prime) {
            check_member(n, prime);
        }
    }
    fx_failed(
        rig_csr_check(made.request.der.data, made.request.der.len, &rules, spki_sha256, &error),
        &error, RIG_CLASS_DEVICE, RIG_E_POLICY, "CVE-2017-15361");
    drop(&made);
}

static void rsa_shared_prime(void **state)
{
    struct forged made = make("rsa-shared-prime");
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *n = number(made.csr, OSSL_PKEY_PARAM_RSA_N);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *m = number(made.first, OSSL_PKEY_PARAM_RSA_N);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *common = BN_new();
    BN_CTX *ctx = BN_CTX_new();

    (void)state;
    assert_int_not_equal(BN_cmp(n, m), 0);
    assert_int_equal(BN_gcd(common, n, m, ctx), 1);
    assert_int_equal(BN_num_bits(common), 1024);
    assert_int_equal(BN_check_prime(common, ctx, NULL), 1);
    cn_is(made.csr, 0, DEVICE, strlen(DEVICE));
    cn_is(made.first, 0, OTHER, strlen(OTHER));
    BN_CTX_free(ctx);
    drop(&made);
}

static void other_keys(void **state)
{
    static const struct {
        const char *name;
        int id;
        const char *group;
    } keys[] = {
        {"rsa-pss-key", EVP_PKEY_RSA_PSS, NULL}, {"p-224", EVP_PKEY_EC, "secp224r1"},
        {"p-256", EVP_PKEY_EC, "prime256v1"},    {"p-384", EVP_PKEY_EC, "secp384r1"},
        {"secp256k1", EVP_PKEY_EC, "secp256k1"}, {"brainpool-p256", EVP_PKEY_EC, "brainpoolP256r1"},
        {"ed25519", EVP_PKEY_ED25519, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct forged made = make(keys[i].name);
        const EVP_PKEY *key = X509_REQ_get0_pubkey(made.csr);
        char group[40] = "";
        size_t len = 0;

        assert_int_equal(EVP_PKEY_get_base_id(key), keys[i].id);
        if (keys[i].group != NULL) {
            assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof group, &len), 1);
            assert_string_equal(group, keys[i].group);
        }
        drop(&made);
    }
}

/* Form ---------------------------------------------------------------------------------------- */

static void signatures(void **state)
{
    struct forged broken = make("broken-signature");
    struct forged tampered = make("tampered-csr");
    struct forged sha1 = make("sha1-signature");
    struct forged md5 = make("md5-signature");

    (void)state;
    assert_int_not_equal(verifies(broken.csr), 1);
    cn_is(broken.csr, 0, DEVICE, strlen(DEVICE));
    assert_int_not_equal(verifies(tampered.csr), 1);
    cn_is(tampered.csr, 0, OTHER, strlen(OTHER));
    assert_int_equal(digest_of(sha1.csr), NID_sha1);
    assert_int_equal(digest_of(md5.csr), NID_md5);
    drop(&broken);
    drop(&tampered);
    drop(&sha1);
    drop(&md5);
}

static size_t bytes_behind_csr(const struct rig_buf *der)
{
    const uint8_t *at = der->data;
    X509_REQ *read = d2i_X509_REQ(NULL, &at, (long)der->len);

    assert_non_null(read);
    X509_REQ_free(read);
    return (size_t)(der->data + der->len - at);
}

static void forms(void **state)
{
    struct forged der = make("der-not-pem");
    struct forged none = make("not-a-csr");
    struct forged behind = make("trailing-der");
    struct forged text = make("trailing-text");
    struct forged two = make("two-pem-blocks");
    struct forged label = make("wrong-pem-label");
    struct forged large = make("csr-of-1-mb");
    struct forged *const all[] = {&der, &none, &behind, &text, &two, &label, &large};

    (void)state;
    assert_null(der.csr);
    assert_int_equal(bytes_behind_csr(&der.request.bytes), 0);
    assert_null(none.csr);
    assert_int_equal(bytes_behind_csr(&behind.request.der), 10);
    assert_non_null(text.csr);
    assert_int_equal(fx_count(rig_buf_text(&text.request.bytes), "behind the block"), 1);
    assert_int_equal(fx_count(rig_buf_text(&two.request.bytes), "-----BEGIN CERTIFICATE REQUEST"),
                     2);
    cn_is(two.csr, 0, DEVICE, strlen(DEVICE));
    assert_int_equal(fx_count(rig_buf_text(&label.request.bytes), "-----BEGIN CERTIFICATE-----"),
                     1);
    assert_null(label.csr);
    assert_true(large.request.der.len > (size_t)1 << 20);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        drop(all[i]);
    }
}

/* Names --------------------------------------------------------------------------------------- */

static void common_names(void **state)
{
    static const struct {
        const char *name;
        const char *cn;
        size_t len;
    } cns[] = {
        {"cn-server", SERVER, sizeof SERVER - 1},
        {"cn-localhost", "localhost", 9},
        {"cn-wildcard", "*." SERVER, sizeof SERVER + 1},
        {"cn-email", "admin@attack.test", 17},
        {"cn-other-device", OTHER, sizeof OTHER - 1},
        {"cn-space", DEVICE " x", sizeof DEVICE + 1},
        {"cn-underscore", DEVICE "_x", sizeof DEVICE + 1},
        {"cn-control", DEVICE "\x1B[2J\r\n", sizeof DEVICE + 5},
        {"cn-nul", SERVER "\0." DEVICE, sizeof SERVER + sizeof DEVICE},
        {"cn-non-ascii", DEVICE "-\xC3\xBC", sizeof DEVICE + 2},
        {"cn-homograph", DEVICE "\xD0\xB0", sizeof DEVICE + 1},
        {"cn-empty", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cns / sizeof *cns; i++) {
        struct forged made = make(cns[i].name);

        cn_is(made.csr, 0, cns[i].cn, cns[i].len);
        drop(&made);
    }
}

static void odd_subjects(void **state)
{
    struct forged missing = make("cn-missing");
    struct forged two = make("two-cns");
    struct forged reversed = make("two-cns-reversed");
    struct forged serial = make("subject-serial-number");
    struct forged extra = make("subject-extra-fields");
    struct forged longer = make("cn-too-long");
    struct forged *const all[] = {&missing, &two, &reversed, &serial, &extra, &longer};
    char text[256];

    (void)state;
    assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(missing.csr)), 0);
    cn_is(two.csr, 0, DEVICE, strlen(DEVICE));
    cn_is(two.csr, 1, SERVER, strlen(SERVER));
    cn_is(reversed.csr, 0, SERVER, strlen(SERVER));
    cn_is(reversed.csr, 1, DEVICE, strlen(DEVICE));
    assert_true(X509_NAME_get_index_by_NID(X509_REQ_get_subject_name(serial.csr), NID_serialNumber,
                                           -1) >= 0);
    rig_pki_name_text(X509_REQ_get_subject_name(extra.csr), text, sizeof text);
    assert_non_null(strstr(text, "OU=Attack Administrators"));
    assert_non_null(strstr(text, "O=Attack Corporation"));
    assert_non_null(strstr(text, "C=ZZ"));
    assert_true(X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(longer.csr), NID_commonName,
                                          NULL, 0) > 64);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        drop(all[i]);
    }
}

static void alternative_names_of_each_kind(void **state)
{
    static const struct {
        const char *name;
        int type;
        int n;
    } sans[] = {
        {"san-dns-server", GEN_DNS, 1},   {"san-dns-other-device", GEN_DNS, 1},
        {"san-dns-wildcard", GEN_DNS, 1}, {"san-ip", GEN_IPADD, 1},
        {"san-uri", GEN_URI, 1},          {"san-other-name", GEN_OTHERNAME, 1},
        {"san-upn", GEN_OTHERNAME, 1},    {"san-email", GEN_EMAIL, 1},
        {"10000-sans", GEN_DNS, 10000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sans / sizeof *sans; i++) {
        struct forged made = make(sans[i].name);
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(made.csr);
        GENERAL_NAMES *found = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

        assert_int_equal(sk_GENERAL_NAME_num(found), sans[i].n);
        assert_int_equal(sk_GENERAL_NAME_value(found, 0)->type, sans[i].type);
        GENERAL_NAMES_free(found);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        drop(&made);
    }
}

static void purposes(void **state)
{
    static const struct {
        const char *name;
        int nid;
        const char *value;
    } asked[] = {
        {"ca-true", NID_basic_constraints, "CA:TRUE"},
        {"key-cert-sign", NID_key_usage, "Certificate Sign, CRL Sign"},
        {"eku-code-signing", NID_ext_key_usage, "Code Signing"},
        {"eku-ocsp-signing", NID_ext_key_usage, "OCSP Signing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct forged made = make(asked[i].name);
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(made.csr);
        RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
        char text[200] = "";
        const int at = X509v3_get_ext_by_NID(extensions, asked[i].nid, -1);

        assert_true(at >= 0);
        assert_int_equal(X509V3_EXT_print(bio, sk_X509_EXTENSION_value(extensions, at), 0, 0), 1);
        assert_true(BIO_read(bio, text, sizeof text - 1) > 0);
        assert_non_null(strstr(text, asked[i].value));
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        drop(&made);
    }
}

static void whose_key_it_is(void **state)
{
    struct forged twice = make("same-csr-twice");
    struct forged shared = make("same-key-two-devices");
    struct forged replay = make("replay");

    (void)state;
    assert_int_equal(twice.request.bytes.len, twice.prelude.bytes.len);
    assert_memory_equal(twice.request.bytes.data, twice.prelude.bytes.data,
                        twice.prelude.bytes.len);
    assert_string_equal(twice.prelude.sender, DEVICE);
    assert_string_equal(twice.request.sender, DEVICE);
    cn_is(twice.csr, 0, DEVICE, strlen(DEVICE));
    assert_memory_equal(shared.request.spki_sha256, shared.prelude.spki_sha256, RIG_SHA256_SIZE);
    cn_is(shared.csr, 0, DEVICE, strlen(DEVICE));
    cn_is(shared.first, 0, OTHER, strlen(OTHER));
    assert_string_equal(shared.prelude.sender, OTHER);
    cn_is(replay.csr, 0, OTHER, strlen(OTHER));
    assert_string_equal(replay.prelude.sender, OTHER);
    assert_string_equal(replay.request.sender, DEVICE);
    drop(&twice);
    drop(&shared);
    drop(&replay);
}

static int open_forge(void **state)
{
    (void)state;
    return rig_attack_forge_open(&names, RIG_KEY_RSA_2048, &forge, &error).ok ? 0 : -1;
}

static int close_forge(void **state)
{
    (void)state;
    rig_attack_forge_close(forge);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attack_is_complete),
        cmocka_unit_test(every_request_is_sound_but_for_its_flaw),
        cmocka_unit_test(rsa_sizes),
        cmocka_unit_test(rsa_exponents),
        cmocka_unit_test(rsa_roca),
        cmocka_unit_test(rsa_shared_prime),
        cmocka_unit_test(other_keys),
        cmocka_unit_test(signatures),
        cmocka_unit_test(forms),
        cmocka_unit_test(common_names),
        cmocka_unit_test(odd_subjects),
        cmocka_unit_test(alternative_names_of_each_kind),
        cmocka_unit_test(purposes),
        cmocka_unit_test(whose_key_it_is),
    };
    return cmocka_run_group_tests(tests, open_forge, close_forge);
}
