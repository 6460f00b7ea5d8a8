/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate may be used for, and how long. */
#include "rig/ca_attack/groups.h"

#define NO_VERBATIM                                                                                \
    "Sign by /sign/ROLE, never /sign-verbatim; the role's key_usage and ext_key_usage decide "     \
    "alone."
#define LIFE_BOUND                                                                                 \
    "OpenBao: bao patch MOUNT/roles/ROLE not_after_bound=forbid. Vault: update to 1.19.19, "       \
    "1.20.13, 1.21.8 or 2.0.3, where max_ttl binds not_after."

static const struct rig_attack attacks[] = {
    {.name = "ca-true",
     .title = "asks to be a CA (basicConstraints CA:TRUE)",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.extensions = {{"basicConstraints", "critical,CA:TRUE", 0}}},
     .danger = {.what = RIG_DANGER_CA},
     .meaning = "A device becomes a CA: it can make certificates for any device and any server, "
                "and every peer believes them.",
     .remedy = NO_VERBATIM},
    {.name = "key-cert-sign",
     .title = "asks for keyCertSign and cRLSign",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.extensions = {{"keyUsage", "critical,keyCertSign,cRLSign", 0}}},
     .danger = {.what = RIG_DANGER_CA},
     .meaning = "Peers that look at the key usage alone let the device sign certificates and CRLs.",
     .remedy = NO_VERBATIM},
    {.name = "eku-code-signing",
     .title = "asks for the purpose codeSigning",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.extensions = {{"extendedKeyUsage", "clientAuth,codeSigning", 0}}},
     .danger = {.what = RIG_DANGER_PURPOSE, .purpose = "codeSigning"},
     .meaning = "A device can sign software in the company's name.",
     .remedy = "vault patch MOUNT/roles/ROLE code_signing_flag=false; " NO_VERBATIM},
    {.name = "eku-ocsp-signing",
     .title = "asks for the purpose OCSPSigning",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.extensions = {{"extendedKeyUsage", "clientAuth,OCSPSigning", 0}}},
     .danger = {.what = RIG_DANGER_PURPOSE, .purpose = "OCSPSigning"},
     .meaning = "A device can say of revoked certificates that they are good.",
     .remedy = NO_VERBATIM},
    {.name = "server-purpose",
     .title = "a plain device's CSR: is the certificate good for a server, too?",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .danger = {.what = RIG_DANGER_PURPOSE, .purpose = "serverAuth"},
     .meaning = "Every device's certificate is a server's certificate, too: with a name of its "
                "choice, or where clients check none, any device can pass itself off as a server.",
     .remedy = "vault patch MOUNT/roles/ROLE server_flag=false client_flag=true."},
    {.name = "cn-becomes-dns-name",
     .title = "a plain device's CSR: does its CN become a DNS name?",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .danger = {.what = RIG_DANGER_ANY_SAN},
     .meaning = "The device's id is a DNS name in its certificate: with serverAuth, and a network "
                "that resolves the name, the device is a server.",
     .remedy = "Send exclude_cn_from_sans=true with every request, as the rig does; no field of a "
               "role does it."},
    {.name = "ttl-100-years",
     .title = "asks for a life of 100 years",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.ttl_s = INT64_C(100) * 365 * 86400},
     .danger = {.what = RIG_DANGER_LONG_LIFE},
     .meaning = "A certificate outlives what the device was made for; a stolen one is good for "
                "ever.",
     .remedy = "vault patch MOUNT/roles/ROLE max_ttl=... (the suite's device_days)."},
    {.name = "ttl-missing",
     .title = "asks for no life at all: what is the default?",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.ttl_s = -1},
     .danger = {.what = RIG_DANGER_OTHER_LIFE},
     .meaning = "max_ttl is only a ceiling: whoever signs without a ttl gets the mount's default "
                "(768 h unless tuned), and the device falls silent in the field when it is over.",
     .remedy = "vault patch MOUNT/roles/ROLE ttl=... (the same as max_ttl)."},
    {.name = "not-after-9999",
     .title = "asks for an end in the year 9999",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.ttl_s = -1, .not_after = "9999-12-31T23:59:59Z"},
     .danger = {.what = RIG_DANGER_LONG_LIFE},
     .meaning = "not_after goes past max_ttl: a certificate that never ends.",
     .remedy = LIFE_BOUND},
    {.name = "not-after-past-ttl",
     .title = "asks by not_after for a day before the CA's own end",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.ttl_s = -1, .not_after = "{late}"},
     .danger = {.what = RIG_DANGER_LONG_LIFE},
     .meaning = "not_after goes past max_ttl: a certificate that lives as long as the CA itself.",
     .remedy = LIFE_BOUND},
};

const struct rig_attack_group rig_attack_group_purposes = {"Purpose and life", attacks,
                                                           RIG_ATTACK_N(attacks)};

#define MEMORY                                                                                     \
    "A CA of this kind has no memory of requests: keep the register (a key belongs to one device " \
    "for ever) in front of it, one for all stations."

static const struct rig_attack owners[] = {
    {.name = "same-csr-twice",
     .title = "the same CSR a second time",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.key = RIG_ATTACK_KEY_FRESH, .prelude = RIG_ATTACK_TWICE},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "Two valid certificates for one device: revoking one leaves the other.",
     .remedy = MEMORY},
    {.name = "same-key-two-devices",
     .title = "another device's key with the own name",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.key = RIG_ATTACK_KEY_FRESH, .prelude = RIG_ATTACK_SAME_KEY},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "Two devices share a private key: either can pass itself off as the other.",
     .remedy = MEMORY},
    {.name = "replay",
     .title = "another device's CSR, sent once more by this one",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.key = RIG_ATTACK_KEY_FRESH, .prelude = RIG_ATTACK_REPLAY},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "Who has seen a device's CSR gets certificates for it: the CSR does not prove that "
                "the device is there.",
     .remedy = MEMORY},
};

const struct rig_attack_group rig_attack_group_owners = {"Whose key it is", owners,
                                                         RIG_ATTACK_N(owners)};
