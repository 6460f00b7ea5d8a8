/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/base64.h>

#include "firmware-stub/core/core.h"

void ask(struct dialogue *d, const char *text)
{
    fake_host_ask(&d->board, text, &d->reply);
}

void expect_err(struct dialogue *d, const char *text, const char *code)
{
    ask(d, text);
    assert_memory_equal(d->reply.end, "err ", 4);
    assert_true(fake_has(d->reply.end, "code", code));
}

void expect_ok(struct dialogue *d, const char *text)
{
    ask(d, text);
    if (memcmp(d->reply.end, "ok ", 3) != 0) {
        fail_msg("%s: %s", text, d->reply.end);
    }
}

const char *get(struct dialogue *d, const char *key)
{
    const char *found = fake_reply_value(&d->reply, key, d->value);

    if (found == NULL) {
        fail_msg("no %s in the reply; end: %s", key, d->reply.end);
    }
    return found;
}

void expect(struct dialogue *d, const char *key, const char *wanted)
{
    const char *found = get(d, key);

    if (strcmp(found, wanted) != 0) {
        fail_msg("%s=%s, expected %s; end: %s", key, found, wanted, d->reply.end);
    }
}

void hex_sha256(const void *data, size_t size, char out[65])
{
    uint8_t digest[32];

    assert_int_equal(agent_sha256(data, size, digest), 0);
    agent_hex(out, digest, sizeof digest);
}

void expect_sha256(struct dialogue *d, const char *key, const void *data, size_t size)
{
    char hex[65];

    hex_sha256(data, size, hex);
    expect(d, key, hex);
}

void upload(struct dialogue *d, const void *data, size_t chain_bytes, size_t roots_bytes)
{
    char begin[64];

    (void)snprintf(begin, sizeof begin, "slot-begin chain=%zu roots=%zu", chain_bytes, roots_bytes);
    upload_after(d, begin, data, chain_bytes + roots_bytes);
}

void upload_after(struct dialogue *d, const char *begin, const void *data, size_t total)
{
    char command[AGENT_LINE_MAX_BYTES];

    expect_ok(d, begin);
    for (size_t at = 0; at < total; at += AGENT_DATA_MAX_BYTES) {
        size_t n = total - at < AGENT_DATA_MAX_BYTES ? total - at : AGENT_DATA_MAX_BYTES;
        size_t written = 0;
        int size = snprintf(command, sizeof command, "slot-write offset=%zu data=", at);
        assert_int_equal(mbedtls_base64_encode((unsigned char *)command + size,
                                               sizeof command - (size_t)size, &written,
                                               (const unsigned char *)data + at, n),
                         0);
        expect_ok(d, command);
    }
}

void commit(struct dialogue *d, const void *data, size_t size)
{
    char command[128] = "slot-commit sha256=";

    hex_sha256(data, size, command + strlen(command));
    ask(d, command);
}

X509_REQ *csr_of_reply(struct dialogue *d)
{
    uint8_t der[4096];
    size_t size = 0;

    for (unsigned i = 0; i < d->reply.n_lines; i++) {
        size_t n = 0;
        assert_int_equal(strtoul(fake_value(d->reply.lines[i], "offset", d->value), NULL, 10),
                         size);
        (void)fake_value(d->reply.lines[i], "data", d->value);
        assert_int_equal(mbedtls_base64_decode(der + size, sizeof der - size, &n,
                                               (const unsigned char *)d->value, strlen(d->value)),
                         0);
        size += n;
    }
    assert_int_equal(strtoul(fake_value(d->reply.end, "bytes", d->value), NULL, 10), size);
    const unsigned char *at = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)size);
    assert_non_null(request);
    assert_ptr_equal(at, der + size);
    return request;
}
