/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/plan_tables.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#define SECONDS(n) (INT64_C(1000) * (n))

const struct rig_fact rig_facts[RIG_N_FACTS] = {
    {RIG_HAS_IDENTITY, "before the board was identified", "identify"},
    {RIG_HAS_KEY, "before a key was made", "keygen"},
    {RIG_HAS_CSR, "before the CSR of the key was read", "csr"},
    {RIG_HAS_CERTIFICATE, "before a certificate was signed for the key", "sign"},
    {RIG_HAS_FLASHED, "before the certificate was flashed", "flash"},
    {RIG_HAS_UPDATE, "before a chain update was taken", "chain-update with update: good"},
    {RIG_HAS_FIRMWARE, "while the board is not in its firmware", "firmware (or boot after flash)"},
    {RIG_HAS_DOWNLOAD, "while the board is not in download mode", "reset"},
};

/*
 * Times are for a real ESP32: RSA keys take 5 to 60 s and scatter widely, a handshake with RSA-2048
 * 2 to 4 s, sectors 40 ms each to erase.
 */
const struct rig_step_traits rig_step_traits[RIG_STEP_KINDS] = {
    [RIG_STEP_RESET] = {.name = "reset",
                        .title = "enter download mode",
                        .doc = "Into download mode by the board's reset recipes; the boot banner "
                               "proves it.",
                        .timeout_ms = SECONDS(20),
                        .budget = {SECONDS(5), 0},
                        .retries = 1,
                        .lists = RIG_LIST_BEFORE | RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                        .gives = RIG_HAS_DOWNLOAD,
                        .clears = RIG_HAS_FIRMWARE},
    [RIG_STEP_IDENTIFY] = {.name = "identify",
                           .title = "read chip, MAC, flash size and partition table",
                           .doc = "Chip, MAC, flash size and partition table. Needs download mode.",
                           .timeout_ms = SECONDS(20),
                           .budget = {SECONDS(5), 0},
                           .retries = 1,
                           .lists = RIG_LIST_BEFORE | RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                           .needs = RIG_HAS_DOWNLOAD,
                           .gives = RIG_HAS_IDENTITY},
    [RIG_STEP_FIRMWARE] = {.name = "firmware",
                           .title = "start the firmware and greet its agent",
                           .doc = "Restart into the firmware; the agent answers and gets the time.",
                           .timeout_ms = SECONDS(30),
                           .budget = {SECONDS(8), 0},
                           .retries = 1,
                           .lists = RIG_LIST_BEFORE | RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                           .gives = RIG_HAS_FIRMWARE,
                           .clears = RIG_HAS_DOWNLOAD},
    [RIG_STEP_KEYGEN] = {.name = "keygen",
                         .title = "make a key on the device",
                         .doc = "The device makes a key of the matrix's type; the old one is gone.",
                         .timeout_ms = SECONDS(120),
                         .budget = {SECONDS(60), 0},
                         .retries = 0,
                         .lists = RIG_LIST_EACH_KEY,
                         .needs = RIG_HAS_FIRMWARE,
                         .gives = RIG_HAS_KEY,
                         .clears =
                             RIG_HAS_CSR | RIG_HAS_CERTIFICATE | RIG_HAS_FLASHED | RIG_HAS_UPDATE},
    [RIG_STEP_CSR] = {.name = "csr",
                      .title = "read and check the CSR",
                      .doc = "The device's CSR, checked: signature, key, subject.",
                      .timeout_ms = SECONDS(20),
                      .budget = {SECONDS(8), 0},
                      .retries = 1,
                      .lists = RIG_LIST_EACH_KEY,
                      .needs = RIG_HAS_FIRMWARE | RIG_HAS_IDENTITY | RIG_HAS_KEY,
                      .gives = RIG_HAS_CSR},
    [RIG_STEP_SIGN] = {.name = "sign",
                       .title = "have the certificate signed",
                       .doc = "The CA signs; journalled first, the answer is checked.",
                       .timeout_ms = SECONDS(30),
                       .budget = {SECONDS(5), 0},
                       .retries = 0,
                       .lists = RIG_LIST_EACH_KEY,
                       .needs = RIG_HAS_CSR,
                       .gives = RIG_HAS_CERTIFICATE,
                       .clears = RIG_HAS_FLASHED},
    [RIG_STEP_FLASH] = {.name = "flash",
                        .title = "flash certificate and chain",
                        .doc = "Enters download mode, writes the certificate partition, proves it "
                               "by MD5.",
                        .timeout_ms = SECONDS(60),
                        .budget = {SECONDS(20), 0},
                        .retries = 1,
                        .lists = RIG_LIST_EACH_KEY,
                        .needs = RIG_HAS_IDENTITY | RIG_HAS_CERTIFICATE,
                        .gives = RIG_HAS_FLASHED | RIG_HAS_DOWNLOAD,
                        .clears = RIG_HAS_FIRMWARE},
    [RIG_STEP_READ_BACK] = {.name = "read-back",
                            .title = "read the partition back",
                            .doc = "The partition as the chip has it, byte for byte. Enters "
                                   "download mode.",
                            .timeout_ms = SECONDS(30),
                            .budget = {SECONDS(10), 0},
                            .retries = 1,
                            .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                            .needs = RIG_HAS_FLASHED,
                            .gives = RIG_HAS_DOWNLOAD,
                            .clears = RIG_HAS_FIRMWARE},
    [RIG_STEP_BOOT] = {.name = "boot",
                       .title = "start the firmware with its certificate",
                       .doc = "Restart into the firmware after flashing.",
                       .timeout_ms = SECONDS(30),
                       .budget = {SECONDS(8), 0},
                       .retries = 1,
                       .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                       .needs = RIG_HAS_FLASHED,
                       .gives = RIG_HAS_FIRMWARE,
                       .clears = RIG_HAS_DOWNLOAD},
    [RIG_STEP_INSTALLED] = {.name = "installed",
                            .title = "the device has what was signed",
                            .doc = "Fingerprints and key as the device reports them; closes the "
                                   "certificate's entry in the register.",
                            .timeout_ms = SECONDS(15),
                            .budget = {SECONDS(5), 0},
                            .retries = 1,
                            .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                            .needs = RIG_HAS_FLASHED | RIG_HAS_FIRMWARE},
    [RIG_STEP_REVOCATION] = {.name = "revocation",
                             .title = "from revoked to refused",
                             .doc =
                                 "Two certificates for the key: one is revoked and timed until a "
                                 "server refuses the board with it, the other must go on being "
                                 "accepted.",
                             .timeout_ms = SECONDS(120),
                             .budget = {SECONDS(60), 0},
                             .retries = 0,
                             .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                             .needs = RIG_HAS_CSR | RIG_HAS_FIRMWARE | RIG_HAS_IDENTITY},
    [RIG_STEP_CHAIN_UPDATE] = {.name = "chain-update",
                               .title = "",
                               .doc = "New intermediates are offered to the device, right or wrong "
                                      "as `update` says; see \"Chain updates\". What it presents "
                                      "from then on is what the next cases must see.",
                               .timeout_ms = SECONDS(60),
                               .budget = {SECONDS(30), 0},
                               .retries = 1,
                               .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                               .needs = RIG_HAS_FLASHED | RIG_HAS_FIRMWARE},
    [RIG_STEP_CHAIN_ERASE] = {.name = "chain-erase",
                              .title = "forget all chain updates",
                              .doc = "Enters download mode and erases the partition of chain "
                                     "updates: the flashed intermediates count, and versions "
                                     "begin anew.",
                              .timeout_ms = SECONDS(30),
                              .budget = {SECONDS(10), 0},
                              .retries = 1,
                              .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                              .needs = RIG_HAS_FLASHED,
                              .gives = RIG_HAS_DOWNLOAD,
                              .clears = RIG_HAS_FIRMWARE | RIG_HAS_UPDATE},
    [RIG_STEP_CASE] = {.name = "case",
                       .title = "",
                       .doc = "A handshake; see \"A case\".",
                       .timeout_ms = SECONDS(45),
                       .budget = {SECONDS(15), 0},
                       .retries = 1,
                       .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                       .needs = RIG_HAS_CERTIFICATE | RIG_HAS_FIRMWARE},
    [RIG_STEP_ENROL] = {.name = "enrol",
                        .title = "",
                        .doc = "A registration; see \"A registration\".",
                        .timeout_ms = SECONDS(45),
                        .budget = {SECONDS(15), 0},
                        .retries = 1,
                        .lists = RIG_LIST_EACH_KEY,
                        .needs = RIG_HAS_CSR | RIG_HAS_FIRMWARE},
    [RIG_STEP_TRIAL] = {.name = "case with fixtures",
                        .title = "",
                        .doc = "A handshake in the suite's own PKI; see \"A case with fixtures\".",
                        .timeout_ms = SECONDS(45),
                        .budget = {SECONDS(15), 0},
                        .retries = 1,
                        .lists = RIG_LIST_EACH_KEY | RIG_LIST_AFTER,
                        .needs = RIG_HAS_CSR | RIG_HAS_FIRMWARE},
};

/* The server's verdicts as measured with OpenSSL 3.0; alerts alone are ambiguous, so errors and
 * depths come first. */
const struct rig_case_traits rig_certificate_traits[RIG_N_CERTIFICATES] = {
    [RIG_CASE_INSTALLED] = {.name = "installed",
                            .title = "mutual TLS with the installed certificate",
                            .doc = "what is flashed",
                            .needs_flashed = true,
                            .plan = {.expect = RIG_EXPECT_ACCEPTED, .verify_depth = -1}},
    [RIG_CASE_REVOKED] = {.name = "revoked",
                          .title = "a revoked certificate is refused",
                          .doc = "issued for this key, revoked, CRL published",
                          .plan = {.expect = RIG_EXPECT_SERVER_REJECTS,
                                   .verify_errors = {X509_V_ERR_CERT_REVOKED},
                                   .n_verify_errors = 1,
                                   .verify_depth = 0,
                                   .alerts = {SSL_AD_CERTIFICATE_REVOKED},
                                   .n_alerts = 1}},
    [RIG_CASE_OTHER_ROOT] =
        {.name = "other-root",
         .title = "a chain under an unknown root is refused",
         .doc = "a chain of the same shape under a root that the server does not know",
         /* the depth tells only whether the device sent the unknown root along */
         .plan = {.expect = RIG_EXPECT_SERVER_REJECTS,
                  .verify_errors = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                                    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
                  .n_verify_errors = 2,
                  .verify_depth = -1,
                  .alerts = {SSL_AD_UNKNOWN_CA},
                  .n_alerts = 1}},
    [RIG_CASE_NO_INTERMEDIATE] =
        {.name = "no-intermediate",
         .title = "a leaf without its intermediates is refused",
         .doc = "the installed leaf alone",
         .plan = {.expect = RIG_EXPECT_SERVER_REJECTS,
                  .verify_errors = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
                  .n_verify_errors = 1,
                  .verify_depth = 0,
                  .alerts = {SSL_AD_UNKNOWN_CA},
                  .n_alerts = 1}},
    [RIG_CASE_EXPIRED] = {.name = "expired",
                          .title = "an expired certificate is refused",
                          .doc = "issued for this key with an end in the past",
                          .plan = {.expect = RIG_EXPECT_SERVER_REJECTS,
                                   .verify_errors = {X509_V_ERR_CERT_HAS_EXPIRED},
                                   .n_verify_errors = 1,
                                   .verify_depth = 0,
                                   .alerts = {SSL_AD_CERTIFICATE_EXPIRED},
                                   .n_alerts = 1}},
    [RIG_CASE_NO_CERTIFICATE] =
        {.name = "none",
         .title = "a board without certificate is refused",
         .doc = "the board shows none; there is nothing to verify, so only the alert tells "
                "(TLS 1.2, then 1.3)",
         .plan = {.expect = RIG_EXPECT_SERVER_REJECTS,
                  .verify_depth = -1,
                  .alerts = {SSL_AD_HANDSHAKE_FAILURE, SSL_AD_CERTIFICATE_REQUIRED},
                  .n_alerts = 2}},
};

enum {
    MBEDTLS_EXPIRED = 0x01,
    MBEDTLS_CN_MISMATCH = 0x04,
    MBEDTLS_NOT_TRUSTED = 0x08,
};

const struct rig_case_traits rig_server_traits[RIG_N_SERVERS] = {
    [RIG_SERVER_GOOD] = {.name = "good",
                         .title = "",
                         .doc = "a server that the board must accept",
                         .plan = {.expect = RIG_EXPECT_ACCEPTED, .verify_depth = -1}},
    [RIG_SERVER_OTHER_ROOT] = {.name = "other-root",
                               .title = "the board refuses a server under an unknown root",
                               .doc = "a root that the board does not trust",
                               .plan = {.expect = RIG_EXPECT_DEVICE_REJECTS,
                                        .verify_depth = -1,
                                        .verify_flags = MBEDTLS_NOT_TRUSTED,
                                        .alerts = {SSL_AD_UNKNOWN_CA},
                                        .n_alerts = 1}},
    [RIG_SERVER_OTHER_NAME] = {.name = "other-name",
                               .title = "the board refuses a server with another name",
                               .doc = "the right root, another name",
                               .plan = {.expect = RIG_EXPECT_DEVICE_REJECTS,
                                        .verify_depth = -1,
                                        .verify_flags = MBEDTLS_CN_MISMATCH,
                                        .alerts = {SSL_AD_BAD_CERTIFICATE},
                                        .n_alerts = 1}},
    [RIG_SERVER_EXPIRED] = {.name = "expired",
                            .title = "the board refuses an expired server",
                            .doc = "an end in the past; needs a firmware that checks dates",
                            .plan = {.expect = RIG_EXPECT_DEVICE_REJECTS,
                                     .verify_depth = -1,
                                     .verify_flags = MBEDTLS_EXPIRED,
                                     .alerts = {SSL_AD_CERTIFICATE_EXPIRED},
                                     .n_alerts = 1}},
};

const struct rig_yaml_word rig_step_words[] = {
    {"reset", RIG_STEP_RESET},
    {"identify", RIG_STEP_IDENTIFY},
    {"firmware", RIG_STEP_FIRMWARE},
    {"keygen", RIG_STEP_KEYGEN},
    {"csr", RIG_STEP_CSR},
    {"sign", RIG_STEP_SIGN},
    {"flash", RIG_STEP_FLASH},
    {"read-back", RIG_STEP_READ_BACK},
    {"boot", RIG_STEP_BOOT},
    {"installed", RIG_STEP_INSTALLED},
    {"revocation", RIG_STEP_REVOCATION},
    {"chain-update", RIG_STEP_CHAIN_UPDATE},
    {"chain-erase", RIG_STEP_CHAIN_ERASE},
    {NULL, 0},
};

const struct rig_yaml_word rig_key_words[] = {
    {"rsa-2048", RIG_KEY_RSA_2048}, {"rsa-3072", RIG_KEY_RSA_3072}, {"p-256", RIG_KEY_P256},
    {"p-384", RIG_KEY_P384},        {"p-521", RIG_KEY_P521},        {NULL, 0},
};

const struct rig_yaml_word rig_certificate_words[] = {
    {"installed", RIG_CASE_INSTALLED},
    {"revoked", RIG_CASE_REVOKED},
    {"other-root", RIG_CASE_OTHER_ROOT},
    {"no-intermediate", RIG_CASE_NO_INTERMEDIATE},
    {"expired", RIG_CASE_EXPIRED},
    {"none", RIG_CASE_NO_CERTIFICATE},
    {NULL, 0},
};

const struct rig_yaml_word rig_server_words[] = {
    {"good", RIG_SERVER_GOOD},
    {"other-root", RIG_SERVER_OTHER_ROOT},
    {"other-name", RIG_SERVER_OTHER_NAME},
    {"expired", RIG_SERVER_EXPIRED},
    {NULL, 0},
};

const struct rig_yaml_word rig_expect_words[] = {
    {"accepted", RIG_EXPECT_ACCEPTED},
    {"server-rejects", RIG_EXPECT_SERVER_REJECTS},
    {"device-rejects", RIG_EXPECT_DEVICE_REJECTS},
    {NULL, 0},
};

/* MBEDTLS_X509_BADCERT_*, and BADCRL_* by that name; by number, since the host side has no mbedTLS.
 */
const struct rig_yaml_word rig_verify_flag_words[] = {
    {"EXPIRED", MBEDTLS_EXPIRED},
    {"REVOKED", 0x02},
    {"CN_MISMATCH", MBEDTLS_CN_MISMATCH},
    {"NOT_TRUSTED", MBEDTLS_NOT_TRUSTED},
    {"OTHER", 0x0100},
    {"FUTURE", 0x0200},
    {"KEY_USAGE", 0x0800},
    {"EXT_KEY_USAGE", 0x1000},
    {"NS_CERT_TYPE", 0x2000},
    {"BADCRL_NOT_TRUSTED", 0x10},
    {"BADCRL_EXPIRED", 0x20},
    {"BADCRL_FUTURE", 0x0400},
    {"BADCRL_BAD_MD", 0x20000},
    {"BAD_MD", 0x4000},
    {"BAD_PK", 0x8000},
    {"BAD_KEY", 0x10000},
    {NULL, 0},
};

/* NIST SP 800-57 part 1, table 2. */
unsigned rig_key_security_bits(enum rig_key_type type)
{
    switch (type) {
    case RIG_KEY_RSA_2048:
        return 112;
    case RIG_KEY_RSA_3072:
    case RIG_KEY_P256:
        return 128;
    case RIG_KEY_P384:
        return 192;
    case RIG_KEY_P521:
        return 256;
    case RIG_KEY_NONE:
        break;
    }
    return 0;
}

unsigned rig_level_security_bits(int security_level)
{
    static const unsigned bits[] = {0, 80, 112, 128, 192, 256};

    return security_level >= 0 && security_level < (int)(sizeof bits / sizeof bits[0])
               ? bits[security_level]
               : 0;
}

const char *rig_clock_leg_name(enum rig_clock_leg leg)
{
    static const char *const names[RIG_CLOCK_LEGS] = {"revoked", "ocsp", "crl", "loaded",
                                                      "refused"};

    return (unsigned)leg < RIG_CLOCK_LEGS ? names[leg] : "unknown";
}

const char *rig_step_kind_name(enum rig_step_kind kind)
{
    return (unsigned)kind < RIG_STEP_KINDS ? rig_step_traits[kind].name : "unknown";
}
