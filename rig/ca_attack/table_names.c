/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are not the device's own. */
#include "rig/ca_attack/groups.h"

#define SANS "vault patch MOUNT/roles/ROLE use_csr_sans=false."
#define ANY_NAME                                                                                   \
    "vault patch MOUNT/roles/ROLE allow_any_name=false allowed_domains=... (the devices' domain "  \
    "or a glob with allow_glob_domains=true) enforce_hostnames=true."
#define ANY_ALPHABET                                                                               \
    "A glob in allowed_domains matches letters of any alphabet, and exclude_cn_from_sans keeps "   \
    "the name from being checked as a DNS name: keep the rig's check that the CN is the board's "  \
    "own id, or name a domain instead of a glob (allow_subdomains=true)."
#define IMPERSONATES_SERVER                                                                        \
    "A device can get a certificate for the server's name: anybody who holds one device can "      \
    "impersonate the server."
#define CONFUSES                                                                                   \
    "A name that readers understand in different ways: logs, access lists and the register can "   \
    "take the device for another one."
#define OTHER_KIND                                                                                 \
    "A device can get a certificate that another system (mail, directory logon, service mesh) "    \
    "takes for one of its own users."

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

#define ATTACK_SAN(name_, title_, san_, marker_, meaning_, remedy_)                                \
    {                                                                                              \
        .name = (name_), .title = (title_), .expect = RIG_ATTACK_EXPECT_NEUTRALISED,               \
        .recipe = {.extensions = {{"subjectAltName", (san_), 0}}},                                 \
        .danger = {.what = RIG_DANGER_NAME, .markers = {(marker_)}}, .meaning = (meaning_),        \
        .remedy = (remedy_)                                                                        \
    }

#define ATTACK_CN(name_, title_, expect_, cn_, marker_, meaning_, remedy_)                         \
    {                                                                                              \
        .name = (name_), .title = (title_), .expect = (expect_),                                   \
        .recipe = {.subject = {{"CN", (cn_)}}},                                                    \
        .danger = {.what = RIG_DANGER_NAME, .markers = {(marker_)}}, .meaning = (meaning_),        \
        .remedy = (remedy_)                                                                        \
    }

static const struct rig_attack attacks[] = {
    ATTACK_SAN("san-dns-server", "asks for the server's DNS name in its SAN", "DNS:{server}",
               "{server}", IMPERSONATES_SERVER, SANS),
    ATTACK_SAN("san-dns-other-device", "asks for another device's name in its SAN", "DNS:{other}",
               "{other}", "A device can get a certificate that is good for another device's name.",
               SANS),
    ATTACK_SAN(
        "san-dns-wildcard", "asks for a wildcard in its SAN", "DNS:*.{server}", "*.",
        "A device can get a certificate for every name below the domain.",
        "vault patch MOUNT/roles/ROLE use_csr_sans=false allow_wildcard_certificates=false."),
    ATTACK_SAN("san-ip", "asks for an IP address in its SAN", "IP:198.51.100.7", "\xC6\x33\x64\x07",
               "A device can get a certificate for a server that is reached by its address.",
               "vault patch MOUNT/roles/ROLE use_csr_sans=false allow_ip_sans=false."),
    ATTACK_SAN("san-uri", "asks for a URI in its SAN", "URI:spiffe://attack.test/admin",
               "spiffe://attack.test/admin", OTHER_KIND,
               "vault patch MOUNT/roles/ROLE use_csr_sans=false allowed_uri_sans=\"\"."),
    ATTACK_SAN("san-other-name", "asks for an otherName in its SAN",
               "otherName:1.3.6.1.4.1.55555.1;UTF8:attack-other-name", "attack-other-name",
               OTHER_KIND,
               "vault patch MOUNT/roles/ROLE use_csr_sans=false allowed_other_sans=\"\"."),
    ATTACK_SAN(
        "san-upn", "asks for a user principal name in its SAN",
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:administrator@attack.test",
        "administrator@attack.test",
        "A device can get a certificate with which a Windows domain logs it on as that user.",
        "vault patch MOUNT/roles/ROLE use_csr_sans=false allowed_other_sans=\"\"."),
    ATTACK_SAN("san-email", "asks for an e-mail address in its SAN", "email:admin@attack.test",
               "admin@attack.test", OTHER_KIND,
               "vault patch MOUNT/roles/ROLE use_csr_sans=false allow_any_name=false."),
    ATTACK_CN("cn-server", "the server's name as CN", RIG_ATTACK_EXPECT_NEUTRALISED, "{server}",
              "{server}", IMPERSONATES_SERVER, ANY_NAME),
    ATTACK_CN("cn-localhost", "localhost as CN", RIG_ATTACK_EXPECT_NEUTRALISED, "localhost",
              "localhost",
              "A device can get a certificate with which a program on any host can pass itself off "
              "as a local service.",
              "vault patch MOUNT/roles/ROLE allow_localhost=false allow_any_name=false."),
    ATTACK_CN("cn-wildcard", "a wildcard as CN", RIG_ATTACK_EXPECT_NEUTRALISED, "*.{server}", "*.",
              "A device can get a certificate for every name below the domain.",
              "vault patch MOUNT/roles/ROLE allow_wildcard_certificates=false "
              "allow_any_name=false."),
    ATTACK_CN("cn-email", "an e-mail address as CN", RIG_ATTACK_EXPECT_NEUTRALISED,
              "admin@attack.test", "admin@attack.test", OTHER_KIND,
              "vault patch MOUNT/roles/ROLE allow_any_name=false cn_validations=hostname."),
    ATTACK_CN("cn-other-device", "another device's name as CN", RIG_ATTACK_EXPECT_DETECTED,
              "{other}", "{other}",
              "A device can take another device's place: same name, another key.",
              "A CA can't know which device asks: keep the rig's check that the CN is the board's "
              "own id, and give the sign path to the signing station only."),
    ATTACK_CN("cn-space", "a CN with a space", RIG_ATTACK_EXPECT_NEUTRALISED, "{device} x",
              "{device} x", CONFUSES, ANY_NAME),
    ATTACK_CN("cn-underscore", "a CN with an underscore", RIG_ATTACK_EXPECT_NEUTRALISED,
              "{device}_x", "{device}_x", CONFUSES, ANY_NAME),
    ATTACK_CN("cn-control", "a CN with control characters", RIG_ATTACK_EXPECT_NEUTRALISED,
              "{device}\x1B[2J\r\n", "\x1B[2J", CONFUSES, ANY_NAME),
    ATTACK_CN("cn-nul", "a zero byte in the CN, the server's name in front of it",
              RIG_ATTACK_EXPECT_NEUTRALISED, "{server}{nul}.{device}", "{server}",
              "Readers that stop at the zero byte take the device for the server.", ANY_NAME),
    {.name = "cn-non-ascii",
     .title = "a CN with letters beyond ASCII",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.subject = {{"CN", "{device}-\xC3\xBC"}}},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"\xC3\xBC", "xn--"}},
     .meaning = CONFUSES,
     .remedy = ANY_ALPHABET},
    {.name = "cn-homograph",
     .title = "a CN that looks like the device's, with a Cyrillic letter",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.subject = {{"CN", "{device}\xD0\xB0"}}},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"\xD0\xB0", "xn--"}},
     .meaning = CONFUSES,
     .remedy = ANY_ALPHABET},
    ATTACK_CN("cn-too-long", "a CN of more than 64 characters", RIG_ATTACK_EXPECT_NEUTRALISED,
              "{device}" X64, X64,
              "X.509 ends a CN at 64 characters: some readers refuse the certificate, others cut "
              "the name, and two devices become one.",
              ANY_NAME),
    {.name = "cn-empty",
     .title = "an empty CN",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.subject = {{"CN", ""}}},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "A certificate without a name: nobody can say later which device it belongs to.",
     .remedy = "vault patch MOUNT/roles/ROLE require_cn=true."},
    {.name = "cn-missing",
     .title = "a subject without a CN",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.no_subject = true},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "A certificate without a name: nobody can say later which device it belongs to.",
     .remedy = "vault patch MOUNT/roles/ROLE require_cn=true."},
    {.name = "two-cns",
     .title = "two CNs: the device's, then the server's",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.subject = {{"CN", "{device}"}, {"CN", "{server}"}}},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"{server}"}},
     .meaning = IMPERSONATES_SERVER,
     .remedy = ANY_NAME},
    {.name = "two-cns-reversed",
     .title = "two CNs: the server's, then the device's",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.subject = {{"CN", "{server}"}, {"CN", "{device}"}}},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"{server}"}},
     .meaning = IMPERSONATES_SERVER,
     .remedy = ANY_NAME},
    {.name = "subject-serial-number",
     .title = "a serialNumber in the subject",
     .expect = RIG_ATTACK_EXPECT_EITHER,
     .recipe = {.subject = {{"CN", "{device}"}, {"serialNumber", "SN-0815"}}},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"SN-0815"}},
     .meaning = "The device chooses the serial number in its subject; whether it may is yours to "
                "say (IEEE 802.1AR wants one): declare it with expect.",
     .remedy = "vault patch MOUNT/roles/ROLE allowed_serial_numbers=\"\" (none) or a pattern."},
    {.name = "subject-extra-fields",
     .title = "another O, OU and C in the subject",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.subject = {{"CN", "{device}"},
                            {"O", "Attack Corporation"},
                            {"OU", "Attack Administrators"},
                            {"C", "ZZ"}}},
     .danger = {.what = RIG_DANGER_NAME,
                .markers = {"Attack Corporation", "Attack Administrators"}},
     .meaning = "A device can make itself a member of any organization or unit; access lists that "
                "look at O or OU let it in.",
     .remedy = "Sign by /sign/ROLE, never /sign-verbatim, and set organization, ou and country in "
               "the role."},
};

const struct rig_attack_group rig_attack_group_names = {"Names", attacks, RIG_ATTACK_N(attacks)};
