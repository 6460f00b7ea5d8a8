/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/vault/bao.h"

#include "rig/base/file.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define WAIT rig_wait_ms(60000, NULL)

int bao_find(struct bao *bao)
{
    const char *source = getenv("RIG_SOURCE");
    const char *build = getenv("RIG_BUILD");
    RIG_AUTO(rig_free_chars) char *script = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_error error = {0};
    struct rig_child child;
    int status = 1;

    if (source == NULL || build == NULL ||
        !rig_path_join(source, "ci/openbao", &script, &error).ok) {
        (void)fprintf(stderr, "RIG_SOURCE and RIG_BUILD must name the tree and the build folder\n");
        return 1;
    }
    if (!rig_child_start(&child, (const char *const[]){script, build, NULL}, NULL, &error).ok) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    (void)rig_child_read_line(&child, rig_wait_ms(180000, NULL), &line, &error).ok;
    if (!rig_child_join(&child, WAIT, &status, &error).ok) {
        (void)fprintf(stderr, "%s\n", error.text);
    }
    rig_child_stop(&child, 0);
    (void)rig_copy_text(bao->program, sizeof bao->program, rig_buf_text(&line));
    return status;
}

static int free_port(void)
{
    RIG_AUTO(rig_close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t where_len = sizeof where;

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &where_len), 0);
    return ntohs(where.sin_port);
}

static void configure(struct bao *bao, const char *path)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_free_chars) char *storage = NULL;
    struct rig_error err = {0};
    const int cluster_port = free_port();

    if (bao->port == 0) {
        bao->port = free_port();
        (void)snprintf(bao->address, sizeof bao->address, "https://127.0.0.1:%d", bao->port);
    }
    assert_true(rig_path_join(bao->pki.folder, "storage", &storage, &err).ok);
    assert_true(rig_dir_make(storage, 0700, &err).ok);
    assert_true(rig_buf_printf(&text, &err,
                               "storage \"raft\" {\n path = \"%s\"\n node_id = \"one\"\n"
                               " performance_multiplier = 1\n}\n"
                               "listener \"tcp\" {\n address = \"127.0.0.1:%d\"\n"
                               " cluster_address = \"127.0.0.1:%d\"\n tls_cert_file = \"%s\"\n"
                               " tls_key_file = \"%s\"\n}\n"
                               "api_addr = \"%s\"\ncluster_addr = \"https://127.0.0.1:%d\"\n",
                               storage, bao->port, cluster_port, bao->pki.server_certificate,
                               bao->pki.server_key, bao->address, cluster_port)
                    .ok);
    assert_true(rig_file_replace(path, text.data, text.len, 0600, &err).ok);
}

struct rig_vault_options bao_options(const struct bao *bao, const char *token)
{
    struct rig_vault_options options = {.address = bao->address, .ca_file = bao->pki.ca};
    struct rig_error err = {0};

    options.login.secret.secret = true;
    if (token != NULL) {
        assert_true(rig_buf_append_text(&options.login.secret, token, &err).ok);
    }
    return options;
}

static struct rig_vault *open_root(const struct bao *bao)
{
    struct rig_vault_options options = bao_options(bao, rig_buf_text(&bao->root_token));
    struct rig_vault *vault = NULL;
    struct rig_error err = {0};

    options.max_retries = 100;
    if (!rig_vault_open(&options, &vault, &err).ok) {
        fail_msg("%s", err.text);
    }
    rig_buf_free(&options.login.secret);
    return vault;
}

void bao_start(struct bao *bao)
{
    RIG_AUTO(rig_free_chars) char *config = NULL;
    RIG_AUTO(rig_free_chars) char *log = NULL;
    struct rig_vault_health health;
    struct rig_error err = {0};

    if (bao->port == 0) {
        test_pki_make(&bao->pki);
        bao->root_token.secret = true;
    }
    assert_true(rig_path_join(bao->pki.folder, "bao.hcl", &config, &err).ok);
    assert_true(rig_path_join(bao->pki.folder, "bao.log", &log, &err).ok);
    configure(bao, config);
    /* the kernel ends it when this test goes, however it goes */
    const char *const argv[] = {"setpriv", "--pdeathsig", "KILL", bao->program,
                                "server",  "-config",     config, NULL};
    if (!rig_child_start(&bao->child, argv, log, &err).ok) {
        fail_msg("%s", err.text);
    }
    if (bao->root == NULL) {
        bao->root = open_root(bao);
    }
    if (!rig_vault_health(bao->root, &health, WAIT, &err).ok) {
        fail_msg("%s; see %s", err.text, log);
    }
}

json_t *bao_json(const char *text)
{
    RIG_AUTO(rig_free_chars) char *copy = strdup(text);
    json_t *json;

    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    json = json_loads(copy, 0, NULL);
    if (json == NULL) {
        fail_msg("not JSON: %s", text);
    }
    return json;
}

struct rig_vault_reply bao_do(struct bao *bao, enum rig_vault_method method, const char *path,
                              const char *body)
{
    json_t *json = body != NULL ? bao_json(body) : NULL;
    const struct rig_vault_request request = {
        .method = method,
        .path = path,
        .body = json,
        .repeatable = true,
        .anonymous = strcmp(path, "sys/init") == 0 || strcmp(path, "sys/unseal") == 0,
    };
    struct rig_vault_reply reply;
    struct rig_error err = {0};

    if (!rig_vault_call(bao->root, &request, &reply, WAIT, &err).ok) {
        fail_msg("%s", err.text);
    }
    json_decref(json);
    return reply;
}

void bao_post(struct bao *bao, const char *path, const char *body)
{
    struct rig_vault_reply reply = bao_do(bao, RIG_VAULT_POST, path, body);

    rig_vault_reply_free(&reply);
}

void bao_init(struct bao *bao)
{
    struct rig_vault_reply reply =
        bao_do(bao, RIG_VAULT_POST, "sys/init", "{'secret_shares':1,'secret_threshold':1}");
    const char *key =
        json_string_value(json_array_get(json_object_get(reply.data, "keys_base64"), 0));
    const char *token = json_string_value(json_object_get(reply.data, "root_token"));
    struct rig_error err = {0};

    assert_true(key != NULL && token != NULL);
    (void)rig_copy_text(bao->unseal_key, sizeof bao->unseal_key, key);
    assert_true(rig_buf_append_text(&bao->root_token, token, &err).ok);
    rig_vault_reply_free(&reply);
    rig_vault_close(bao->root);
    bao->root = open_root(bao);
}

void bao_unseal(struct bao *bao)
{
    const struct rig_wait wait = WAIT;
    struct rig_vault_health health = {.standby = true};
    struct rig_error err = {0};
    char body[200];

    (void)snprintf(body, sizeof body, "{'key':'%s'}", bao->unseal_key);
    bao_post(bao, "sys/unseal", body);
    while (health.standby || health.sealed) { /* until it has elected itself */
        if (!rig_vault_health(bao->root, &health, wait, &err).ok ||
            !rig_wait_pause(wait, 20 * RIG_NS_PER_MS, &err).ok) {
            fail_msg("%s", err.text);
        }
    }
}

void bao_seal(struct bao *bao)
{
    bao_post(bao, "sys/seal", NULL);
}

void bao_stop(struct bao *bao)
{
    rig_child_stop(&bao->child, 10000);
}

void bao_remove(struct bao *bao)
{
    rig_vault_close(bao->root);
    bao_stop(bao);
    rig_buf_free(&bao->root_token);
    explicit_bzero(bao->unseal_key, sizeof bao->unseal_key);
    test_pki_remove(&bao->pki);
}
