/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of texts in suites and benches, for rig_yaml_key.check: NULL when the text has the form,
 * else what was expected. Private to rig/suite.
 */
#ifndef RIG_SUITE_CHECKS_H
#define RIG_SUITE_CHECKS_H

/* Letters, digits, '-' and '_', beginning with a letter or digit: safe in paths, ids and report
 * names. */
const char *rig_check_name(const char *text);
/* "{mac}" once, the rest letters, digits, '-', '_', '.'; not too long once the MAC is in. */
const char *rig_check_device_id(const char *text);
const char *rig_check_country(const char *text);
/* A DNS name of letters, digits, '-' and dots; no IP address. */
const char *rig_check_dns_name(const char *text);
/* IPv4 or IPv6 address literal. */
const char *rig_check_ip(const char *text);
/* A DNS name or an address literal. */
const char *rig_check_host(const char *text);
/* "no such file" and the like for a path that can't be read; NULL: it can. */
const char *rig_why_unreadable(const char *path);
/* Lists as OpenSSL reads them, by asking it: cipher suites up to TLS 1.2, those of TLS 1.3, groups
 * and signature algorithms. */
const char *rig_check_tls_ciphers(const char *text);
const char *rig_check_tls13_suites(const char *text);
const char *rig_check_tls_groups(const char *text);
const char *rig_check_tls_signatures(const char *text);

#endif
