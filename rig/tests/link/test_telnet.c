/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/telnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    char text[512];
};

static void add(struct heard *heard, const char *text)
{
    const size_t len = strlen(heard->text);

    assert_true(len + strlen(text) < sizeof heard->text);
    (void)snprintf(heard->text + len, sizeof heard->text - len, "%s", text);
}

static void negotiate(void *ctx, uint8_t verb, uint8_t option)
{
    char text[32];

    (void)snprintf(text, sizeof text, "n%u,%u ", verb, option);
    add(ctx, text);
}

static void subnegotiate(void *ctx, uint8_t option, const uint8_t *bytes, size_t n_bytes)
{
    char text[64];

    (void)snprintf(text, sizeof text, "s%u:", option);
    add(ctx, text);
    for (size_t i = 0; i < n_bytes; i++) {
        (void)snprintf(text, sizeof text, "%02x", bytes[i]);
        add(ctx, text);
    }
    add(ctx, " ");
}

static const struct rig_telnet_events events = {.negotiate = negotiate,
                                                .subnegotiate = subnegotiate};

static void expect(const char *in, size_t n_in, const char *data, const char *heard_text)
{
    for (size_t piece = 1; piece <= n_in; piece++) {
        struct heard heard = {""};
        struct rig_telnet telnet = {.events = &events, .ctx = &heard};
        char got[256];
        size_t n_got = 0;

        for (size_t at = 0; at < n_in; at += piece) {
            uint8_t bytes[256];
            const size_t n = n_in - at < piece ? n_in - at : piece;
            memcpy(bytes, in + at, n);
            const size_t n_data = rig_telnet_decode(&telnet, bytes, n);
            memcpy(got + n_got, bytes, n_data);
            n_got += n_data;
        }
        assert_int_equal(n_got, strlen(data));
        assert_memory_equal(got, data, n_got);
        assert_string_equal(heard.text, heard_text);
    }
}

#define EXPECT(in, data, heard) expect(in, sizeof(in) - 1, data, heard)

static void data_passes_and_escapes_vanish(void **state)
{
    (void)state;
    EXPECT("plain\r\n", "plain\r\n", "");
    EXPECT("a\xff\xff"
           "b",
           "a\xff"
           "b",
           "");
    EXPECT("a\xff\xf1"
           "b",
           "ab", ""); /* NOP */
}

static void commands_are_told(void **state)
{
    (void)state;
    EXPECT("x\xff\xfd\x2cy", "xy", "n253,44 ");
    EXPECT("\xff\xfa\x2c\x65\x01\xff\xff\x02\xff\xf0z", "z", "s44:6501ff02 ");
    EXPECT("\xff\xfa\xff\xf0z", "z", "");
    /* a lost SE does not swallow what follows */
    EXPECT("\xff\xfa\x2c\x6b\xff\xfb\x03z", "z", "s44:6b n251,3 ");
}

static void long_parameters_are_cut(void **state)
{
    uint8_t bytes[300];
    struct heard heard = {""};
    struct rig_telnet telnet = {.events = &events, .ctx = &heard};

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    bytes[0] = RIG_TELNET_IAC;
    bytes[1] = RIG_TELNET_SB;
    bytes[2] = 44;
    bytes[sizeof bytes - 3] = RIG_TELNET_IAC;
    bytes[sizeof bytes - 2] = RIG_TELNET_SE;
    bytes[sizeof bytes - 1] = 'z';
    assert_int_equal(rig_telnet_decode(&telnet, bytes, sizeof bytes), 1);
    assert_int_equal(bytes[0], 'z');
    assert_int_equal(strlen(heard.text), strlen("s44: ") + (size_t)2 * RIG_TELNET_SUB_MAX);
}

static void escaping_stops_where_the_room_ends(void **state)
{
    uint8_t out[4];
    size_t n_taken = 0;

    (void)state;
    assert_int_equal(rig_telnet_escape((const uint8_t *)"abc\xff", 4, out, 4, &n_taken), 3);
    assert_int_equal(n_taken, 3);
    assert_int_equal(rig_telnet_escape((const uint8_t *)"\xff\xff\xff", 3, out, 4, &n_taken), 4);
    assert_int_equal(n_taken, 2);
    assert_memory_equal(out, "\xff\xff\xff\xff", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_passes_and_escapes_vanish),
        cmocka_unit_test(commands_are_told),
        cmocka_unit_test(long_parameters_are_cut),
        cmocka_unit_test(escaping_stops_where_the_room_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
