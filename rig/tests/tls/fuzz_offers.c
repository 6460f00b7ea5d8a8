/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes for the body of a ClientHello: what is said to be there came from them, within its
 * bounds, and nothing that stands for nothing. */
#include "rig/tls/ciphers.h"
#include "rig/tls/offers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held) {
        abort();
    }
}

static bool came_from(const uint8_t *data, size_t size, uint16_t number)
{
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};

    return memmem(data, size, bytes, sizeof bytes) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_tls_offers offers;
    const bool good = rig_tls_offers_read(data, size, &offers);
    char text[RIG_TLS_CIPHER_TEXT_SIZE];

    require(offers.n_versions <= RIG_TLS_OFFERED_VERSIONS_MAX);
    require(offers.n_ciphers <= RIG_TLS_OFFERED_CIPHERS_MAX);
    require(good || (offers.n_versions == 0 && offers.n_ciphers == 0 && !offers.cut));
    for (size_t i = 0; i < offers.n_versions; i++) {
        require(came_from(data, size, offers.versions[i]));
    }
    for (size_t i = 0; i < offers.n_ciphers; i++) {
        const uint16_t number = offers.ciphers[i];

        require(came_from(data, size, number));
        require(!rig_tls_is_grease(number) && number != 0x00ff && number != 0x5600);
        rig_tls_cipher_text(number, text);
        require(memchr(text, '\0', sizeof text) != NULL);
    }
    return 0;
}
