/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are weak, or that nobody here can use. */
#include "rig/ca_attack/groups.h"

#define KEY_FIELDS                                                                                 \
    "vault patch MOUNT/roles/ROLE key_type=rsa key_bits=2048 (or key_type=ec key_bits=256)."
#define CA_IS_BLIND                                                                                \
    "No CA of this kind looks for it: keep the rig's own check of every CSR in front of the CA, "  \
    "and give the sign path to the signing station only."
#define POLICY_KEY                                                                                 \
    "The CA signs keys of this type; whether it should is yours to say: declare it in the suite "  \
    "with expect: allowed or expect: refused."

#define ATTACK_KEY(name_, title_, expect_, key_, meaning_, remedy_)                                \
    {                                                                                              \
        .name = (name_), .title = (title_), .expect = (expect_), .recipe = {.key = (key_)},        \
        .danger = {.what = RIG_DANGER_SIGNED}, .meaning = (meaning_), .remedy = (remedy_)          \
    }

static const struct rig_attack attacks[] = {
    ATTACK_KEY("rsa-1024", "an RSA key of 1024 bits", RIG_ATTACK_EXPECT_REFUSED,
               RIG_ATTACK_KEY_RSA_1024,
               "A device's private key can be computed from its certificate at a price that an "
               "attacker pays; current TLS peers refuse it.",
               KEY_FIELDS),
    ATTACK_KEY("rsa-3072", "an RSA key of 3072 bits", RIG_ATTACK_EXPECT_EITHER,
               RIG_ATTACK_KEY_RSA_3072, POLICY_KEY,
               "key_bits of a role is a minimum, not the one size: what else may not pass must be "
               "refused by the rig (keys of the suite)."),
    ATTACK_KEY("rsa-4096", "an RSA key of 4096 bits", RIG_ATTACK_EXPECT_EITHER,
               RIG_ATTACK_KEY_RSA_4096, POLICY_KEY,
               "key_bits of a role is a minimum, not the one size: what else may not pass must be "
               "refused by the rig (keys of the suite)."),
    ATTACK_KEY("rsa-e1", "an RSA key with exponent 1", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_RSA_E1,
               "The key protects nothing: anybody can sign in the device's name.", CA_IS_BLIND),
    ATTACK_KEY("rsa-even-e", "an RSA key with an even exponent", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_RSA_E2,
               "The key is no RSA key: some peers take its signatures and others do not, and one "
               "wrong answer of the device gives its primes away.",
               CA_IS_BLIND),
    ATTACK_KEY("rsa-e3", "an RSA key with exponent 3", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_RSA_E3,
               "Peers that check the padding carelessly accept forged signatures of this device.",
               CA_IS_BLIND),
    ATTACK_KEY("rsa-roca", "an RSA key of the generator of CVE-2017-15361 (ROCA)",
               RIG_ATTACK_EXPECT_DETECTED, RIG_ATTACK_KEY_RSA_ROCA,
               "A device's private key can be computed from its certificate.", CA_IS_BLIND),
    {.name = "rsa-shared-prime",
     .title = "an RSA key that shares a prime with another device's",
     .expect = RIG_ATTACK_EXPECT_DETECTED,
     .recipe = {.key = RIG_ATTACK_KEY_RSA_SHARED_PRIME, .prelude = RIG_ATTACK_PRIME_TWIN},
     .danger = {.what = RIG_DANGER_SIGNED},
     .meaning = "Both devices' private keys follow from their two certificates by one division: "
                "the random generator had no entropy, and more devices of the lot are likely to "
                "be alike.",
     .remedy = CA_IS_BLIND},
    ATTACK_KEY("rsa-pss-key", "an RSA key whose SPKI says RSA-PSS", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_RSA_PSS, "Most devices and servers can't use such a certificate.",
               KEY_FIELDS),
    ATTACK_KEY("p-224", "an EC key on P-224", RIG_ATTACK_EXPECT_DETECTED, RIG_ATTACK_KEY_P224,
               "TLS 1.3 has no such curve: the device can't authenticate.", KEY_FIELDS),
    ATTACK_KEY("p-256", "an EC key on P-256", RIG_ATTACK_EXPECT_EITHER, RIG_ATTACK_KEY_P256,
               POLICY_KEY, "vault patch MOUNT/roles/ROLE key_type=rsa refuses EC keys."),
    ATTACK_KEY("p-384", "an EC key on P-384", RIG_ATTACK_EXPECT_EITHER, RIG_ATTACK_KEY_P384,
               POLICY_KEY, "vault patch MOUNT/roles/ROLE key_type=rsa refuses EC keys."),
    ATTACK_KEY("secp256k1", "an EC key on secp256k1", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_SECP256K1,
               "TLS peers refuse the curve: the device can't authenticate.", KEY_FIELDS),
    ATTACK_KEY("brainpool-p256", "an EC key on brainpoolP256r1", RIG_ATTACK_EXPECT_DETECTED,
               RIG_ATTACK_KEY_BRAINPOOL256,
               "Few TLS peers take the curve: the device can't authenticate.", KEY_FIELDS),
    ATTACK_KEY("ed25519", "an Ed25519 key", RIG_ATTACK_EXPECT_EITHER, RIG_ATTACK_KEY_ED25519,
               POLICY_KEY, "vault patch MOUNT/roles/ROLE key_type=ec (or rsa) refuses it."),
};

const struct rig_attack_group rig_attack_group_keys = {"Keys", attacks, RIG_ATTACK_N(attacks)};
