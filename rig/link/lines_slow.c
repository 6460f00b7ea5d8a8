/* SPDX-License-Identifier: Apache-2.0 */
/* EN and IO0 by a program of the user's, or by a person. */
#include "rig/base/child.h"
#include "rig/base/cleanup.h"
#include "rig/link/lines_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_TIMEOUT_MS 10000
#define PERSON_TIMEOUT_MS 120000
#define STOP_GRACE_MS 500
#define CLOSE_LIMIT_MS 5000

struct slow_lines {
    struct rig_lines base; /* first */
    struct rig_lines_hub *hub;
    const struct rig_lines_config *config;
    char board[48];
    enum rig_lines_state state;
    rig_result (*go)(struct slow_lines *lines, enum rig_lines_state to, struct rig_wait wait,
                     struct rig_error *err);
};

/* ---- a program ---- */

/* Reads what it says until it closes its output, then its exit code. */
static rig_result await_command(struct rig_child *child, struct rig_wait wait, struct rig_buf *said,
                                int *status, struct rig_error *err)
{
    for (;;) {
        RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

        if (!rig_child_read_line(child, wait, &line, err).ok) {
            break;
        }
        said->len = 0;
        RIG_TRY(rig_buf_append(said, line.data, line.len, err));
    }
    if (err->code != RIG_E_DISCONNECTED) {
        return (rig_result){.ok = false};
    }
    return rig_child_join(child, wait, status, err);
}

rig_result rig_lines_run_command(const struct rig_lines_command *command, const char *action,
                                 struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf said = {0};
    const char *argv[RIG_LINES_MAX_ARGS + 2];
    struct rig_child child;
    rig_result result;
    size_t n = 0;
    int status = 0;

    while (n < command->n_args) {
        argv[n] = command->args[n];
        n++;
    }
    if (action != NULL) {
        argv[n++] = action;
    }
    argv[n] = NULL;
    RIG_TRY(rig_child_start(&child, argv, NULL, err));
    result = await_command(&child, wait, &said, &status, err);
    rig_child_stop(&child, STOP_GRACE_MS);
    if (!result.ok) {
        if (err->code == RIG_E_TIMEOUT) {
            err->cls = RIG_CLASS_RIG;
        }
        return rig_wrap(err, "'%s %s' did not end", argv[0], action != NULL ? action : "");
    }
    if (status != 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_IO, "'%s %s' ended with exit code %d%s%s",
                        argv[0], action != NULL ? action : "", status,
                        said.len != 0 ? ", saying: " : "", rig_buf_text(&said));
    }
    return RIG_DONE;
}

static rig_result go_by_command(struct slow_lines *lines, enum rig_lines_state to,
                                struct rig_wait wait, struct rig_error *err)
{
    static const char *const words[] = {
        [RIG_LINES_RUN] = "run", [RIG_LINES_RESET] = "reset", [RIG_LINES_BOOT] = "boot"};
    const int64_t limit_ms = lines->config->timeout_ms;

    return rig_lines_run_command(
        &lines->config->command, words[to],
        rig_wait_within(wait, limit_ms != 0 ? limit_ms : COMMAND_TIMEOUT_MS), err);
}

/* ---- a person ---- */

static rig_result go_by_person(struct slow_lines *lines, enum rig_lines_state to,
                               struct rig_wait wait, struct rig_error *err)
{
    static const char *const words[3][3] = {
        [RIG_LINES_RUN] =
            {[RIG_LINES_RESET] = "hold RESET (EN) down", [RIG_LINES_BOOT] = "hold BOOT (IO0) down"},
        [RIG_LINES_RESET] = {[RIG_LINES_RUN] = "let RESET (EN) go",
                             [RIG_LINES_BOOT] = "hold BOOT (IO0) down, then let RESET (EN) go, "
                                                "still holding BOOT"},
        [RIG_LINES_BOOT] = {[RIG_LINES_RUN] = "let BOOT (IO0) go",
                            [RIG_LINES_RESET] = "hold RESET (EN) down and let BOOT (IO0) go"},
    };
    const int64_t limit_ms = lines->config->timeout_ms;
    char question[160];

    (void)snprintf(question, sizeof question, "board %s: %s", lines->board,
                   words[lines->state][to]);
    return rig_lines_hub_ask(lines->hub, question,
                             rig_wait_within(wait, limit_ms != 0 ? limit_ms : PERSON_TIMEOUT_MS),
                             err);
}

/* ---- both ---- */

static rig_result slow_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                           struct rig_error *err)
{
    struct slow_lines *s = (struct slow_lines *)lines;
    const enum rig_lines_state to = rig_lines_state_of(dtr, rts);

    if (rig_lines_is_passing(dtr, rts) || to == s->state) {
        return RIG_DONE;
    }
    RIG_TRY(s->go(s, to, wait, err));
    s->state = to;
    return RIG_DONE;
}

static void command_close(struct rig_lines *lines)
{
    struct slow_lines *s = (struct slow_lines *)lines;
    struct rig_error ignored;

    if (s->state != RIG_LINES_RUN) {
        (void)s->go(s, RIG_LINES_RUN, rig_wait_ms(CLOSE_LIMIT_MS, NULL), &ignored).ok;
    }
    free(s);
}

/* Nobody is asked at the end: what is pressed is let go sooner or later. */
static void person_close(struct rig_lines *lines)
{
    free(lines);
}

static const struct rig_lines_ops command_ops = {
    .name = "command",
    .set = slow_set,
    .close = command_close,
};

static const struct rig_lines_ops person_ops = {
    .name = "none",
    .set = slow_set,
    .close = person_close,
};

static rig_result open_slow(const struct rig_lines_open_args *args, const struct rig_lines_ops *ops,
                            struct slow_lines **lines, struct rig_error *err)
{
    *lines = calloc(1, sizeof **lines);
    if (*lines == NULL) {
        return rig_fail_memory(err);
    }
    (*lines)->base.ops = ops;
    (*lines)->hub = args->hub;
    (*lines)->config = args->config;
    (void)rig_copy_text((*lines)->board, sizeof(*lines)->board, args->board);
    return RIG_DONE;
}

/* The first call shows early whether the program is there, and makes sure of the state. */
static rig_result open_command(const struct rig_lines_open_args *args, struct rig_lines **lines,
                               struct rig_wait wait, struct rig_error *err)
{
    struct slow_lines *s = NULL;
    rig_result result;

    RIG_TRY(open_slow(args, &command_ops, &s, err));
    s->go = go_by_command;
    result = s->go(s, RIG_LINES_RUN, wait, err);
    if (!result.ok) {
        free(s);
        return result;
    }
    *lines = &s->base;
    return RIG_DONE;
}

static rig_result open_person(const struct rig_lines_open_args *args, struct rig_lines **lines,
                              struct rig_wait wait, struct rig_error *err)
{
    struct slow_lines *s = NULL;

    (void)wait;
    RIG_TRY(open_slow(args, &person_ops, &s, err));
    s->go = go_by_person;
    *lines = &s->base;
    return RIG_DONE;
}

const struct rig_lines_driver rig_lines_by_command = {.name = "command", .open = open_command};
const struct rig_lines_driver rig_lines_by_person = {.name = "none", .open = open_person};
