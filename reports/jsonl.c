/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"
#include "reports/writers.h"

#include "rig/base/file.h"
#include "rig/base/json_auto.h"
#include "rig/base/wait.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define LOG_MAX_BYTES 16384

struct rig_jsonl {
    pthread_mutex_t mutex; /* keeps lines whole */
    int fd;
    char *path;
};

static void free_jsonl(struct rig_jsonl *out)
{
    rig_close_fd(&out->fd);
    (void)pthread_mutex_destroy(&out->mutex);
    free(out->path);
    free(out);
}

rig_result rig_jsonl_open(const char *path, struct rig_jsonl **out, struct rig_error *err)
{
    struct rig_jsonl *fresh = calloc(1, sizeof *fresh);
    int rc;

    *out = NULL;
    if (fresh == NULL) {
        return rig_fail_memory(err);
    }
    rc = pthread_mutex_init(&fresh->mutex, NULL);
    if (rc != 0) {
        free(fresh);
        return rig_fail_errno(err, rc, "cannot make a lock");
    }
    fresh->fd = -1;
    fresh->path = strdup(path);
    if (fresh->path == NULL) {
        free_jsonl(fresh);
        return rig_fail_memory(err);
    }
    fresh->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (fresh->fd < 0) {
        rc = errno;
        free_jsonl(fresh);
        return rig_fail_errno(err, rc, "cannot write the JSON lines '%s'", path);
    }
    *out = fresh;
    return RIG_DONE;
}

rig_result rig_jsonl_close(struct rig_jsonl *out, struct rig_error *err)
{
    rig_result result = RIG_DONE;

    if (out == NULL) {
        return RIG_DONE;
    }
    if (fsync(out->fd) != 0 && errno != EINVAL && errno != EROFS) {
        result = rig_fail_errno(err, errno, "cannot sync '%s'", out->path);
    }
    free_jsonl(out);
    return result;
}

/* Takes `value` over; NULL (no memory) is told. */
static rig_result set(json_t *object, const char *key, json_t *value, struct rig_error *err)
{
    return json_object_set_new(object, key, value) == 0 ? RIG_DONE : rig_fail_memory(err);
}

static rig_result set_text(json_t *object, const char *key, const char *text, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf clean = {0};

    RIG_TRY(rig_text_printable(text, strlen(text), &clean, err));
    return set(object, key, json_stringn(rig_buf_text(&clean), clean.len), err);
}

static rig_result set_time(json_t *object, const char *key, int64_t unix_ms, struct rig_error *err)
{
    char text[RIG_TIME_TEXT_SIZE];

    rig_time_text(unix_ms, text);
    return set(object, key, json_string(text), err);
}

static rig_result set_duration(json_t *object, int64_t duration_ns, struct rig_error *err)
{
    const int64_t us = duration_ns > 0 ? duration_ns / 1000 : 0;

    return set(object, "duration_ms", json_real((double)us / 1000.0), err);
}

static rig_result set_number(json_t *object, const char *key, uint64_t number,
                             struct rig_error *err)
{
    return set(object, key, json_integer((json_int_t)number), err);
}

static rig_result set_counts(json_t *object, struct rig_counts counts, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *sums = json_object();

    RIG_TRY(set_number(sums, "steps", counts.n, err));
    RIG_TRY(set_number(sums, "pass", counts.pass, err));
    RIG_TRY(set_number(sums, "flaky", counts.flaky, err));
    RIG_TRY(set_number(sums, "skip", counts.skip, err));
    RIG_TRY(set_number(sums, "fail", counts.fail, err));
    RIG_TRY(set_number(sums, "error", counts.error, err));
    return set(object, "counts", json_incref(sums), err);
}

static rig_result new_line(const char *kind, const struct rig_run_report *run, json_t **line,
                           struct rig_error *err)
{
    *line = json_object();
    RIG_TRY(set(*line, "kind", json_string(kind), err));
    return set_text(*line, "run_id", run->run_id, err);
}

static rig_result put_line(struct rig_jsonl *out, const json_t *line, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));
    RIG_AUTO(rig_buf_free) struct rig_buf bytes = {0};
    rig_result result;

    if (text == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_buf_append_text(&bytes, text, err));
    RIG_TRY(rig_buf_append_text(&bytes, "\n", err));
    (void)pthread_mutex_lock(&out->mutex);
    result = rig_write_fully(out->fd, bytes.data, bytes.len, out->path, err);
    (void)pthread_mutex_unlock(&out->mutex);
    return result;
}

rig_result rig_jsonl_run_start(struct rig_jsonl *out, const struct rig_run_report *run,
                               struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *line = NULL;

    RIG_TRY(new_line("run-start", run, &line, err));
    RIG_TRY(set_number(line, "schema", SCHEMA_VERSION, err));
    RIG_TRY(set_text(line, "suite", run->suite, err));
    RIG_TRY(set_text(line, "rig_version", run->rig_version, err));
    RIG_TRY(set_text(line, "hostname", run->hostname, err));
    RIG_TRY(set_text(line, "ca", run->ca, err));
    if (run->ca_unverified) {
        RIG_TRY(set(line, "ca_unverified", json_true(), err));
    }
    if (run->twin[0] != '\0') {
        RIG_TRY(set_text(line, "twin", run->twin, err));
    }
    RIG_TRY(set_time(line, "started", run->started_ms, err));
    RIG_TRY(set_number(line, "boards", run->n_boards, err));
    return put_line(out, line, err);
}

static rig_result set_error(json_t *line, const struct rig_step_report *step, struct rig_error *err)
{
    const struct rig_error *error = &step->error;
    RIG_AUTO(rig_auto_json_t) json_t *object = json_object();

    RIG_TRY(set(object, "class", json_string(rig_error_class_name(error->cls)), err));
    RIG_TRY(set(object, "code", json_string(rig_error_code_name(error->code)), err));
    RIG_TRY(set_text(object, "text",
                     step->verdict == RIG_VERDICT_NONE ? rig_step_report_cause(step) : error->text,
                     err));
    return set(line, "error", json_incref(object), err);
}

/* What is no JSON object is kept as text: evidence is never dropped. */
static rig_result set_evidence(json_t *line, const struct rig_buf *evidence, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf clean = {0};
    json_error_t ignored;
    json_t *object = json_loadb((const char *)evidence->data, evidence->len, 0, &ignored);

    if (json_is_object(object)) {
        return set(line, "evidence", object, err);
    }
    json_decref(object);
    RIG_TRY(rig_text_printable(evidence->data, evidence->len, &clean, err));
    return set(line, "evidence", json_pack("{s:s}", "raw", rig_buf_text(&clean)), err);
}

static rig_result set_log(json_t *line, const struct rig_buf *log, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf clean = {0};

    RIG_TRY(rig_text_excerpt(log->data, log->len, LOG_MAX_BYTES, &clean, err));
    return set(line, "log", json_stringn(rig_buf_text(&clean), clean.len), err);
}

static rig_result set_step(json_t *line, const struct rig_step_report *step, struct rig_error *err)
{
    RIG_TRY(set_text(line, "name", step->name, err));
    RIG_TRY(set_text(line, "step", step->step, err));
    RIG_TRY(set_text(line, "key", step->key, err));
    RIG_TRY(set(line, "case", json_boolean(step->is_case), err));
    RIG_TRY(
        set(line, "verdict", json_string(rig_verdict_name(rig_verdict_shown(step->verdict))), err));
    RIG_TRY(set_time(line, "started", step->started_ms, err));
    RIG_TRY(set_duration(line, step->duration_ns, err));
    RIG_TRY(set_number(line, "tries", step->tries, err));
    RIG_TRY(set_number(line, "bytes_sent", step->n_sent, err));
    RIG_TRY(set_number(line, "bytes_received", step->n_received, err));
    return set(line, "over_budget", json_boolean(step->over_budget_warn), err);
}

rig_result rig_jsonl_step(struct rig_jsonl *out, const struct rig_run_report *run,
                          const struct rig_board_report *board, const struct rig_step_report *step,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *line = NULL;

    RIG_TRY(new_line("step", run, &line, err));
    RIG_TRY(set_text(line, "board", board->id.text, err));
    RIG_TRY(set_step(line, step, err));
    if (step->error.cls != RIG_CLASS_NONE || step->verdict != RIG_VERDICT_PASS) {
        RIG_TRY(set_error(line, step, err));
    }
    if (step->evidence.len != 0) {
        RIG_TRY(set_evidence(line, &step->evidence, err));
    }
    if (step->log.len != 0) {
        RIG_TRY(set_log(line, &step->log, err));
    }
    return put_line(out, line, err);
}

rig_result rig_jsonl_board_end(struct rig_jsonl *out, const struct rig_run_report *run,
                               const struct rig_board_report *board, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *line = NULL;

    RIG_TRY(new_line("board-end", run, &line, err));
    RIG_TRY(set_text(line, "board", board->id.text, err));
    RIG_TRY(set(line, "verdict", json_string(rig_verdict_name(rig_verdict_shown(board->verdict))),
                err));
    RIG_TRY(set_text(line, "port", board->port, err));
    RIG_TRY(set_text(line, "device_id", board->device_id, err));
    RIG_TRY(set_text(line, "chip", board->chip, err));
    RIG_TRY(set_text(line, "mac", board->mac, err));
    RIG_TRY(set_text(line, "firmware", board->firmware, err));
    RIG_TRY(set_text(line, "certificate_serial", board->serial, err));
    RIG_TRY(set_text(line, "serial_log", board->log_path, err));
    RIG_TRY(set_time(line, "started", board->started_ms, err));
    RIG_TRY(set_duration(line, board->duration_ns, err));
    RIG_TRY(set_counts(line, rig_board_report_counts(board), err));
    return put_line(out, line, err);
}

rig_result rig_jsonl_run_end(struct rig_jsonl *out, const struct rig_run_report *run,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *line = NULL;

    RIG_TRY(new_line("run-end", run, &line, err));
    RIG_TRY(set(line, "cancelled", json_boolean(run->cancelled), err));
    RIG_TRY(set_number(line, "boards", run->n_boards, err));
    RIG_TRY(set_duration(line, run->duration_ns, err));
    RIG_TRY(set_counts(line, rig_run_report_counts(run), err));
    return put_line(out, line, err);
}
