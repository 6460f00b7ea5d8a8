/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/rotation.h"

#include "rig/suite/plan_tables.h"

/* A good one leaves room below itself: so there is a lower version to roll back to. */
#define GOOD_STEP 2

const struct rig_rotation_traits rig_rotation_traits[RIG_ROTATION_KINDS] = {
    [RIG_ROTATION_GOOD] = {.name = "good",
                           .title = "a renewed intermediate is taken",
                           .doc = "the issuing CA's certificate renewed (same name and key), "
                                  "signed, with a higher version",
                           .expect = RIG_ROTATION_ACCEPTED,
                           .version_step = GOOD_STEP},
    [RIG_ROTATION_SAME_VERSION] = {.name = "same-version",
                                   .title = "an update of the same version is refused",
                                   .doc = "good, but with the version that the board has",
                                   .expect = RIG_ROTATION_REFUSED,
                                   .code = "update-version",
                                   .blame = "of the version that it has: it does not compare "
                                            "versions"},
    [RIG_ROTATION_ROLLBACK] = {.name = "rollback",
                               .title = "an update of a lower version is refused",
                               .doc = "good, but with a lower version",
                               .expect = RIG_ROTATION_REFUSED,
                               .code = "update-version",
                               .blame = "of a lower version than it has: intermediates that were "
                                        "withdrawn can be brought back",
                               .version_step = -1},
    [RIG_ROTATION_DAMAGED] = {.name = "damaged",
                              .title = "an update with a flipped bit is refused",
                              .doc =
                                  "one bit flipped after signing, which makes the version higher",
                              .expect = RIG_ROTATION_REFUSED,
                              .code = "update-signature",
                              .blame = "that was damaged after it was signed: it does not check "
                                       "the signature over all of it",
                              .fault = RIG_CHAIN_UPDATE_DAMAGED,
                              .version_step = 1},
    [RIG_ROTATION_TRUNCATED] = {.name = "truncated",
                                .title = "an update without its end is refused",
                                .doc = "the last third is missing",
                                .expect = RIG_ROTATION_REFUSED,
                                .code = "update-format",
                                .blame = "whose end is missing: it does not check lengths",
                                .fault = RIG_CHAIN_UPDATE_TRUNCATED,
                                .version_step = 1},
    [RIG_ROTATION_UNSIGNED] = {.name = "unsigned",
                               .title = "an update without signature is refused",
                               .doc = "the signature is missing",
                               .expect = RIG_ROTATION_REFUSED,
                               .code = "update-unsigned",
                               .blame = "without signature: whoever reaches its line can replace "
                                        "its intermediates",
                               .fault = RIG_CHAIN_UPDATE_UNSIGNED,
                               .version_step = 1},
    [RIG_ROTATION_BAD_SIGNATURE] = {.name = "bad-signature",
                                    .title = "an update signed with another key is refused",
                                    .doc = "the signer's certificate is right, but another key "
                                           "signed",
                                    .expect = RIG_ROTATION_REFUSED,
                                    .code = "update-signature",
                                    .blame = "whose signature is by another key than the "
                                             "signer's: it does not verify signatures",
                                    .fault = RIG_CHAIN_UPDATE_BAD_SIGNATURE,
                                    .version_step = 1},
    [RIG_ROTATION_WRONG_SIGNER] = {.name = "wrong-signer",
                                   .title = "an update by a signer of another root is refused",
                                   .doc = "the signer's certificate comes from an unknown root",
                                   .expect = RIG_ROTATION_REFUSED,
                                   .code = "update-signer",
                                   .blame = "by a signer of an unknown root: anybody can sign for "
                                            "it",
                                   .fault = RIG_CHAIN_UPDATE_WRONG_SIGNER,
                                   .version_step = 1},
    [RIG_ROTATION_SIGNER_OF_ISSUING_CA] = {.name = "signer-of-issuing-ca",
                                           .title = "an update by a signer of the issuing CA is "
                                                    "refused",
                                           .doc = "the signer was certified by the issuing CA, "
                                                  "whose key is online, not by the root",
                                           .expect = RIG_ROTATION_REFUSED,
                                           .code = "update-signer",
                                           .blame = "by a signer that the issuing CA certified: a "
                                                    "stolen CA of a factory can't be replaced "
                                                    "then",
                                           .fault = RIG_CHAIN_UPDATE_WRONG_ISSUER,
                                           .version_step = 1},
    [RIG_ROTATION_SIGNER_PURPOSE] = {.name = "signer-purpose",
                                     .title = "an update signed by a TLS server is refused",
                                     .doc = "the root certified the signer as a TLS server, not "
                                            "for updates",
                                     .expect = RIG_ROTATION_REFUSED,
                                     .code = "update-signer",
                                     .blame = "signed with the certificate of a TLS server: it "
                                              "ignores the extended key usage",
                                     .fault = RIG_CHAIN_UPDATE_WRONG_PURPOSE,
                                     .version_step = 1},
    [RIG_ROTATION_OTHER_FAMILY] = {.name = "other-family",
                                   .title = "an update for another device family is refused",
                                   .doc = "rightly signed, for the devices of another issuing CA",
                                   .expect = RIG_ROTATION_REFUSED,
                                   .code = "update-issuer",
                                   .blame = "for the devices of another issuing CA",
                                   .fault = RIG_CHAIN_UPDATE_OTHER_FAMILY,
                                   .version_step = 1},
    [RIG_ROTATION_OTHER_ROOT] = {.name = "other-root",
                                 .title = "an update for another root is refused",
                                 .doc = "for devices under another root, and signed under that",
                                 .expect = RIG_ROTATION_REFUSED,
                                 .code = "update-root",
                                 .blame = "for devices under another root",
                                 .fault = RIG_CHAIN_UPDATE_OTHER_ROOT,
                                 .version_step = 1},
    [RIG_ROTATION_ROOT_INSTEAD] = {.name = "root-instead",
                                   .title = "a new root is refused",
                                   .doc = "rightly signed, but offers a new root",
                                   .expect = RIG_ROTATION_REFUSED,
                                   .code = "update-is-root",
                                   .blame = "that offers a new root",
                                   .fault = RIG_CHAIN_UPDATE_ROOT,
                                   .version_step = 1},
    [RIG_ROTATION_EXPIRED] = {.name = "expired",
                              .title = "an expired intermediate is refused",
                              .doc = "the intermediate's validity ended yesterday",
                              .expect = RIG_ROTATION_REFUSED,
                              .code = "update-expired",
                              .blame = "with an intermediate that is expired: no server would "
                                       "accept it any more",
                              .fault = RIG_CHAIN_UPDATE_EXPIRED,
                              .version_step = 1},
    [RIG_ROTATION_KEY_MISMATCH] = {.name = "key-mismatch",
                                   .title = "an intermediate of another key is refused",
                                   .doc = "rightly signed, but its key did not sign the device's "
                                          "certificate",
                                   .expect = RIG_ROTATION_REFUSED,
                                   .code = "update-key",
                                   .blame = "with an intermediate that did not sign its own "
                                            "certificate: its chain is broken now",
                                   .fault = RIG_CHAIN_UPDATE_OTHER_KEY,
                                   .version_step = 1},
    [RIG_ROTATION_POWER_CUT] = {.name = "power-cut",
                                .title = "a power cut leaves the old or the new one",
                                .doc = "good; the board is reset before a commit, four times while "
                                       "it is at work on one, and right after its answer",
                                .expect = RIG_ROTATION_WHOLE,
                                .version_step = 1},
};

rig_result rig_rotation_describe(struct rig_buf *text, struct rig_error *err)
{
    static const char *const ends[] = {
        [RIG_ROTATION_ACCEPTED] = "accepted",
        [RIG_ROTATION_REFUSED] = "refused",
        [RIG_ROTATION_WHOLE] = "old-or-new",
    };

    RIG_TRY(rig_buf_append_text(text,
                                "### Chain updates\n\n| Word | Is | Must end | Right reason "
                                "|\n|---|---|---|---|\n",
                                err));
    for (size_t i = RIG_ROTATION_GOOD; i < RIG_ROTATION_KINDS; i++) {
        const struct rig_rotation_traits *traits = &rig_rotation_traits[i];

        RIG_TRY(rig_buf_printf(text, err, "| `%s` | %s | %s | %s |\n", traits->name, traits->doc,
                               ends[traits->expect], traits->code != NULL ? traits->code : ""));
    }
    return rig_buf_append_text(text, "\n", err);
}

const struct rig_yaml_word rig_rotation_words[] = {
    {"good", RIG_ROTATION_GOOD},
    {"same-version", RIG_ROTATION_SAME_VERSION},
    {"rollback", RIG_ROTATION_ROLLBACK},
    {"damaged", RIG_ROTATION_DAMAGED},
    {"truncated", RIG_ROTATION_TRUNCATED},
    {"unsigned", RIG_ROTATION_UNSIGNED},
    {"bad-signature", RIG_ROTATION_BAD_SIGNATURE},
    {"wrong-signer", RIG_ROTATION_WRONG_SIGNER},
    {"signer-of-issuing-ca", RIG_ROTATION_SIGNER_OF_ISSUING_CA},
    {"signer-purpose", RIG_ROTATION_SIGNER_PURPOSE},
    {"other-family", RIG_ROTATION_OTHER_FAMILY},
    {"other-root", RIG_ROTATION_OTHER_ROOT},
    {"root-instead", RIG_ROTATION_ROOT_INSTEAD},
    {"expired", RIG_ROTATION_EXPIRED},
    {"key-mismatch", RIG_ROTATION_KEY_MISMATCH},
    {"power-cut", RIG_ROTATION_POWER_CUT},
    {NULL, 0},
};

const struct rig_yaml_word rig_rotation_expect_words[] = {
    {"accepted", RIG_ROTATION_ACCEPTED},
    {"refused", RIG_ROTATION_REFUSED},
    {"old-or-new", RIG_ROTATION_WHOLE},
    {NULL, 0},
};
