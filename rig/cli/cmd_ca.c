/* SPDX-License-Identifier: Apache-2.0 */
/* rig ca: the CA that signs: of a work folder, or of a Vault server. */
#include "rig/cli/cli.h"

#include "rig/base/file.h"
#include "rig/ca/local.h"
#include "rig/ca/ocsp.h"
#include "rig/cli/ca_option.h"
#include "rig/cli/load.h"
#include "rig/register/register.h"
#include "rig/run/services.h"
#include "rig/suite/suite.h"
#include "rig/tls/ocsp_responder.h"

#include <string.h>

#define TIMEOUT_MS 60000
#define ANSWER_TIMEOUT_MS 5000

static const struct rig_cli_option options[] = {
    {"out", "DIR", "work folder (default: out)", NULL},
    {"suite", "FILE", "init: levels, names and validity as this suite says", NULL},
    {"port", "N", "responder: listen on this port of 127.0.0.1 (default: any free one)", NULL},
    RIG_CLI_CA_OPTIONS,
};

struct ca_action {
    const char *name;
    size_t n_words; /* after the name */
    rig_result (*run)(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err);
};

static rig_result show(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_ca_describe(ca, &text, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    (void)fputs(rig_buf_text(&text), stdout);
    return RIG_DONE;
}

static rig_result crl(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_ca_crls(ca, &pem, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    (void)fputs(rig_buf_text(&pem), stdout);
    return RIG_DONE;
}

static rig_result chain(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    (void)cli;
    (void)err;
    (void)fputs(rig_buf_text(&ca->chain_pem), stdout);
    (void)fputs(rig_buf_text(&ca->root_pem), stdout);
    return RIG_DONE;
}

static rig_result revoke_one(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    const char *serial = cli->positionals[1];
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;
    const struct rig_board_id nobody = {.text = "-"};
    struct rig_journal_id journal;
    char subject[96];
    rig_result known;

    RIG_TRY(
        rig_register_open(rig_cli_value(cli, "out", "out"), true, &rig_clock_system, &reg, err));
    (void)snprintf(subject, sizeof subject, "serial %s", serial);
    RIG_TRY(
        rig_journal_open(reg, RIG_JOURNAL_REVOKE, "by-hand", &nobody, "-", subject, &journal, err));
    if (!rig_ca_revoke(ca, serial, RIG_REVOKED_CESSATION, rig_wait_ms(TIMEOUT_MS, cli->cancel), err)
             .ok) {
        struct rig_error ignored;
        (void)rig_journal_close(reg, journal, false, err->text, &ignored).ok;
        return (rig_result){.ok = false};
    }
    known = rig_register_set_state(reg, serial, RIG_CERT_REVOKED,
                                   rig_revocation_reason_name(RIG_REVOKED_CESSATION), err);
    if (!known.ok && err->code != RIG_E_NOT_FOUND) {
        return known;
    }
    RIG_TRY(rig_journal_close(reg, journal, true, "revoked by hand", err));
    (void)printf("revoked %s%s\n", serial, known.ok ? "" : " (not in the register)");
    return RIG_DONE;
}

static rig_result ocsp(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    struct rig_ca_ocsp answer;
    char at[RIG_TIME_TEXT_SIZE];
    char until[RIG_TIME_TEXT_SIZE];

    RIG_TRY(
        rig_ca_ocsp(ca, cli->positionals[1], &answer, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    rig_time_text(answer.this_update_ms, at);
    (void)printf("%s: %s", cli->positionals[1], rig_ocsp_status_name(answer.status));
    if (answer.status == RIG_OCSP_REVOKED) {
        char when[RIG_TIME_TEXT_SIZE];

        rig_time_text(answer.revoked_at_ms, when);
        (void)printf(" at %s, %s", when, rig_revocation_reason_name(answer.reason));
    }
    (void)printf(" (this update %s", at);
    if (answer.next_update_ms != 0) {
        rig_time_text(answer.next_update_ms, until);
        (void)printf(", next update %s", until);
    }
    (void)puts(")");
    return RIG_DONE;
}

/* Runs on the responder's thread. */
static bool answer_ocsp(void *ctx, const uint8_t *request, size_t n_request, struct rig_buf *out)
{
    const struct rig_wait wait = rig_wait_ms(ANSWER_TIMEOUT_MS, NULL);
    struct rig_error err;

    if (rig_ca_answer_ocsp(ctx, request, n_request, out, wait, &err).ok) {
        return true;
    }
    (void)fprintf(stderr, "rig ca responder: %s\n", err.text);
    rig_buf_reset(out);
    return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_INTERNALERROR, out, &err).ok;
}

static rig_result responder(struct rig_cli *cli, struct rig_ca *ca, struct rig_error *err)
{
    const struct rig_wait wait = {.deadline_ns = INT64_MAX, .cancel = cli->cancel};
    RIG_AUTO(rig_auto_ocsp_responder) struct rig_ocsp_responder *serving = NULL;
    struct rig_ocsp_responder_options how = {.answer = answer_ocsp, .ctx = ca};
    RIG_AUTO(rig_buf_free) struct rig_buf first = {0};
    long port = 0;

    RIG_TRY(rig_cli_number(cli, "port", 0, 1, 65535, &port, err));
    how.port = (uint16_t)port;
    /* to nobody: makes the responder's key and certificate, or says why there is none */
    RIG_TRY(rig_ca_answer_ocsp(ca, NULL, 0, &first, rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    RIG_TRY(rig_ocsp_responder_start(&how, &serving, err));
    (void)puts(rig_ocsp_responder_url(serving));
    (void)fflush(stdout);
    while (rig_wait_pause(wait, RIG_NS_PER_MS * TIMEOUT_MS, err).ok) {
    }
    return err->code == RIG_E_CANCELLED ? RIG_DONE : (rig_result){.ok = false};
}

static const struct ca_action actions[] = {
    {"init", 0, show}, {"show", 0, show},           {"crl", 0, crl},           {"chain", 0, chain},
    {"ocsp", 1, ocsp}, {"responder", 0, responder}, {"revoke", 1, revoke_one},
};

static const struct ca_action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    const struct ca_action *action = find_action(cli->positionals[0]);
    const char *suite_path = rig_cli_value(cli, "suite", NULL);
    const char *out = rig_cli_value(cli, "out", "out");
    RIG_AUTO(rig_cli_ca_free) struct rig_cli_ca choice = {0};
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_auto_ca) struct rig_ca *ca = NULL;

    (void)exit_code;
    if (action == NULL || cli->n_positionals != action->n_words + 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "expected: rig ca init --suite FILE | show | crl | chain | ocsp SERIAL | "
                        "responder | revoke SERIAL");
    }
    if (rig_cli_given(cli, "port") && strcmp(action->name, "responder") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "--port goes with 'responder' only");
    }
    if (suite_path != NULL && strcmp(action->name, "init") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "--suite goes with 'init' only");
    }
    RIG_TRY(rig_cli_ca_read(cli, &choice, err));
    if (strcmp(action->name, "init") == 0) {
        if (choice.choice.vault != NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'init' makes a local CA; a server's is made by 'rig vault setup'");
        }
        if (suite_path == NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "rig ca init needs --suite FILE: its levels, names and validity");
        }
        RIG_TRY(rig_cli_load_suite(suite_path, &suite, err));
        RIG_TRY(rig_dir_make(out, 0755, err));
    }
    RIG_TRY(rig_open_chosen_ca(&choice.choice, out, suite, &rig_clock_system, &ca,
                               rig_wait_ms(TIMEOUT_MS, cli->cancel), err));
    return action->run(cli, ca, err);
}

const struct rig_cli_command rig_cli_ca = {
    .name = "ca",
    .summary = "Make, show and use the CA that signs",
    .synopsis = "init|show|crl|chain|ocsp|responder|revoke [SERIAL]",
    .details =
        "'init' makes the local hierarchy that a suite names (rig run does so by itself); 'crl' "
        "and "
        "'chain' print PEM for your servers; 'ocsp' asks the CA's OCSP responder about one serial; "
        "'responder' serves the local CA's OCSP by HTTP on this host until Ctrl-C, and prints its "
        "address; 'revoke' revokes one certificate by its serial.",
    .example = "  rig ca init --suite suites/acceptance.yaml --out out\n"
               "  rig ca show --out out\n"
               "  rig ca crl --out out > crl.pem\n"
               "  rig ca responder --port 8888 --out out\n"
               "  rig ca show --ca vault --ca-config ca.yaml\n",
    .subcommands = "init show crl chain ocsp responder revoke",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = 2,
    .run = command,
};
