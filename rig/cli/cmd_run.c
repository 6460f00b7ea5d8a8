/* SPDX-License-Identifier: Apache-2.0 */
/* rig run: suites on boards. */
#include "rig/cli/cli.h"

#include "reports/writers.h"
#include "rig/base/file.h"
#include "rig/cli/ca_option.h"
#include "rig/cli/load.h"
#include "rig/cli/version.h"
#include "rig/esp/rom.h"
#include "rig/register/register.h"
#include "rig/run/other_server.h"
#include "rig/run/recover.h"
#include "rig/run/run.h"
#include "rig/run/shelf.h"
#include "rig/suite/only.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define SHELF_TIMEOUT_MS 20000
#define MAX_WAIT_S 86400
#define MAX_ROOT_BYTES ((size_t)1 << 16)
#define OUT_DEFAULT "out"

static const struct rig_cli_option options[] = {
    {"bench", "FILE", "the boards of a desk or shelf (see 'rig boards')", NULL},
    {"virtual", "N", "instead: N virtual boards, numbered from 1", NULL},
    {"chip", "NAME", "virtual boards: the chip they are (default: esp32)",
     "esp32 esp32s2 esp32s3 esp32c3 esp32c6 esp32h2"},
    {"pace", "PROFILE", "virtual boards: times like a real chip's", "none esp32"},
    {"fault", "N:NAME[:SEED]", "virtual board N has this fault; may be repeated", NULL},
    {"only", "CASE[,CASE]",
     "only these cases, with their controls and the steps before them; may "
     "be repeated",
     NULL},
    {"twin", "PART:NAME",
     "the test server (server:no_crl) or the local CA (ca:wrong_key) is wrong "
     "on purpose, to see whether a suite notices; marks the report",
     NULL},
    {"board", "ID", "only this board; may be repeated", NULL},
    {"tag", "NAME", "only boards with this tag or in this group; may be repeated", NULL},
    {"wait", "SECONDS", "a board that is not plugged in yet has this long to appear and join",
     NULL},
    RIG_CLI_CA_OPTIONS,
    {"server", "FILE|URL",
     "another server in place of the test server: a profile's file (nginx), or https://HOST[:PORT]",
     NULL},
    {"server-root", "FILE", "with --server https://...: what the board is to trust it by (PEM)",
     NULL},
    {"out", "DIR", "work folder: register, CA, reports (default: out)", NULL},
    {"junit", "FILE", "a copy of the JUnit report goes here", NULL},
    {"operator", "NAME", "who runs this, for the register", NULL},
    {"progress", "KIND", "auto, live, lines or none", "auto live lines none"},
};

struct boards {
    struct rig_shelf shelf;
    struct rig_bench *bench;
    struct rig_bench_board *chosen;
    size_t n_chosen;
};

static void free_boards(struct boards *boards)
{
    rig_shelf_stop(&boards->shelf);
    rig_auto_bench(&boards->bench);
    free(boards->chosen);
    boards->chosen = NULL;
}

/* "2:drop-bytes:17" */
static rig_result parse_fault(const char *word, long n_boards, struct rig_shelf_fault *fault,
                              struct rig_error *err)
{
    char number[16] = "";
    const char *colon = strchr(word, ':');
    long board = 0;

    if (colon == NULL || colon == word || (size_t)(colon - word) >= sizeof number ||
        colon[1] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--fault '%s' is not of the form N:NAME[:SEED], e.g. 2:drop-bytes:17",
                        word);
    }
    memcpy(number, word, (size_t)(colon - word));
    RIG_TRY_IN(rig_cli_parse_number(number, "the board", 1, n_boards, &board, err), err, "--fault");
    fault->board = (size_t)board;
    if (!rig_copy_text(fault->name, sizeof fault->name, colon + 1)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "--fault '%s' is too long", word);
    }
    return RIG_DONE;
}

/* The chip's one spelling; NULL when none was asked for. */
static rig_result choose_chip(const struct rig_cli *cli, const char **name, struct rig_error *err)
{
    const char *word = rig_cli_value(cli, "chip", NULL);
    const struct rig_chip *chip = word != NULL ? rig_chip_by_name(word) : NULL;

    *name = chip != NULL ? chip->name : NULL;
    if (word != NULL && chip == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "--chip '%s' is none of: esp32, esp32s2, esp32s3, esp32c3, esp32c6, "
                        "esp32h2",
                        word);
    }
    return RIG_DONE;
}

static rig_result start_shelf(const struct rig_cli *cli, const char *out_folder,
                              struct boards *boards, struct rig_error *err)
{
    struct rig_shelf_fault faults[RIG_SHELF_MAX_FAULTS];
    struct rig_shelf_options shelf = {.pace = rig_cli_value(cli, "pace", NULL), .faults = faults};
    RIG_AUTO(rig_free_chars) char *folder = NULL;
    long n = 0;

    RIG_TRY(choose_chip(cli, &shelf.chip, err));
    RIG_TRY(rig_cli_number(cli, "virtual", 0, 1, RIG_SHELF_MAX_BOARDS, &n, err));
    shelf.n_boards = (size_t)n;
    for (size_t i = 0; i < cli->n_values; i++) {
        if (strcmp(cli->values[i].option->name, "fault") != 0) {
            continue;
        }
        if (shelf.n_faults == RIG_SHELF_MAX_FAULTS) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "more than %d faults",
                            RIG_SHELF_MAX_FAULTS);
        }
        RIG_TRY(parse_fault(cli->values[i].value, n, &faults[shelf.n_faults++], err));
    }
    RIG_TRY(rig_path_join(out_folder, "virtual", &folder, err));
    shelf.folder = folder;
    RIG_TRY(
        rig_shelf_start(&shelf, &boards->shelf, rig_wait_ms(SHELF_TIMEOUT_MS, cli->cancel), err));
    return RIG_DONE;
}

static bool wanted(const struct rig_cli *cli, const struct rig_bench_board *board)
{
    bool any_id = false;
    bool any_tag = false;
    bool tagged = false;

    for (size_t i = 0; i < cli->n_values; i++) {
        const char *option = cli->values[i].option->name;

        if (strcmp(option, "board") == 0) {
            if (strcmp(cli->values[i].value, board->id.text) == 0) {
                return true;
            }
            any_id = true;
        } else if (strcmp(option, "tag") == 0) {
            any_tag = true;
            tagged = tagged || rig_bench_has_tag(board, cli->values[i].value);
        }
    }
    return board->enabled && (any_tag ? tagged : !any_id);
}

static rig_result check_named_boards(const struct rig_cli *cli, const struct rig_bench_board *all,
                                     size_t n_all, struct rig_error *err)
{
    for (size_t i = 0; i < cli->n_values; i++) {
        bool found = false;

        if (strcmp(cli->values[i].option->name, "board") != 0) {
            continue;
        }
        for (size_t b = 0; b < n_all && !found; b++) {
            found = strcmp(all[b].id.text, cli->values[i].value) == 0;
        }
        if (!found) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                            "no board is called '%s'; the first of %zu is '%s'",
                            cli->values[i].value, n_all, n_all != 0 ? all[0].id.text : "");
        }
    }
    return RIG_DONE;
}

static rig_result choose(const struct rig_cli *cli, const struct rig_bench_board *all, size_t n_all,
                         struct boards *boards, struct rig_error *err)
{
    RIG_TRY(check_named_boards(cli, all, n_all, err));
    boards->chosen = calloc(n_all != 0 ? n_all : 1, sizeof *boards->chosen);
    if (boards->chosen == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < n_all; i++) {
        if (wanted(cli, &all[i])) {
            boards->chosen[boards->n_chosen++] = all[i];
        }
    }
    if (boards->n_chosen == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no board to run on: every board that could be meant is disabled or has "
                        "another tag; nothing ran");
    }
    return RIG_DONE;
}

static rig_result find_boards(const struct rig_cli *cli, const char *out_folder,
                              struct boards *boards, struct rig_error *err)
{
    const char *bench = rig_cli_value(cli, "bench", NULL);

    if (rig_cli_given(cli, "virtual") == (bench != NULL)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "on which boards? give either --bench FILE or --virtual N");
    }
    if (bench == NULL) {
        RIG_TRY(start_shelf(cli, out_folder, boards, err));
        return choose(cli, boards->shelf.boards, boards->shelf.n_boards, boards, err);
    }
    if (rig_cli_given(cli, "fault") || rig_cli_given(cli, "pace") || rig_cli_given(cli, "chip")) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--chip, --fault and --pace are for virtual boards; the boards of a bench "
                        "have their own");
    }
    RIG_TRY(rig_cli_load_bench(bench, &boards->bench, err));
    return choose(cli, boards->bench->boards, boards->bench->n_boards, boards, err);
}

/* A live table needs a terminal that can move its cursor, with a row for each board. */
static bool can_be_live(size_t n_boards)
{
    const char *terminal = getenv("TERM");
    struct winsize size = {0};

    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0 &&
           ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > n_boards;
}

static rig_result choose_progress(const struct rig_cli *cli, size_t n_boards,
                                  enum rig_progress_mode *mode, struct rig_error *err)
{
    static const struct {
        const char *word;
        enum rig_progress_mode mode;
    } kinds[] = {
        {"live", RIG_PROGRESS_LIVE}, {"lines", RIG_PROGRESS_LINES}, {"none", RIG_PROGRESS_NONE}};
    const char *word = rig_cli_value(cli, "progress", "auto");

    if (strcmp(word, "auto") == 0) {
        *mode = can_be_live(n_boards) ? RIG_PROGRESS_LIVE : RIG_PROGRESS_LINES;
        return RIG_DONE;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, kinds[i].word) == 0) {
            *mode = kinds[i].mode;
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "--progress '%s' is none of: auto, live, lines, none", word);
}

static rig_result count_orphan(void *ctx, const struct rig_register_certificate *certificate,
                               struct rig_error *err)
{
    size_t *n = ctx;

    (void)certificate;
    (void)err;
    (*n)++;
    return RIG_DONE;
}

static rig_result tell_orphans(const struct rig_run_options *run, struct rig_error *err)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;
    size_t n = 0;

    RIG_TRY(rig_register_open(run->out_folder, false, &rig_clock_system, &reg, err));
    RIG_TRY(rig_register_each_orphan(reg, count_orphan, &n, err));
    if (n != 0) {
        (void)printf("%zu certificate%s issued and never installed; list or revoke:\n"
                     "  rig register orphans --out %s%s%s [--revoke]\n",
                     n, n == 1 ? " was" : "s were", run->out_folder,
                     run->ca.vault != NULL ? " --ca vault --ca-config " : "",
                     run->ca.vault != NULL ? run->ca.vault->path : "");
    }
    return RIG_DONE;
}

static rig_result tell_end(const struct rig_run_options *run, const struct rig_run_report *report,
                           bool all_written, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_report_summary(report, run->colour, &text, err));
    (void)printf("\n%s\nreports: %s/runs/%s/%s\n", rig_buf_text(&text), run->out_folder,
                 report->run_id,
                 all_written ? " (junit.xml, steps.jsonl, a serial log per board)"
                             : " (not all could be written)");
    if (run->junit_path != NULL && all_written) {
        (void)printf("junit:   %s\n", run->junit_path);
    }
    return tell_orphans(run, err);
}

/* Of two suites the worse end: cancelled, then a wrong board, a fault of the rig, wrong
 * configuration. */
static int worse_exit_code(int a, int b)
{
    static const int worst_first[] = {RIG_EXIT_CANCELLED, RIG_EXIT_DEVICE, RIG_EXIT_RIG,
                                      RIG_EXIT_USAGE};

    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        if (a == worst_first[i] || b == worst_first[i]) {
            return worst_first[i];
        }
    }
    return RIG_EXIT_OK;
}

static rig_result run_suite(const struct rig_run_options *run, int *exit_code,
                            struct rig_error *err)
{
    RIG_AUTO(rig_recovery_free) struct rig_recovery recovery = {0};
    struct rig_run_options options_now = *run;
    struct rig_run_report report;
    struct rig_error ignored;
    rig_result result;
    int code;

    options_now.recovery = &recovery;
    result = rig_run(&options_now, &report, err);
    code = rig_run_exit_code(&report);
    if (recovery.n_open != 0) {
        (void)printf("\nan earlier run was interrupted; what its journal had open:\n%s",
                     rig_buf_text(&recovery.text));
    }
    if (report.n_boards != 0 && report.boards[0].n_steps != 0) {
        (void)tell_end(run, &report, result.ok, result.ok ? err : &ignored).ok;
    }
    if (result.ok) {
        *exit_code = worse_exit_code(*exit_code, code);
    }
    rig_run_report_free(&report);
    return result;
}

static rig_result load_suites(const struct rig_cli *cli, struct rig_suite **suites,
                              struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf only = {0};

    for (size_t i = 0; i < cli->n_positionals; i++) {
        RIG_TRY(rig_cli_load_suite(cli->positionals[i], &suites[i], err));
    }
    for (size_t i = 0; i < cli->n_values; i++) {
        if (strcmp(cli->values[i].option->name, "only") == 0) {
            RIG_TRY(
                rig_buf_printf(&only, err, "%s%s", only.len != 0 ? "," : "", cli->values[i].value));
        }
    }
    for (size_t i = 0; i < cli->n_positionals && rig_cli_given(cli, "only"); i++) {
        RIG_TRY_IN(rig_suite_keep_only(suites[i], rig_buf_text(&only), err), err, "--only");
    }
    return RIG_DONE;
}

/* A report that can't be written is better known before the boards are touched. */
static rig_result check_junit_path(const char *path, struct rig_error *err)
{
    char folder[PATH_MAX];
    char *slash;

    if (path == NULL || access(path, W_OK) == 0) {
        return RIG_DONE;
    }
    if (path[0] == '\0' || !rig_copy_text(folder, sizeof folder, path)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "--junit '%.80s' is no path", path);
    }
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)rig_copy_text(folder, sizeof folder, ".");
    } else {
        slash[slash == folder] = '\0';
    }
    if (access(path, F_OK) == 0 || access(folder, W_OK | X_OK) != 0) {
        (void)rig_fail_errno(err, errno != 0 ? errno : EACCES, "--junit: cannot write '%s'", path);
        err->cls = RIG_CLASS_USAGE;
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}

/* Another rig in the work folder is named, with its pid, before anything is started. */
static rig_result check_folder_is_free(const char *out_folder, struct rig_error *err)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = NULL;

    return rig_register_open(out_folder, true, &rig_clock_system, &reg, err);
}

/* Suites against the CA alone need no boards; then none may be named. */
static rig_result find_boards_of(const struct rig_cli *cli, struct rig_suite *const *suites,
                                 const char *out_folder, struct boards *boards,
                                 struct rig_error *err)
{
    for (size_t i = 0; i < cli->n_positionals; i++) {
        if (suites[i]->n_attacks == 0) {
            return find_boards(cli, out_folder, boards, err);
        }
    }
    if (rig_cli_given(cli, "virtual") || rig_cli_given(cli, "bench")) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%s' tests the CA and no boards: leave --bench and --virtual out",
                        suites[0]->name);
    }
    boards->n_chosen = 1;
    return RIG_DONE;
}

/* The server that is not ours, in either form. */
struct other_server {
    struct rig_server_profile *profile;
    struct rig_server_url url;
};

static void free_other_server(struct other_server *server)
{
    free(server->profile);
    rig_buf_free(&server->url.roots_pem);
}

static rig_result choose_server(const struct rig_cli *cli, struct other_server *server,
                                struct rig_run_options *run, struct rig_error *err)
{
    const char *word = rig_cli_value(cli, "server", NULL);
    const char *root = rig_cli_value(cli, "server-root", NULL);
    const bool is_url = word != NULL && strstr(word, "://") != NULL;

    if (root != NULL && !is_url) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--server-root goes with --server https://...");
    }
    if (word == NULL) {
        return RIG_DONE;
    }
    if (!is_url) {
        RIG_TRY(rig_cli_load_profile(word, &server->profile, err));
        run->profile = server->profile;
        return RIG_DONE;
    }
    RIG_TRY(rig_server_url_parse(word, &server->url, err));
    if (root != NULL) {
        RIG_TRY_IN(rig_file_read(root, MAX_ROOT_BYTES, &server->url.roots_pem, err), err,
                   "--server-root");
        RIG_TRY(rig_server_roots_check(rig_buf_text(&server->url.roots_pem), root, err));
    }
    run->server_url = &server->url;
    return RIG_DONE;
}

static rig_result fail_twin(const char *word, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf names = {0};

    for (int i = 1; i < RIG_TLS_N_FAULTS; i++) {
        RIG_TRY(rig_buf_printf(&names, err, "%sserver:%s", i > 1 ? ", " : "",
                               rig_tls_fault_name((enum rig_tls_fault)i)));
    }
    for (int i = 1; i < RIG_CA_N_FAULTS; i++) {
        RIG_TRY(rig_buf_printf(&names, err, ", ca:%s", rig_ca_fault_name((enum rig_ca_fault)i)));
    }
    (void)fprintf(stderr, "twins: %s\n", rig_buf_text(&names));
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "--twin '%.60s' is none of the twins; it is server:NAME or ca:NAME", word);
}

static rig_result read_twin(const struct rig_cli *cli, struct rig_run_options *run,
                            struct rig_error *err)
{
    const char *word = rig_cli_value(cli, "twin", NULL);

    if (word == NULL) {
        return RIG_DONE;
    }
    if (strncmp(word, "server:", 7) == 0) {
        run->server_fault = rig_tls_fault_of(word + 7);
    } else if (strncmp(word, "ca:", 3) == 0) {
        run->ca.fault = rig_ca_fault_of(word + 3);
    }
    if (run->server_fault == RIG_TLS_N_FAULTS || run->ca.fault == RIG_CA_N_FAULTS ||
        (run->server_fault == RIG_TLS_FAULT_NONE && run->ca.fault == RIG_CA_FAULT_NONE)) {
        return fail_twin(word, err);
    }
    return RIG_DONE;
}

static rig_result run_suites(const struct rig_cli *cli, struct rig_suite *const *suites,
                             int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_cli_ca_free) struct rig_cli_ca ca = {0};
    RIG_AUTO(free_boards) struct boards boards = {0};
    RIG_AUTO(free_other_server) struct other_server server = {0};
    long wait_s = 0;
    struct rig_run_options run = {
        .loopback = rig_cli_given(cli, "virtual"),
        .out_folder = rig_cli_value(cli, "out", OUT_DEFAULT),
        .junit_path = rig_cli_value(cli, "junit", NULL),
        .operator_name = rig_cli_value(cli, "operator", getenv("USER")),
        .rig_version = RIG_VERSION,
        .progress_fd = STDOUT_FILENO,
        .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
        .cancel = cli->cancel,
        .clock = &rig_clock_system,
    };

    RIG_TRY(rig_cli_ca_read(cli, &ca, err));
    run.ca = ca.choice;
    RIG_TRY(choose_server(cli, &server, &run, err));
    RIG_TRY(read_twin(cli, &run, err));
    if (cli->n_positionals > 1 && run.junit_path != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--junit goes with one suite; with several take each run's own junit.xml "
                        "from %s/runs/",
                        run.out_folder);
    }
    RIG_TRY(rig_cli_number(cli, "wait", 0, 1, MAX_WAIT_S, &wait_s, err));
    run.wait_ms = wait_s * 1000;
    RIG_TRY(check_folder_is_free(run.out_folder, err));
    RIG_TRY(check_junit_path(run.junit_path, err)); /* may lie in the folder that was just made */
    RIG_TRY(find_boards_of(cli, suites, run.out_folder, &boards, err));
    run.boards = boards.chosen;
    run.n_boards = boards.n_chosen;
    RIG_TRY(choose_progress(cli, run.n_boards, &run.progress, err));
    for (size_t i = 0; i < cli->n_positionals && *exit_code != RIG_EXIT_CANCELLED; i++) {
        run.suite = suites[i];
        RIG_TRY(run_suite(&run, exit_code, err));
    }
    return RIG_DONE;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    struct rig_suite *suites[RIG_CLI_MAX_POSITIONALS] = {NULL};
    rig_result result = load_suites(cli, suites, err);

    if (result.ok) {
        result = run_suites(cli, suites, exit_code, err);
    }
    for (size_t i = 0; i < cli->n_positionals; i++) {
        rig_suite_free(suites[i]);
    }
    return result;
}

const struct rig_cli_command rig_cli_run = {
    .name = "run",
    .summary = "Run suites on boards and write reports",
    .synopsis = "SUITE...",
    .details =
        "A thread per board runs the suite's steps; every irreversible one is journalled first. "
        "Reports go to DIR/runs/RUN-ID/ also when the run is stopped; DIR/latest points to the "
        "newest.",
    .example =
        "  rig run suites/acceptance.yaml --virtual 4 --out out\n"
        "  rig run suites/acceptance.yaml --bench bench.yaml --junit junit.xml\n"
        "  rig run suites/acceptance.yaml --bench bench.yaml --ca vault --ca-config ca.yaml\n"
        "  rig run suites/smoke.yaml --virtual 3 --fault 2:no-verify --out out\n"
        "  rig run suites/mtls-device.yaml --virtual 2 --server suites/profiles/nginx.yaml\n"
        "  rig run suites/ca-regression.yaml --ca vault --ca-config ca.yaml --out out\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = RIG_CLI_MAX_POSITIONALS,
    .run = command,
};
