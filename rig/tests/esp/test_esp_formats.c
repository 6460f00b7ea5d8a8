/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables and esp_secure_cert images: golden vectors and everything that can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig/esp/le.h"
#include "rig/esp/partition.h"
#include "rig/esp/secure_cert.h"

#include <openssl/evp.h>
#include <string.h>

static const struct rig_partition single_factory[] = {
    {.type = 1, .subtype = 2, .offset_bytes = 0x9000, .size_bytes = 0x6000, .label = "nvs"},
    {.type = 1, .subtype = 1, .offset_bytes = 0xF000, .size_bytes = 0x1000, .label = "phy_init"},
    {.type = 0, .subtype = 0, .offset_bytes = 0x10000, .size_bytes = 0x100000, .label = "factory"},
};

struct table_bytes {
    size_t n;
    uint8_t bytes[RIG_PARTITION_TABLE_SIZE];
};

static void table_start(struct table_bytes *table)
{
    table->n = 0;
    memset(table->bytes, 0xFF, sizeof table->bytes);
}

static void table_add(struct table_bytes *table, const struct rig_partition *entry)
{
    uint8_t *slot = table->bytes + table->n;

    memset(slot, 0, 32);
    slot[0] = 0xAA;
    slot[1] = 0x50;
    slot[2] = entry->type;
    slot[3] = entry->subtype;
    rig_le32_put(slot + 4, entry->offset_bytes);
    rig_le32_put(slot + 8, entry->size_bytes);
    memcpy(slot + 12, entry->label, 16);
    rig_le32_put(slot + 28, entry->flags);
    table->n += 32;
}

static void table_end(struct table_bytes *table, const char *md5_hex)
{
    struct rig_error err;
    uint8_t *slot = table->bytes + table->n;

    slot[0] = 0xEB;
    slot[1] = 0xEB;
    assert_true(rig_hex_parse(md5_hex, slot + 16, 16, &err).ok);
    table->n += 32;
}

static void default_table(struct table_bytes *table)
{
    table_start(table);
    for (size_t i = 0; i < 3; i++) {
        table_add(table, &single_factory[i]);
    }
    table_end(table, "f4ad4f4538564b5d7435b62c75b69524");
}

static void the_default_table_is_read(void **state)
{
    struct table_bytes bytes;
    struct rig_partition_table table;
    struct rig_error err;
    const struct rig_partition *factory;

    (void)state;
    default_table(&bytes);
    assert_true(rig_partition_parse(bytes.bytes, sizeof bytes.bytes, &table, &err).ok);
    assert_int_equal(table.n, 3);
    assert_true(table.has_md5);
    factory = rig_partition_find(&table, 0, "factory");
    assert_non_null(factory);
    assert_int_equal(factory->offset_bytes, 0x10000);
    assert_int_equal(factory->size_bytes, 0x100000);
    assert_null(rig_partition_find(&table, 1, "factory"));
    assert_null(rig_partition_find(&table, 0, "fact"));
}

static void refuse(const struct table_bytes *bytes, enum rig_error_code code, const char *words)
{
    struct rig_partition_table table;
    struct rig_error err;

    assert_false(rig_partition_parse(bytes->bytes, sizeof bytes->bytes, &table, &err).ok);
    if (err.cls != RIG_CLASS_DEVICE || err.code != code || strstr(err.text, words) == NULL) {
        fail_msg("%s/%s: %s", rig_error_class_name(err.cls), rig_error_code_name(err.code),
                 err.text);
    }
}

static void refuse_entry(struct rig_partition entry, const char *words)
{
    struct table_bytes bytes;

    table_start(&bytes);
    table_add(&bytes, &single_factory[0]);
    table_add(&bytes, &entry);
    refuse(&bytes, RIG_E_INVALID, words);
}

static void damaged_tables_are_refused(void **state)
{
    struct table_bytes bytes;
    struct rig_partition extra = {.type = 1, .offset_bytes = 0x200000, .size_bytes = 0x1000};

    (void)state;
    table_start(&bytes);
    refuse(&bytes, RIG_E_NOT_FOUND, "blank");
    default_table(&bytes);
    bytes.bytes[44] ^= 1;
    refuse(&bytes, RIG_E_INVALID, "MD5 is wrong");
    default_table(&bytes);
    table_add(&bytes, &extra);
    refuse(&bytes, RIG_E_INVALID, "follow its MD5");
    default_table(&bytes);
    bytes.bytes[64] = 0xE9;
    refuse(&bytes, RIG_E_INVALID, "slot 2 is no entry");
    memset(bytes.bytes, 0, sizeof bytes.bytes);
    refuse(&bytes, RIG_E_INVALID, "slot 0 is no entry");

    refuse_entry(
        (struct rig_partition){
            .type = 0x3F, .offset_bytes = 0xE000, .size_bytes = 0x2000, .label = "esp_secure_cert"},
        "'esp_secure_cert' at 0xe000 overlaps 'nvs'");
    refuse_entry((struct rig_partition){.type = 1, .offset_bytes = 0x10010, .size_bytes = 0x1000},
                 "4 KiB sector");
    refuse_entry((struct rig_partition){.type = 0, .offset_bytes = 0x11000, .size_bytes = 0x1000},
                 "64 KiB");
    refuse_entry((struct rig_partition){.type = 1, .offset_bytes = 0x10000}, "is empty");
    refuse_entry(
        (struct rig_partition){.type = 1, .offset_bytes = 0xFFFFF000, .size_bytes = 0x2000},
        "beyond any flash");
}

static void a_full_table_has_95_entries(void **state)
{
    struct table_bytes bytes;
    struct rig_partition_table table;
    struct rig_error err;

    (void)state;
    table_start(&bytes);
    for (uint32_t i = 0; i < 95; i++) {
        table_add(&bytes, &(struct rig_partition){.type = 0x40,
                                                  .offset_bytes = 0x10000 + i * 0x1000,
                                                  .size_bytes = 0x1000,
                                                  .label = "sixteen letters!"});
    }
    assert_true(rig_partition_parse(bytes.bytes, sizeof bytes.bytes, &table, &err).ok);
    assert_int_equal(table.n, 95);
    assert_string_equal(table.entries[94].label, "sixteen letters!");
    table_add(&bytes, &(struct rig_partition){
                          .type = 0x40, .offset_bytes = 0x200000, .size_bytes = 0x1000});
    refuse(&bytes, RIG_E_INVALID, "more than 95");
}

static void a_tlv_entry_is_the_golden_bytes(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf image = {0};
    struct rig_error err;
    uint8_t golden[32];

    (void)state;
    assert_true(rig_hex_parse("11ba5eba0000000000000400414243000000000000000000"
                              "00000000b8173eaf",
                              golden, sizeof golden, &err)
                    .ok);
    assert_true(rig_secure_cert_append(&image, RIG_SECURE_CERT_CA_CERT, 0, "ABC", 4, &err).ok);
    assert_int_equal(image.len, sizeof golden);
    assert_memory_equal(image.data, golden, sizeof golden);
}

static void entries_are_padded_to_16_and_crc_covers_them(void **state)
{
    uint8_t der[64];

    (void)state;
    memset(der, 0x30, sizeof der);
    for (size_t n = 1; n <= sizeof der; n++) {
        RIG_AUTO(rig_buf_free) struct rig_buf image = {0};
        struct rig_error err;

        assert_true(rig_secure_cert_append(&image, RIG_SECURE_CERT_DEV_CERT, 3, der, n, &err).ok);
        assert_int_equal(image.len, 12 + (n + 15) / 16 * 16 + 4);
        assert_int_equal(rig_le32(image.data), 0xBA5EBA11);
        assert_int_equal(image.data[8], 1);
        assert_int_equal(image.data[9], 3);
        assert_int_equal(rig_le16(image.data + 10), n);
        assert_int_equal(rig_le32(image.data + image.len - 4),
                         rig_esp_crc32(image.data, image.len - 4));
    }
}

static void pem_gets_its_nul_once(void **state)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    RIG_AUTO(rig_buf_free) struct rig_buf one = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf two = {0};
    struct rig_error err;

    (void)state;
    assert_true(
        rig_secure_cert_append(&one, RIG_SECURE_CERT_DEV_CERT, 0, pem, sizeof pem - 1, &err).ok);
    assert_true(
        rig_secure_cert_append(&two, RIG_SECURE_CERT_DEV_CERT, 0, pem, sizeof pem, &err).ok);
    assert_int_equal(rig_le16(one.data + 10), sizeof pem);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
}

static void keys_and_nonsense_are_refused(void **state)
{
    static const char key[] =
        "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n";
    static uint8_t big[70000];
    RIG_AUTO(rig_buf_free) struct rig_buf image = {0};
    struct rig_error err;

    (void)state;
    assert_false(
        rig_secure_cert_append(&image, RIG_SECURE_CERT_DEV_CERT, 0, key, sizeof key - 1, &err).ok);
    assert_int_equal(err.code, RIG_E_KEY_LEAK);
    assert_false(rig_secure_cert_append(&image, RIG_SECURE_CERT_DEV_CERT, 0, "", 0, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_false(
        rig_secure_cert_append(&image, RIG_SECURE_CERT_DEV_CERT, 0, big, sizeof big, &err).ok);
    assert_false(rig_secure_cert_append(&image, (enum rig_secure_cert_type)2, 0, "x", 1, &err).ok);
    assert_false(rig_secure_cert_append(&image, RIG_SECURE_CERT_CA_CERT, 255, "x", 1, &err).ok);
    assert_int_equal(image.len, 0);
}

static void an_image_is_sealed_and_fills_its_partition(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf image = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf small = {0};
    struct rig_error err;
    uint8_t sha256[EVP_MAX_MD_SIZE];

    (void)state;
    assert_true(rig_secure_cert_append(&small, RIG_SECURE_CERT_CA_CERT, 0, "ABC", 4, &err).ok);
    assert_false(rig_secure_cert_finish(&small, 79, &err).ok);
    assert_int_equal(err.code, RIG_E_NO_SPACE);
    assert_non_null(strstr(err.text, "1 too many"));
    assert_true(rig_secure_cert_append(&image, RIG_SECURE_CERT_CA_CERT, 0, "ABC", 4, &err).ok);
    assert_int_equal(EVP_Digest(image.data, 32, sha256, NULL, EVP_sha256(), NULL), 1);
    assert_true(rig_secure_cert_finish(&image, 0x2000, &err).ok);
    assert_int_equal(image.len, 0x2000);
    assert_int_equal(rig_le32(image.data + 32), 0xBA5EBA11);
    assert_int_equal(image.data[32 + 8], 9);
    assert_memory_equal(image.data + 32 + 12, sha256, 32);
    assert_int_equal(rig_le32(image.data + 76), rig_esp_crc32(image.data + 32, 44));
    assert_int_equal(image.data[80], 0xFF);
    assert_int_equal(image.data[0x1FFF], 0xFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_table_is_read),
        cmocka_unit_test(damaged_tables_are_refused),
        cmocka_unit_test(a_full_table_has_95_entries),
        cmocka_unit_test(a_tlv_entry_is_the_golden_bytes),
        cmocka_unit_test(entries_are_padded_to_16_and_crc_covers_them),
        cmocka_unit_test(pem_gets_its_nul_once),
        cmocka_unit_test(keys_and_nonsense_are_refused),
        cmocka_unit_test(an_image_is_sealed_and_fills_its_partition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
