/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real OpenBao for tests: raft storage in a temporary folder, TLS on an ephemeral port of
 * 127.0.0.1, ends with the test. Fails the test by itself. One thread at a time.
 */
#ifndef RIG_TESTS_VAULT_BAO_H
#define RIG_TESTS_VAULT_BAO_H

#include "rig/base/child.h"
#include "rig/tests/vault/pki.h"
#include "rig/vault/client.h"

struct bao {
    struct test_pki pki;
    char program[512];
    char address[64];
    int port;
    char unseal_key[128];
    struct rig_buf root_token;
    struct rig_child child;
    struct rig_vault *root; /* logged in as root; NULL until bao_init */
};

/* 0, or the exit code for main: 77 with the reason on standard error when OpenBao can't be had. */
int bao_find(struct bao *bao);
/* Starts it and waits until it answers; uninitialized the first time, sealed later. */
void bao_start(struct bao *bao);
void bao_init(struct bao *bao);
void bao_unseal(struct bao *bao);
void bao_seal(struct bao *bao);
void bao_stop(struct bao *bao);
/* Stops it and removes its folder. */
void bao_remove(struct bao *bao);

/* The options of a client of it that logs in with `token` (NULL: another way). Secret owned by the
 * caller. */
struct rig_vault_options bao_options(const struct bao *bao, const char *token);
/* As root; the body is JSON text in single quotes for double ones, NULL: none. The caller frees the
 * reply. */
struct rig_vault_reply bao_do(struct bao *bao, enum rig_vault_method method, const char *path,
                              const char *body);
/* The same where the answer does not matter. */
void bao_post(struct bao *bao, const char *path, const char *body);
json_t *bao_json(const char *text);

#endif
