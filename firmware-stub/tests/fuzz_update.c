/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of chain updates: any bytes; all parts lie inside, one after another, to the end. */
#include <stdlib.h>

#include "firmware-stub/core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct agent_update update;
    mbedtls_x509_crt certs;
    size_t at = 0;

    if (!agent_update_parse(data, size, &update)) {
        return 0;
    }
    check(update.bytes == data && update.size_bytes == size && update.version != 0);
    check(update.n_chain >= 1 && update.n_chain <= AGENT_UPDATE_CHAIN_MAX);
    check(update.chain > data && update.signer == update.chain + update.chain_bytes);
    check(update.signature == update.signer + update.signer_bytes);
    check(update.signature == data + update.signed_bytes);
    check(update.signature + update.signature_bytes == data + size);
    for (unsigned i = 0; i < update.n_chain; i++) {
        size_t one = agent_der_size(update.chain + at, update.chain_bytes - at);
        check(one != 0);
        at += one;
    }
    check(at == update.chain_bytes);
    mbedtls_x509_crt_init(&certs);
    (void)agent_parse_der(update.chain, update.chain_bytes, &certs);
    mbedtls_x509_crt_free(&certs);
    return 0;
}
