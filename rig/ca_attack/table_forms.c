/* SPDX-License-Identifier: Apache-2.0 */
/* Requests whose form or signature is wrong. */
#include "rig/ca_attack/groups.h"

#define NO_PROOF                                                                                   \
    "The CA signs for keys that nobody proved to hold: anybody can get a certificate that ties a " \
    "device's name to a key of their choice, or another's key to their own name."
#define NO_PROOF_REMEDY                                                                            \
    "No field of a role switches this check off, so the server is not what it says it is, or "     \
    "something in front of it signs by itself (sign-verbatim does not skip it either): replace "   \
    "it."
#define WEAK_DIGEST                                                                                \
    "The request can be forged by a collision: who gets a device to sign one harmless request "    \
    "can hand in another."
#define WEAK_DIGEST_REMEDY                                                                         \
    "Current Vault and OpenBao refuse such a request; update the server, and let the rig's own "   \
    "check of every CSR stand in front of it."
#define LAX_READER                                                                                 \
    "The CA reads such a request in another way than the next reader does: what was checked and "  \
    "what was signed can be two different things."
#define LAX_READER_REMEDY                                                                          \
    "No field of a role changes this: only hand over what was decoded, checked and encoded "       \
    "again, as the rig does; nobody but the signing station may reach the sign path."

static const struct rig_attack attacks[] = {
    {.name = "broken-signature",
     .title = "the CSR's signature is broken",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.form = RIG_ATTACK_BROKEN_SIGNATURE},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = NO_PROOF,
     .remedy = NO_PROOF_REMEDY},
    {.name = "tampered-csr",
     .title = "the name was changed after the CSR was signed",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.form = RIG_ATTACK_TAMPERED},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = NO_PROOF,
     .remedy = NO_PROOF_REMEDY},
    {.name = "sha1-signature",
     .title = "the CSR is signed with SHA-1",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.digest = RIG_ATTACK_SHA1},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = WEAK_DIGEST,
     .remedy = WEAK_DIGEST_REMEDY},
    {.name = "md5-signature",
     .title = "the CSR is signed with MD5",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.key = RIG_ATTACK_KEY_RSA_2048, .digest = RIG_ATTACK_MD5},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = WEAK_DIGEST,
     .remedy = WEAK_DIGEST_REMEDY},
    {.name = "der-not-pem",
     .title = "the CSR comes as DER",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.form = RIG_ATTACK_DER},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "not-a-csr",
     .title = "a PEM block that holds no CSR",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.form = RIG_ATTACK_NOT_A_CSR},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "trailing-der",
     .title = "bytes follow behind the CSR inside its PEM block",
     .expect = RIG_ATTACK_EXPECT_REFUSED,
     .recipe = {.form = RIG_ATTACK_TRAILING_DER},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "trailing-text",
     .title = "text follows behind the PEM block",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.form = RIG_ATTACK_TRAILING_TEXT},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "two-pem-blocks",
     .title = "a second CSR, for the server's name, behind the first",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.form = RIG_ATTACK_TWO_BLOCKS},
     .danger = {.what = RIG_DANGER_NAME, .markers = {"{server}"}},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "wrong-pem-label",
     .title = "the PEM block says CERTIFICATE",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.form = RIG_ATTACK_WRONG_LABEL},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = LAX_READER,
     .remedy = LAX_READER_REMEDY},
    {.name = "csr-of-1-mb",
     .title = "a CSR with 1 MB of ballast",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.ballast_bytes = (size_t)1 << 20},
     .danger = {.what = RIG_DANGER_SIZE},
     .meaning = "The ballast ends up in the certificate: a device can fill the CA's storage and "
                "make certificates that no other device can read.",
     .remedy = "A role copies no extensions: use /sign/ROLE, never /sign-verbatim; put a limit on "
               "the body's size in front of the server (max_request_size of the listener)."},
    {.name = "10000-sans",
     .title = "asks for 10,000 DNS names",
     .expect = RIG_ATTACK_EXPECT_NEUTRALISED,
     .recipe = {.extensions = {{"subjectAltName", "DNS:", 10000}}},
     .danger = {.what = RIG_DANGER_ANY_SAN | RIG_DANGER_SIZE},
     .meaning = "A device can get a certificate for any number of names, too large for any TLS "
                "peer, and fill the CA's storage with them.",
     .remedy = "vault patch MOUNT/roles/ROLE use_csr_sans=false (and max_request_size of the "
               "listener)."},
};

const struct rig_attack_group rig_attack_group_forms = {"Signature and form", attacks,
                                                        RIG_ATTACK_N(attacks)};
