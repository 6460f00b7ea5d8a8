/* SPDX-License-Identifier: Apache-2.0 */
/* A host's talk with a fake board, and what it expects of the replies; a wrong reply fails the
 * test. */
#ifndef RIG_AGENT_DIALOGUE_H
#define RIG_AGENT_DIALOGUE_H

#include <openssl/x509.h>

#include "fake_board.h"

struct dialogue {
    struct fake_board board;
    struct fake_reply reply; /* the last one */
    char value[AGENT_LINE_MAX_BYTES];
};

void ask(struct dialogue *d, const char *text);
void expect_ok(struct dialogue *d, const char *text);
void expect_err(struct dialogue *d, const char *text, const char *code);
/* Value of the last reply, valid until the next call. */
const char *get(struct dialogue *d, const char *key);
void expect(struct dialogue *d, const char *key, const char *wanted);
void expect_sha256(struct dialogue *d, const char *key, const void *data, size_t size);

void hex_sha256(const void *data, size_t size, char out[65]);
/* slot-begin and all slot-writes. */
void upload(struct dialogue *d, const void *data, size_t chain_bytes, size_t roots_bytes);
/* The same with a slot-begin of the caller's own. */
void upload_after(struct dialogue *d, const char *begin, const void *data, size_t total);
/* slot-commit with the right hash; the reply is not judged. */
void commit(struct dialogue *d, const void *data, size_t size);

/* The CSR of the reply's data lines, parsed by OpenSSL; the caller frees it. */
X509_REQ *csr_of_reply(struct dialogue *d);

#endif
