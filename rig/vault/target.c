/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/target.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

RIG_DEFINE_AUTO(CURLU, curl_url_cleanup);

struct parts {
    char *scheme, *user, *host, *port, *path, *query, *fragment;
};

static void free_parts(struct parts *parts)
{
    char *const all[] = {parts->scheme, parts->user,  parts->host,    parts->port,
                         parts->path,   parts->query, parts->fragment};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        curl_free(all[i]);
    }
}

void rig_vault_target_free(struct rig_vault_target *target)
{
    free(target->address);
    free(target->base);
    free(target->connect_to);
    free(target->host);
    free(target->path);
    *target = (struct rig_vault_target){0};
}

static bool get(CURLU *url, CURLUPart part, unsigned flags, char **text)
{
    const CURLUcode code = curl_url_get(url, part, text, flags);

    return code != CURLUE_OUT_OF_MEMORY;
}

static rig_result split(const char *address, struct parts *parts, struct rig_error *err)
{
    RIG_AUTO(rig_auto_CURLU) CURLU *url = curl_url();
    CURLUcode code;

    if (url == NULL) {
        return rig_fail_memory(err);
    }
    code = curl_url_set(url, CURLUPART_URL, address, 0);
    if (code != CURLUE_OK) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%.200s' is no address of a Vault server (%s): write it like "
                        "https://ca.example:8200",
                        address, curl_url_strerror(code));
    }
    if (!get(url, CURLUPART_SCHEME, 0, &parts->scheme) ||
        !get(url, CURLUPART_USER, 0, &parts->user) || !get(url, CURLUPART_HOST, 0, &parts->host) ||
        !get(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, &parts->port) ||
        !get(url, CURLUPART_PATH, 0, &parts->path) ||
        !get(url, CURLUPART_QUERY, 0, &parts->query) ||
        !get(url, CURLUPART_FRAGMENT, 0, &parts->fragment)) {
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;

    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

static rig_result check_parts(const char *address, const struct parts *parts, struct rig_error *err)
{
    const bool http = parts->scheme != NULL && strcmp(parts->scheme, "http") == 0;
    const bool https = parts->scheme != NULL && strcmp(parts->scheme, "https") == 0;

    /* what stands in front of the '@' may be a password: not shown */
    if (parts->user != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the address of a Vault server holds no user or password: log in with a "
                        "token, AppRole or certificate");
    }
    if ((!http && !https) || parts->host == NULL || parts->host[0] == '\0' || parts->port == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%.200s' is no address of a Vault server: write it like "
                        "https://ca.example:8200",
                        address);
    }
    if (parts->query != NULL || parts->fragment != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the address '%.200s' must end with its host, port or path", address);
    }
    if (http && !is_loopback(parts->host)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_POLICY,
                        "'%.200s' would send the token in the clear: use https:// (http:// is for "
                        "127.0.0.1 only)",
                        address);
    }
    return RIG_DONE;
}

static rig_result text_of(char **out, struct rig_error *err, const char *fmt, ...) RIG_PRINTF(3, 4);

static rig_result text_of(char **out, struct rig_error *err, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vasprintf(out, fmt, args);
    va_end(args);
    if (len < 0) {
        *out = NULL;
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

rig_result rig_vault_target_parse(const char *address, const char *tls_server_name,
                                  struct rig_vault_target *target, struct rig_error *err)
{
    RIG_AUTO(free_parts) struct parts parts = {0};
    size_t path_len;

    *target = (struct rig_vault_target){0};
    RIG_TRY(split(address, &parts, err));
    RIG_TRY(check_parts(address, &parts, err));
    if (parts.scheme == NULL || parts.path == NULL) {
        return rig_fail_memory(err); /* checked: a valid URL has both */
    }
    path_len = strlen(parts.path);
    while (path_len != 0 && parts.path[path_len - 1] == '/') {
        path_len--;
    }
    if (path_len >= 3 && strncmp(parts.path + path_len - 3, "/v1", 3) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the address '%.200s' ends in /v1, which the rig adds itself: leave it out",
                        address);
    }
    target->encrypted = strcmp(parts.scheme, "https") == 0;
    RIG_TRY(text_of(&target->path, err, "%.*s", (int)path_len, parts.path));
    RIG_TRY(text_of(&target->address, err, "%s://%s:%s%s", parts.scheme, parts.host, parts.port,
                    target->path));
    if (tls_server_name == NULL || !target->encrypted) {
        return text_of(&target->base, err, "%s", target->address);
    }
    RIG_TRY(
        text_of(&target->base, err, "https://%s:%s%s", tls_server_name, parts.port, target->path));
    RIG_TRY(text_of(&target->connect_to, err, "::%s:%s", parts.host, parts.port));
    return text_of(&target->host, err, "Host: %s:%s", parts.host, parts.port);
}

rig_result rig_vault_target_redirect(const struct rig_vault_target *from, const char *path,
                                     const char *location, const char *tls_server_name,
                                     bool verified, struct rig_vault_target *target,
                                     struct rig_error *err)
{
    const size_t path_len = strlen(path);
    const size_t location_len = strlen(location);
    RIG_AUTO(rig_free_chars) char *address = NULL;

    *target = (struct rig_vault_target){0};
    if (location_len <= path_len || strcmp(location + location_len - path_len, path) != 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL, "it sends us to another path: '%.160s'",
                        location);
    }
    RIG_TRY(text_of(&address, err, "%.*s", (int)(location_len - path_len), location));
    RIG_TRY_IN(rig_vault_target_parse(address, tls_server_name, target, err), err,
               "it sends us elsewhere");
    if (strcmp(target->address, from->address) != 0 &&
        (target->encrypted != from->encrypted || (from->encrypted && !verified))) {
        const rig_result refused = rig_fail(
            err, RIG_CLASS_CA, RIG_E_POLICY,
            "it sends us to '%.160s', where the token is not sent: both ends must be https and "
            "verified",
            target->address);
        rig_vault_target_free(target);
        return refused;
    }
    return RIG_DONE;
}
