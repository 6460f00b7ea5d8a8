/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/ca_config.h"

#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define SECOND_MS INT64_C(1000)

static const struct rig_yaml_word method_words[] = {{"token", RIG_VAULT_TOKEN},
                                                    {"approle", RIG_VAULT_APPROLE},
                                                    {"cert", RIG_VAULT_CERT},
                                                    {NULL, 0}};

static const char *check_address(const char *text)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : "";

    if (host[0] == '\0' || strpbrk(host, " @?#\"") != NULL) {
        return "the address of a server, such as https://ca.example:8200, without user or password";
    }
    return NULL;
}

/* Of mounts, roles and namespaces: what stands in a URL's path as it is. */
static const char *check_segment(const char *text)
{
    const size_t n = strlen(text);

    for (const char *at = text; *at != '\0'; at++) {
        const bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                           (*at >= '0' && *at <= '9') || strchr("-_./", *at) != NULL;

        if (!plain) {
            return "letters, digits, '-', '_', '.' and '/'";
        }
    }
    if (n == 0 || text[0] == '/' || text[n - 1] == '/' || strstr(text, "..") != NULL ||
        strstr(text, "//") != NULL) {
        return "a name without '/' at its ends";
    }
    return NULL;
}

static const char *check_variable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const bool plain =
            (*at >= 'A' && *at <= 'Z') || *at == '_' || (at != text && *at >= '0' && *at <= '9');

        if (!plain) {
            return "the name of an environment variable, such as RIG_STATION_TOKEN (not its value)";
        }
    }
    return NULL;
}

/* What does not have the form may be a secret at the wrong place: it is not shown. */
static bool read_unshown(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, const char *(*check)(const char *text),
                         char *out, size_t out_size)
{
    const char *expected = node->kind == RIG_YAML_SCALAR ? check(node->text) : NULL;

    if (expected != NULL) {
        rig_yaml_mistake(mistakes, node->line,
                         "found something else for %s (not shown: it may hold a secret); expected "
                         "%s",
                         key->name, expected);
        return false;
    }
    return rig_yaml_read_text(mistakes, key, node, out, out_size);
}

static void read_address(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    struct rig_ca_vault_config *config = target;

    (void)read_unshown(mistakes, key, node, check_address, config->address, sizeof config->address);
}

static void read_variable(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, void *target)
{
    (void)read_unshown(mistakes, key, node, check_variable, (char *)target + key->offset,
                       key->size);
}

static void read_tls_verify(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_word words[] = {{"on", 0}, {"off-i-know", 1}, {NULL, 0}};
    int skip = 0;

    if (rig_yaml_read_word(mistakes, key->name, words, node, &skip)) {
        ((struct rig_ca_vault_config *)target)->skip_verify = skip != 0;
    }
}

static void read_crls(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key file = {
        .name = "a CRL's file", .type = RIG_YAML_TEXT, .min = 1, .max = 255};
    struct rig_ca_vault_config *config = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_text(mistakes, &file, item, config->crl_files[config->n_crls],
                               sizeof config->crl_files[0])) {
            config->n_crls++;
        }
    }
}

#define LOGIN_FIELD(member_) RIG_YAML_FIELD(struct rig_ca_vault_login, member_)
#define FILE_KEY(name_, field_, doc_)                                                              \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_TEXT, field_, .min = 1, .max = 255, .form = "path",      \
        .doc = (doc_)                                                                              \
    }

static const struct rig_yaml_key login_keys[] = {
    {.name = "method",
     .type = RIG_YAML_ENUM,
     .required = true,
     LOGIN_FIELD(kind),
     .words = method_words,
     .doc = "How to log in."},
    {.name = "mount",
     .type = RIG_YAML_TEXT,
     LOGIN_FIELD(mount),
     .min = 1,
     .max = 127,
     .check = check_segment,
     .initial = "the method's name",
     .doc = "Where the auth method is mounted."},
    FILE_KEY("token_file", LOGIN_FIELD(token_file),
             "`token`: the file that holds it, mode 0600; without this and `token_env`: BAO_TOKEN, "
             "VAULT_TOKEN."),
    {.name = "token_env",
     .type = RIG_YAML_CUSTOM,
     .read = read_variable,
     LOGIN_FIELD(token_env),
     .min = 1,
     .max = 63,
     .form = "name of a variable",
     .doc = "`token`: the environment variable that holds it."},
    {.name = "role_id",
     .type = RIG_YAML_TEXT,
     LOGIN_FIELD(role_id),
     .min = 1,
     .max = 127,
     .doc = "`approle`: the role's id; no secret."},
    FILE_KEY("secret_id_file", LOGIN_FIELD(secret_id_file),
             "`approle`: the file that holds the secret id, mode 0600."),
    {.name = "secret_id_env",
     .type = RIG_YAML_CUSTOM,
     .read = read_variable,
     LOGIN_FIELD(secret_id_env),
     .min = 1,
     .max = 63,
     .form = "name of a variable",
     .doc = "`approle`: the environment variable that holds the secret id."},
    {.name = "role",
     .type = RIG_YAML_TEXT,
     LOGIN_FIELD(role),
     .min = 1,
     .max = 127,
     .check = check_segment,
     .initial = "any that fits",
     .doc = "`cert`: name of the role."},
    FILE_KEY("certificate_file", LOGIN_FIELD(certificate_file),
             "`cert`: certificate (PEM, with its chain) of the TLS connection."),
    FILE_KEY("key_file", LOGIN_FIELD(key_file), "`cert`: its key, PEM, mode 0600."),
};
const struct rig_yaml_schema rig_ca_login_schema = {"a login", N_OF(login_keys), login_keys};

static const struct rig_yaml_key role_keys[] = {
    {.name = "mount",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_ca_vault_role, mount),
     .min = 1,
     .max = 127,
     .check = check_segment,
     .doc = "Of the PKI engine, without `/v1/`."},
    {.name = "role",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_ca_vault_role, role),
     .min = 1,
     .max = 127,
     .check = check_segment,
     .doc = "The role that signs."},
};
const struct rig_yaml_schema rig_ca_role_schema = {"a role", N_OF(role_keys), role_keys};

#define FIELD(member_) RIG_YAML_FIELD(struct rig_ca_vault_config, member_)

static const struct rig_yaml_key vault_keys[] = {
    {.name = "address",
     .type = RIG_YAML_CUSTOM,
     .read = read_address,
     .min = 8,
     .max = 255,
     .form = "https://HOST:PORT (http:// on loopback only)",
     .initial = "BAO_ADDR, VAULT_ADDR",
     .doc = "The server."},
    {.name = "namespace",
     .type = RIG_YAML_TEXT,
     FIELD(namespace_path),
     .min = 1,
     .max = 127,
     .check = check_segment,
     .initial = "BAO_NAMESPACE, VAULT_NAMESPACE",
     .doc = "Of mounts and auth methods."},
    {.name = "ca_file",
     .type = RIG_YAML_TEXT,
     FIELD(ca_file),
     .min = 1,
     .max = 255,
     .form = "path",
     .initial = "BAO_CACERT, VAULT_CACERT",
     .doc = "Whom to trust for the server's TLS certificate, PEM; else the system's store."},
    {.name = "ca_folder",
     .type = RIG_YAML_TEXT,
     FIELD(ca_folder),
     .min = 1,
     .max = 255,
     .form = "path",
     .initial = "BAO_CAPATH, VAULT_CAPATH",
     .doc = "The same, as a folder of `openssl rehash`."},
    {.name = "tls_server_name",
     .type = RIG_YAML_TEXT,
     FIELD(tls_server_name),
     .min = 1,
     .max = 127,
     .check = rig_check_host,
     .initial = "the address's host",
     .doc = "Name that the server's TLS certificate must have."},
    {.name = "tls_verify",
     .type = RIG_YAML_CUSTOM,
     .read = read_tls_verify,
     .form = "`on` or `off-i-know`",
     .initial = "on",
     .doc = "`off-i-know` trusts whoever answers, and marks every report."},
    {.name = "request_timeout",
     .type = RIG_YAML_DURATION,
     FIELD(request_timeout_ms),
     .min = SECOND_MS,
     .max = 600 * SECOND_MS,
     .initial = "BAO_CLIENT_TIMEOUT, VAULT_CLIENT_TIMEOUT, 60s",
     .doc = "Of one try of one request."},
    {.name = "max_clock_skew",
     .type = RIG_YAML_DURATION,
     FIELD(max_clock_skew_ms),
     .min = SECOND_MS,
     .max = 86400 * SECOND_MS,
     .initial = "30s",
     .doc = "How far the server's clock may be off; beyond it nothing starts."},
    {.name = "device",
     .type = RIG_YAML_MAP,
     .required = true,
     FIELD(device),
     .schema = &rig_ca_role_schema,
     .doc = "Who signs devices."},
    {.name = "server",
     .type = RIG_YAML_MAP,
     .required = true,
     FIELD(server),
     .schema = &rig_ca_role_schema,
     .doc = "Who signs the test server's own certificates: under the same root, with QA's login."},
    {.name = "root",
     .type = RIG_YAML_TEXT,
     .required = true,
     FIELD(root_file),
     .min = 1,
     .max = 255,
     .form = "path",
     .doc = "The root that every chain must end in, PEM; what boards trust."},
    {.name = "crls",
     .type = RIG_YAML_CUSTOM,
     .read = read_crls,
     .min = 1,
     .max = RIG_CA_VAULT_MAX_CRLS,
     .form = "list of paths, PEM or DER",
     .doc = "CRLs of the CAs above that the server does not keep, such as an offline root."},
    {.name = "login",
     .type = RIG_YAML_MAP,
     .required = true,
     FIELD(login),
     .schema = &rig_ca_login_schema,
     .doc = "The signing station's."},
    {.name = "qa",
     .type = RIG_YAML_MAP,
     FIELD(qa),
     .schema = &rig_ca_login_schema,
     .initial = "as `login`",
     .doc = "Who revokes, rotates CRLs, lists, and has server certificates signed."},
};
const struct rig_yaml_schema rig_ca_vault_schema = {"vault", N_OF(vault_keys), vault_keys};

static const struct rig_yaml_key ca_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = "1",
     .doc = "Version of the file's form: 1."},
    {.name = "vault",
     .type = RIG_YAML_MAP,
     .required = true,
     .schema = &rig_ca_vault_schema,
     .doc = "A HashiCorp Vault or OpenBao server with a PKI engine."},
};
const struct rig_yaml_schema rig_ca_config_schema = {"a CA file", N_OF(ca_keys), ca_keys};

/* ---- what goes together ---- */

struct login_rule {
    const char *key;
    enum rig_vault_login_kind kind;
};
static const struct login_rule login_rules[] = {
    {"token_file", RIG_VAULT_TOKEN},      {"token_env", RIG_VAULT_TOKEN},
    {"role_id", RIG_VAULT_APPROLE},       {"secret_id_file", RIG_VAULT_APPROLE},
    {"secret_id_env", RIG_VAULT_APPROLE}, {"role", RIG_VAULT_CERT},
    {"certificate_file", RIG_VAULT_CERT}, {"key_file", RIG_VAULT_CERT},
};

static void check_one_of(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *login,
                         const char *a, const char *b, bool required)
{
    const struct rig_yaml_node *first = rig_yaml_find(login, a);
    const struct rig_yaml_node *second = rig_yaml_find(login, b);

    if (first != NULL && second != NULL) {
        rig_yaml_mistake(mistakes, second->key->line, "found both %s and %s; expected one of them",
                         a, b);
    }
    if (required && first == NULL && second == NULL) {
        rig_yaml_mistake(mistakes, login->line, "found a login without \"%s\"; expected it or %s",
                         a, b);
    }
}

static void check_needed(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *login,
                         const char *key, const char *method)
{
    if (rig_yaml_find(login, key) == NULL) {
        rig_yaml_mistake(mistakes, login->line,
                         "found a login without \"%s\"; expected that key: method %s needs it", key,
                         method);
    }
}

static void check_login(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                        struct rig_ca_vault_login *login)
{
    const struct rig_yaml_node *method = rig_yaml_find(node, "method");

    login->given = node != NULL;
    if (node == NULL || method == NULL || node->kind != RIG_YAML_MAPPING) {
        return;
    }
    for (size_t i = 0; i < N_OF(login_rules); i++) {
        const struct rig_yaml_node *value = rig_yaml_find(node, login_rules[i].key);

        if (value != NULL && login_rules[i].kind != login->kind) {
            rig_yaml_mistake(mistakes, value->key->line,
                             "found %s with method %s; expected it with method %s only",
                             login_rules[i].key, rig_yaml_word_name(method_words, (int)login->kind),
                             rig_yaml_word_name(method_words, (int)login_rules[i].kind));
        }
    }
    switch (login->kind) {
    case RIG_VAULT_TOKEN:
        check_one_of(mistakes, node, "token_file", "token_env", false);
        break;
    case RIG_VAULT_APPROLE:
        check_needed(mistakes, node, "role_id", "approle");
        check_one_of(mistakes, node, "secret_id_file", "secret_id_env", true);
        break;
    case RIG_VAULT_CERT:
        check_needed(mistakes, node, "certificate_file", "cert");
        check_needed(mistakes, node, "key_file", "cert");
        break;
    }
}

/* A path of the file becomes one that can be opened from here. */
static void place(struct rig_yaml_mistakes *mistakes, char path[RIG_CA_VAULT_PATH_SIZE])
{
    char placed[RIG_CA_VAULT_PATH_SIZE];

    if (path[0] != '\0' && rig_yaml_place_path(mistakes, 1, path, placed, sizeof placed)) {
        memcpy(path, placed, sizeof placed);
    }
}

static void place_login(struct rig_yaml_mistakes *mistakes, struct rig_ca_vault_login *login)
{
    place(mistakes, login->secret_id_file);
    place(mistakes, login->token_file);
    place(mistakes, login->certificate_file);
    place(mistakes, login->key_file);
}

static void read_config(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                        struct rig_ca_vault_config *config)
{
    const struct rig_yaml_node *vault = rig_yaml_find(root, "vault");
    const struct rig_yaml_node *ca_file = rig_yaml_find(vault, "ca_file");
    const struct rig_yaml_node *ca_folder = rig_yaml_find(vault, "ca_folder");

    rig_yaml_read_mapping(mistakes, &rig_ca_config_schema, root, config);
    check_login(mistakes, rig_yaml_find(vault, "login"), &config->login);
    check_login(mistakes, rig_yaml_find(vault, "qa"), &config->qa);
    if (ca_file != NULL && ca_folder != NULL) {
        rig_yaml_mistake(mistakes, ca_folder->key->line,
                         "found both ca_file and ca_folder; expected one of them");
    }
    place(mistakes, config->ca_file);
    place(mistakes, config->ca_folder);
    place(mistakes, config->root_file);
    for (size_t i = 0; i < config->n_crls; i++) {
        place(mistakes, config->crl_files[i]);
    }
    place_login(mistakes, &config->login);
    place_login(mistakes, &config->qa);
}

rig_result rig_ca_config_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                               struct rig_ca_vault_config *config, struct rig_buf *mistakes,
                               struct rig_error *err)
{
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file file = {0};

    *config = (struct rig_ca_vault_config){.max_clock_skew_ms = 30 * SECOND_MS};
    (void)rig_copy_text(config->path, sizeof config->path, path_for_messages);
    RIG_TRY(rig_yaml_file_parse(&file, path_for_messages, text, n_bytes, err));
    if (rig_yaml_file_ready(&file, RIG_FILE_CA)) {
        read_config(file.mistakes, file.tree.root, config);
    }
    return rig_yaml_judge(file.mistakes, mistakes, err);
}

rig_result rig_ca_config_load(const char *path, struct rig_ca_vault_config *config,
                              struct rig_buf *mistakes, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    return rig_ca_config_parse(path, rig_buf_text(&text), text.len, config, mistakes, err);
}
