/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/profile/nginx_config.h"

#include "rig/profile/nginx_log.h"

#include <string.h>

#define DEPTH_DEFAULT 100                  /* OpenSSL's; nginx's own is 1 */
#define CIPHERS_DEFAULT "HIGH:!aNULL:!MD5" /* nginx's */

const char *rig_nginx_cannot(const struct rig_tls_settings *settings)
{
    if (settings->relay_only) {
        return "nginx listens on a port: the relay has none to go through; use transport: direct";
    }
    if (settings->fault != RIG_TLS_FAULT_NONE) {
        return "nginx can't be told to be a faulty server";
    }
    if (settings->policy_refuses) {
        return "nginx has no rules of its own for device certificates";
    }
    if (settings->enrolment.allows != NULL || settings->enrolment.registers != NULL) {
        return "nginx decides no registrations";
    }
    if (settings->crls_pem != NULL && settings->crl_check == RIG_TLS_CRL_LEAF) {
        return "nginx checks CRLs of the whole chain, always";
    }
    if (settings->request_renegotiation) {
        return "nginx never asks for renegotiation";
    }
    if (settings->allow_renegotiation) {
        return "nginx allows no renegotiation";
    }
    if (settings->sni_policy == RIG_TLS_SNI_WARN) {
        return "nginx sends no warning alerts for unknown names";
    }
    if (settings->max_chain_bytes != 0) {
        return "nginx has no limit of its own for the size of chains";
    }
    if (settings->ocsp.answer != NULL) {
        return "nginx asks OCSP responders by HTTP only";
    }
    if (settings->ocsp.url != NULL && settings->ocsp.fail_open) {
        return "nginx refuses whose status it can't learn: it has no fail-open";
    }
    if (settings->ocsp.url != NULL && settings->ocsp.rules.nonce != RIG_TLS_OCSP_NO_NONCE) {
        return "nginx sends no nonce in OCSP requests";
    }
    return NULL;
}

/* ---- directives ---- */

struct writer {
    const struct rig_server_profile *profile;
    struct rig_buf *config;
};

/* In quotes nginx takes everything but these. */
static rig_result check_text(const char *text, struct rig_error *err)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\' || *at == '$' || (unsigned char)*at < ' ') {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%.80s' can't stand in nginx's configuration", text);
        }
    }
    return RIG_DONE;
}

/* One of the rig's own, unless the profile has its own of that name. */
static rig_result put(const struct writer *writer, const char *name, const char *prefix,
                      const char *value, struct rig_error *err)
{
    if (rig_profile_has_directive(writer->profile, name)) {
        return RIG_DONE;
    }
    RIG_TRY(check_text(value, err));
    return rig_buf_printf(writer->config, err, "        %s %s\"%s\";\n", name, prefix, value);
}

static rig_result put_protocols(const struct writer *writer,
                                const struct rig_tls_settings *settings, struct rig_error *err)
{
    static const struct {
        int version;
        const char *name;
    } names[] = {
        {0x0301, " TLSv1"}, {0x0302, " TLSv1.1"}, {0x0303, " TLSv1.2"}, {0x0304, " TLSv1.3"}};

    if (rig_profile_has_directive(writer->profile, "ssl_protocols")) {
        return RIG_DONE;
    }
    RIG_TRY(rig_buf_append_text(writer->config, "        ssl_protocols", err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].version >= settings->min_version &&
            names[i].version <= settings->max_version) {
            RIG_TRY(rig_buf_append_text(writer->config, names[i].name, err));
        }
    }
    return rig_buf_append_text(writer->config, ";\n", err);
}

static rig_result put_ciphers(const struct writer *writer, const struct rig_tls_settings *settings,
                              struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf ciphers = {0};

    RIG_TRY(rig_buf_printf(&ciphers, err, "%s:@SECLEVEL=%d",
                           settings->ciphers != NULL ? settings->ciphers : CIPHERS_DEFAULT,
                           settings->security_level));
    RIG_TRY(put(writer, "ssl_ciphers", "", rig_buf_text(&ciphers), err));
    if (settings->groups != NULL) {
        RIG_TRY(put(writer, "ssl_ecdh_curve", "", settings->groups, err));
    }
    if (settings->suites != NULL) {
        RIG_TRY(put(writer, "ssl_conf_command", "Ciphersuites ", settings->suites, err));
    }
    if (settings->client_signatures != NULL) {
        RIG_TRY(put(writer, "ssl_conf_command", "ClientSignatureAlgorithms ",
                    settings->client_signatures, err));
    }
    return RIG_DONE;
}

static rig_result put_sessions(const struct writer *writer, const struct rig_tls_settings *settings,
                               struct rig_error *err)
{
    const bool cache = settings->resumption == RIG_TLS_RESUMPTION_CACHE;
    const bool tickets = settings->resumption == RIG_TLS_RESUMPTION_TICKETS;

    RIG_TRY(put(writer, "ssl_session_cache", "", cache ? "shared:rig:1m" : "off", err));
    RIG_TRY(put(writer, "ssl_session_tickets", "", tickets ? "on" : "off", err));
    return tickets && settings->ticket_key != NULL
               ? put(writer, "ssl_session_ticket_key", "", RIG_NGINX_TICKET_FILE, err)
               : RIG_DONE;
}

static rig_result put_verification(const struct writer *writer,
                                   const struct rig_tls_settings *settings,
                                   const struct rig_nginx_place *place, struct rig_error *err)
{
    char depth[16];

    if (!settings->request_client_certificate) {
        return RIG_DONE;
    }
    (void)snprintf(depth, sizeof depth, "%d",
                   settings->verify_depth != 0 ? settings->verify_depth : DEPTH_DEFAULT);
    RIG_TRY(put(writer, "ssl_verify_client", "", settings->certificate_optional ? "optional" : "on",
                err));
    RIG_TRY(put(writer, "ssl_verify_depth", "", depth, err));
    RIG_TRY(put(writer, "ssl_client_certificate", "", RIG_NGINX_ROOTS_FILE, err));
    if (place->has_crls) {
        RIG_TRY(put(writer, "ssl_crl", "", RIG_NGINX_CRLS_FILE, err));
    }
    if (settings->ocsp.url != NULL) {
        RIG_TRY(put(writer, "ssl_ocsp", "", "leaf", err));
        RIG_TRY(put(writer, "ssl_ocsp_responder", "", settings->ocsp.url, err));
    }
    return RIG_DONE;
}

/* ---- the file ---- */

static rig_result put_listen(struct rig_buf *config, const struct rig_nginx_place *place,
                             const char *more, struct rig_error *err)
{
    const bool v6 = strchr(place->address, ':') != NULL;

    return rig_buf_printf(config, err, "        listen %s%s%s:%u ssl%s%s;\n", v6 ? "[" : "",
                          place->address, v6 ? "]" : "", place->port,
                          v6 && more[0] == '\0' ? " ipv6only=off" : "", more);
}

static rig_result put_head(struct rig_buf *config, const struct rig_nginx_place *place,
                           struct rig_error *err)
{
    static const char *const temp_paths[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};

    RIG_TRY(rig_buf_append_text(config,
                                "daemon off;\n"
                                "worker_processes 1;\n"
                                "worker_shutdown_timeout 2s;\n"
                                "pid nginx.pid;\n"
                                "error_log /dev/stdout info;\n"
                                "events { worker_connections 64; }\n"
                                "http {\n"
                                "    log_format rig escape=json '",
                                err));
    RIG_TRY(rig_buf_printf(config, err, RIG_NGINX_LOG_FORMAT, place->generation));
    RIG_TRY(rig_buf_append_text(config, "';\n    access_log /dev/stdout rig;\n", err));
    for (size_t i = 0; i < sizeof temp_paths / sizeof *temp_paths; i++) {
        RIG_TRY(rig_buf_printf(config, err, "    %s_temp_path temp;\n", temp_paths[i]));
    }
    return RIG_DONE;
}

/* Whoever asks for another name, or for none. */
static rig_result put_rejecting_server(const struct writer *writer,
                                       const struct rig_tls_settings *settings,
                                       const struct rig_nginx_place *place, struct rig_error *err)
{
    RIG_TRY(rig_buf_append_text(writer->config, "    server {\n", err));
    RIG_TRY(put_listen(writer->config, place, " default_server", err));
    RIG_TRY(put_protocols(writer, settings, err));
    return rig_buf_append_text(writer->config, "        ssl_reject_handshake on;\n    }\n", err);
}

rig_result rig_nginx_config_write(const struct rig_server_profile *profile,
                                  const struct rig_tls_settings *settings,
                                  const struct rig_nginx_place *place, struct rig_buf *config,
                                  struct rig_error *err)
{
    const struct writer writer = {profile, config};
    const bool by_name = settings->sni_policy != RIG_TLS_SNI_ANY;

    RIG_TRY(put_head(config, place, err));
    if (by_name) {
        RIG_TRY(put_rejecting_server(&writer, settings, place, err));
    }
    RIG_TRY(rig_buf_append_text(config, "    server {\n", err));
    RIG_TRY(put_listen(config, place, "", err));
    if (by_name) {
        RIG_TRY(put(&writer, "server_name", "", settings->server_names, err));
    }
    RIG_TRY(put(&writer, "ssl_certificate", "", RIG_NGINX_CHAIN_FILE, err));
    RIG_TRY(put(&writer, "ssl_certificate_key", "", RIG_NGINX_KEY_FILE, err));
    RIG_TRY(put_protocols(&writer, settings, err));
    RIG_TRY(put_ciphers(&writer, settings, err));
    RIG_TRY(put_sessions(&writer, settings, err));
    RIG_TRY(put_verification(&writer, settings, place, err));
    for (size_t i = 0; i < profile->n_directives; i++) {
        if (strchr(profile->directives[i], ' ') != NULL) { /* a name alone: left out */
            RIG_TRY(rig_buf_printf(config, err, "        %s;\n", profile->directives[i]));
        }
    }
    /* the nonce back, as the test server echoes bytes */
    return rig_buf_append_text(config, "        return 200 \"$arg_rig\\n\";\n    }\n}\n", err);
}
