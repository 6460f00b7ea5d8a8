/* SPDX-License-Identifier: Apache-2.0 */
/* From the settings of an endpoint to nginx's configuration. Pure. */
#ifndef RIG_PROFILE_NGINX_CONFIG_H
#define RIG_PROFILE_NGINX_CONFIG_H

#include "rig/base/buf.h"
#include "rig/profile/profile.h"
#include "rig/tls/settings.h"

/* Beside the configuration, where it names them without a folder. */
#define RIG_NGINX_CONFIG_FILE "nginx.conf"
#define RIG_NGINX_CHAIN_FILE "server.pem"
#define RIG_NGINX_KEY_FILE "server.key"
#define RIG_NGINX_ROOTS_FILE "roots.pem"
#define RIG_NGINX_CRLS_FILE "crls.pem"
#define RIG_NGINX_TICKET_FILE "ticket.key"

struct rig_nginx_place {
    const char *address; /* numeric: "127.0.0.1", "::" */
    uint16_t port;
    unsigned generation; /* of the configuration; stands in each line of the access log */
    bool has_crls;
};

/* NULL when nginx can be set up so, else why not: "nginx has no ...". */
const char *rig_nginx_cannot(const struct rig_tls_settings *settings);

/* Appends the whole file. USAGE/INVALID: a text that can't stand in it. */
RIG_CHECKED rig_result rig_nginx_config_write(const struct rig_server_profile *profile,
                                              const struct rig_tls_settings *settings,
                                              const struct rig_nginx_place *place,
                                              struct rig_buf *config, struct rig_error *err);

#endif
