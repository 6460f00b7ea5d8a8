/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP(S) server inside the test process that answers as the test says, also wrongly: a thread
 * accepts, a thread per connection reads requests and asks `answer` what to do. Keeps connections
 * alive. Fails the test by itself when it can't be set up.
 */
#ifndef RIG_TESTS_VAULT_SERVER_H
#define RIG_TESTS_VAULT_SERVER_H

#include "rig/tests/vault/pki.h"

#include <stdbool.h>
#include <stddef.h>

struct test_request {
    unsigned number; /* 1, 2, ... of this server */
    char method[16];
    char path[256];
    char head[4096]; /* request line and headers */
    char body[8192];
    size_t body_len;
};

enum test_misdeed {
    TEST_BEHAVE = 0,
    TEST_DROP,      /* close without a byte */
    TEST_HANG,      /* never answer */
    TEST_CUT_HEAD,  /* close in the middle of the headers */
    TEST_CUT_BODY,  /* close in the middle of the body */
    TEST_HUGE,      /* a body without end */
    TEST_HUGE_HEAD, /* headers without end */
    TEST_NOT_HTTP,  /* something else altogether */
};

struct test_answer {
    int status;               /* 0: 200 */
    const char *content_type; /* NULL: application/json */
    const char *headers;      /* more of them, each with \r\n; may be NULL */
    char body[4096];
    size_t body_len; /* 0: it is a text */
    enum test_misdeed misdeed;
    bool close; /* after the answer */
};

/* Called by one thread at a time. */
typedef void test_answer_fn(void *ctx, const struct test_request *request,
                            struct test_answer *answer);

struct test_server;

/* `pki` NULL: plain HTTP. `port` 0: any. `ask_client` asks for a client certificate of its CA. */
struct test_server *test_server_start(const struct test_pki *pki, int port, bool ask_client,
                                      test_answer_fn *answer, void *ctx);
void test_server_stop(struct test_server *server);
/* "https://127.0.0.1:PORT" */
const char *test_server_address(const struct test_server *server);
int test_server_port(const struct test_server *server);
unsigned test_server_connections(struct test_server *server);
unsigned test_server_requests(struct test_server *server);

#endif
