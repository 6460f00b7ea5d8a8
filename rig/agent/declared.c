/* SPDX-License-Identifier: Apache-2.0 */
/* What a board's hello declares that its ClientHello may list. */
#include "rig/agent/client.h"

#include <string.h>

#define NUMBER_DIGITS 4

bool rig_agent_declares_version(const struct rig_agent_hello *hello, uint16_t version)
{
    switch (version) {
    case RIG_TLS_1_0:
        return hello->tls10;
    case RIG_TLS_1_1:
        return hello->tls11;
    case RIG_TLS_1_2:
        return hello->tls12;
    case RIG_TLS_1_3:
        return hello->tls13;
    default:
        return false;
    }
}

bool rig_agent_declares_cipher(const struct rig_agent_hello *hello, uint16_t number)
{
    for (size_t i = 0; i < hello->n_ciphers; i++) {
        if (hello->ciphers[i] == number) {
            return true;
        }
    }
    return false;
}

static rig_result read_list(const char *list, struct rig_agent_hello *hello, struct rig_error *err)
{
    for (const char *at = list;; at += NUMBER_DIGITS + 1) {
        const size_t n = strcspn(at, ",");
        char digits[NUMBER_DIGITS + 1] = "";
        uint8_t bytes[2] = {0};
        struct rig_error ignored;
        uint16_t number;

        if (n == NUMBER_DIGITS) {
            memcpy(digits, at, n);
        }
        if (!rig_hex_parse(digits, bytes, sizeof bytes, &ignored).ok) {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                            "the reply to 'hello' has a wrong ciphers=: '%.20s' does not begin "
                            "with a number of four hex digits",
                            at);
        }
        number = (uint16_t)(bytes[0] << 8 | bytes[1]);
        if (!rig_agent_declares_cipher(hello, number)) {
            if (hello->n_ciphers == RIG_AGENT_CIPHERS_MAX) {
                return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                                "the reply to 'hello' declares more than %d cipher suites",
                                RIG_AGENT_CIPHERS_MAX);
            }
            hello->ciphers[hello->n_ciphers++] = number;
        }
        if (at[n] == '\0') {
            return RIG_DONE;
        }
    }
}

rig_result rig_agent_read_ciphers(const struct rig_agent_reply *reply,
                                  struct rig_agent_hello *hello, struct rig_error *err)
{
    for (size_t i = 0; i < reply->n_lines; i++) {
        const char *list = rig_agent_frame_value(&reply->lines[i], "ciphers");

        if (list != NULL) {
            RIG_TRY(read_list(list, hello, err));
        }
    }
    return RIG_DONE;
}
