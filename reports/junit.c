/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"
#include "reports/writers.h"

#include "rig/base/file.h"
#include "rig/base/json_auto.h"
#include "rig/base/wait.h"

#include <jansson.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <string.h>

#define LOG_MAX_BYTES 16384
#define EVIDENCE_MAX_BYTES 12288

RIG_DEFINE_AUTO(xmlTextWriter, xmlFreeTextWriter);
RIG_DEFINE_AUTO(xmlBuffer, xmlBufferFree);

/* The document being written. The writer fails only for want of memory: that is kept, and told once
 * at the end. */
struct document {
    xmlTextWriter *writer;
    bool failed;
    struct rig_buf scratch;
};

static void free_document(struct document *document)
{
    rig_auto_xmlTextWriter(&document->writer);
    rig_buf_free(&document->scratch);
}

static void note(struct document *document, int rc)
{
    document->failed |= rc < 0;
}

static void start(struct document *document, const char *element)
{
    note(document, xmlTextWriterStartElement(document->writer, BAD_CAST element));
}

static void end(struct document *document)
{
    note(document, xmlTextWriterEndElement(document->writer));
}

/* A text that this program made of harmless characters. */
static void attribute_plain(struct document *document, const char *name, const char *value)
{
    note(document, xmlTextWriterWriteAttribute(document->writer, BAD_CAST name, BAD_CAST value));
}

static rig_result attribute(struct document *document, const char *name, const char *value,
                            struct rig_error *err)
{
    rig_buf_reset(&document->scratch);
    RIG_TRY(rig_text_one_line(value, &document->scratch, err));
    attribute_plain(document, name, rig_buf_text(&document->scratch));
    return RIG_DONE;
}

static void attribute_count(struct document *document, const char *name, size_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%zu", value);
    attribute_plain(document, name, text);
}

static void attribute_seconds(struct document *document, int64_t duration_ns)
{
    char text[RIG_TEXT_SECONDS_SIZE];

    rig_text_seconds(duration_ns, text);
    attribute_plain(document, "time", text);
}

static void attribute_timestamp(struct document *document, int64_t unix_ms)
{
    char text[RIG_TIME_TEXT_SIZE];

    rig_time_text(unix_ms, text);
    text[strlen("2026-11-21T19:44:03")] = '\0'; /* whole seconds, no zone: readers take it as UTC */
    attribute_plain(document, "timestamp", text);
}

/* Report readers take a dot for a package. */
static rig_result attribute_without_dots(struct document *document, const char *name,
                                         const char *value, struct rig_error *err)
{
    rig_buf_reset(&document->scratch);
    RIG_TRY(rig_text_one_line(value, &document->scratch, err));
    for (size_t i = 0; i < document->scratch.len; i++) {
        if (document->scratch.data[i] == '.') {
            document->scratch.data[i] = '_';
        }
    }
    attribute_plain(document, name, rig_buf_text(&document->scratch));
    return RIG_DONE;
}

static rig_result property(struct document *document, const char *name, const char *value,
                           struct rig_error *err)
{
    if (value[0] == '\0') {
        return RIG_DONE;
    }
    start(document, "property");
    attribute_plain(document, "name", name);
    RIG_TRY(attribute(document, "value", value, err));
    end(document);
    return RIG_DONE;
}

static rig_result property_flaky(struct document *document, const struct rig_board_report *board,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf names = {0};

    for (size_t i = 0; i < board->n_steps; i++) {
        if (board->steps[i].verdict == RIG_VERDICT_FLAKY) {
            RIG_TRY(rig_buf_printf(&names, err, "%s%s", names.len != 0 ? ", " : "",
                                   board->steps[i].name));
        }
    }
    return property(document, "flaky", rig_buf_text(&names), err);
}

static rig_result run_properties(struct document *document, const struct rig_run_report *run,
                                 struct rig_error *err)
{
    RIG_TRY(property(document, "run_id", run->run_id, err));
    RIG_TRY(property(document, "suite", run->suite, err));
    RIG_TRY(property(document, "rig_version", run->rig_version, err));
    RIG_TRY(property(document, "ca", run->ca, err));
    RIG_TRY(property(document, "ca-tls-verification", run->ca_unverified ? "off" : "", err));
    RIG_TRY(property(document, "twin", run->twin, err));
    return property(document, "cancelled", run->cancelled ? "true" : "", err);
}

static rig_result board_properties(struct document *document, const struct rig_board_report *board,
                                   struct rig_error *err)
{
    RIG_TRY(property(document, "board", board->id.text, err));
    RIG_TRY(
        property(document, "verdict", rig_verdict_name(rig_verdict_shown(board->verdict)), err));
    RIG_TRY(property(document, "port", board->port, err));
    RIG_TRY(property(document, "device_id", board->device_id, err));
    RIG_TRY(property(document, "chip", board->chip, err));
    RIG_TRY(property(document, "mac", board->mac, err));
    RIG_TRY(property(document, "firmware", board->firmware, err));
    RIG_TRY(property(document, "certificate_serial", board->serial, err));
    RIG_TRY(property(document, "serial_log", board->log_path, err));
    return property_flaky(document, board, err);
}

static rig_result append_evidence(const struct rig_buf *evidence, struct rig_buf *text,
                                  struct rig_error *err)
{
    json_error_t ignored;
    RIG_AUTO(rig_auto_json_t)
    json_t *object =
        json_loadb((const char *)evidence->data, evidence->len, JSON_REJECT_DUPLICATES, &ignored);
    RIG_AUTO(rig_free_chars) char *pretty = NULL;

    RIG_TRY(rig_buf_append_text(text, "\nevidence:\n", err));
    if (object != NULL) {
        pretty = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    }
    if (pretty != NULL) {
        return rig_text_excerpt(pretty, strlen(pretty), EVIDENCE_MAX_BYTES, text, err);
    }
    return rig_text_excerpt(evidence->data, evidence->len, EVIDENCE_MAX_BYTES, text, err);
}

/* GitLab shows the text and not the message, so the text says all. */
static rig_result compose_details(const struct rig_board_report *board,
                                  const struct rig_step_report *step, struct rig_buf *text,
                                  struct rig_error *err)
{
    char seconds[RIG_TEXT_SECONDS_SIZE];

    rig_text_seconds(step->duration_ns, seconds);
    RIG_TRY(rig_text_one_line(rig_step_report_cause(step), text, err));
    RIG_TRY(rig_buf_printf(
        text, err, "\nclass %s, code %s; %u %s in %s s; %llu bytes sent, %llu received\n",
        rig_error_class_name(step->error.cls), rig_error_code_name(step->error.code), step->tries,
        step->tries == 1 ? "try" : "tries", seconds, (unsigned long long)step->n_sent,
        (unsigned long long)step->n_received));
    RIG_TRY(rig_buf_append_text(text, "board ", err));
    RIG_TRY(rig_text_one_line(board->id.text, text, err));
    RIG_TRY(rig_buf_append_text(text, ", device id ", err));
    RIG_TRY(
        rig_text_one_line(board->device_id[0] != '\0' ? board->device_id : "unknown", text, err));
    RIG_TRY(rig_buf_append_text(text, ", port ", err));
    RIG_TRY(rig_text_one_line(board->port, text, err));
    RIG_TRY(rig_buf_append_text(text, "\n", err));
    if (step->evidence.len != 0) {
        RIG_TRY(append_evidence(&step->evidence, text, err));
        RIG_TRY(rig_buf_append_text(text, "\n", err));
    }
    if (step->log.len != 0) {
        RIG_TRY(rig_buf_append_text(text, "\nserial log around the failure (all of it: ", err));
        RIG_TRY(rig_text_one_line(board->log_path, text, err));
        RIG_TRY(rig_buf_append_text(text, "):\n", err));
        RIG_TRY(rig_text_excerpt(step->log.data, step->log.len, LOG_MAX_BYTES, text, err));
    }
    return RIG_DONE;
}

static rig_result write_bad(struct document *document, const struct rig_board_report *board,
                            const struct rig_step_report *step, const char *element,
                            struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    char type[64];

    RIG_TRY(compose_details(board, step, &text, err));
    (void)snprintf(type, sizeof type, "%s.%s", rig_error_class_name(step->error.cls),
                   rig_error_code_name(step->error.code));
    start(document, element);
    RIG_TRY(attribute(document, "message", rig_step_report_cause(step), err));
    attribute_plain(document, "type", type);
    note(document, xmlTextWriterWriteString(document->writer, BAD_CAST rig_buf_text(&text)));
    end(document);
    return RIG_DONE;
}

static rig_result write_remarks(struct document *document, const struct rig_step_report *step,
                                struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    if (step->verdict == RIG_VERDICT_FLAKY) {
        RIG_TRY(rig_buf_printf(&text, err, "flaky: passed at try %u; before that: ", step->tries));
        RIG_TRY(rig_text_one_line(rig_step_report_cause(step), &text, err));
        RIG_TRY(rig_buf_append_text(&text, "\n", err));
    }
    if (step->over_budget_warn) {
        RIG_TRY(rig_buf_append_text(&text, "slow: took longer than its budget\n", err));
    }
    if (text.len != 0) {
        note(document, xmlTextWriterWriteElement(document->writer, BAD_CAST "system-out",
                                                 BAD_CAST rig_buf_text(&text)));
    }
    return RIG_DONE;
}

static rig_result write_outcome(struct document *document, const struct rig_board_report *board,
                                const struct rig_step_report *step, struct rig_error *err)
{
    switch (step->verdict) {
    case RIG_VERDICT_FAIL:
        return write_bad(document, board, step, "failure", err);
    case RIG_VERDICT_NONE:
    case RIG_VERDICT_ERROR:
        return write_bad(document, board, step, "error", err);
    case RIG_VERDICT_SKIP:
        start(document, "skipped");
        RIG_TRY(attribute(document, "message", rig_step_report_cause(step), err));
        end(document);
        return RIG_DONE;
    case RIG_VERDICT_PASS:
    case RIG_VERDICT_FLAKY:
        break;
    }
    return RIG_DONE;
}

/* Of two cases with one name some readers drop the second. */
static rig_result attribute_case_name(struct document *document,
                                      const struct rig_board_report *board, size_t index,
                                      struct rig_error *err)
{
    const char *name = board->steps[index].name;
    char numbered[sizeof board->steps->name + 24];
    size_t n_before = 0;

    for (size_t i = 0; i < index; i++) {
        n_before += strcmp(board->steps[i].name, name) == 0;
    }
    if (n_before == 0 && name[0] != '\0') {
        return attribute(document, "name", name, err);
    }
    (void)snprintf(numbered, sizeof numbered, "%s (%zu)", name, n_before + 1);
    return attribute(document, "name", numbered, err);
}

static rig_result write_case(struct document *document, const struct rig_board_report *board,
                             size_t index, struct rig_error *err)
{
    const struct rig_step_report *step = &board->steps[index];

    start(document, "testcase");
    RIG_TRY(attribute_case_name(document, board, index, err));
    RIG_TRY(attribute_without_dots(document, "classname", board->id.text, err));
    attribute_seconds(document, step->duration_ns);
    RIG_TRY(write_outcome(document, board, step, err));
    RIG_TRY(write_remarks(document, step, err));
    end(document);
    return RIG_DONE;
}

/* Names of suites may not be empty for any reader. */
static const char *suite_name(const struct rig_run_report *run)
{
    return run->suite[0] != '\0' ? run->suite : "rig";
}

static rig_result suite_attributes(struct document *document, const struct rig_run_report *run,
                                   const char *board, struct rig_counts counts, int64_t started_ms,
                                   int64_t duration_ns, struct rig_error *err)
{
    char name[sizeof run->suite + sizeof(struct rig_board_id) + 1];

    (void)snprintf(name, sizeof name, "%s.%s", suite_name(run), board);
    RIG_TRY(attribute(document, "name", name, err));
    attribute_count(document, "tests", counts.n);
    attribute_count(document, "failures", counts.fail);
    attribute_count(document, "errors", counts.error);
    attribute_count(document, "skipped", counts.skip);
    attribute_seconds(document, duration_ns);
    attribute_timestamp(document, started_ms);
    return attribute(document, "hostname", run->hostname[0] != '\0' ? run->hostname : "localhost",
                     err);
}

static rig_result write_board(struct document *document, const struct rig_run_report *run,
                              const struct rig_board_report *board, struct rig_error *err)
{
    start(document, "testsuite");
    RIG_TRY(suite_attributes(document, run, board->id.text, rig_board_report_counts(board),
                             board->started_ms, board->duration_ns, err));
    start(document, "properties");
    RIG_TRY(run_properties(document, run, err));
    RIG_TRY(board_properties(document, board, err));
    end(document);
    for (size_t i = 0; i < board->n_steps; i++) {
        RIG_TRY(write_case(document, board, i, err));
    }
    end(document);
    return RIG_DONE;
}

/* A board without steps, or a run without boards, as a board with one step in error. */
static rig_result write_nothing_ran(struct document *document, const struct rig_run_report *run,
                                    const struct rig_board_report *board, const char *step_name,
                                    const char *why, struct rig_error *err)
{
    struct rig_step_report step = {.verdict = RIG_VERDICT_ERROR, .tries = 0};
    struct rig_board_report shown = *board;

    (void)rig_copy_text(step.name, sizeof step.name, step_name);
    (void)rig_fail(&step.error, run->cancelled ? RIG_CLASS_CANCELLED : RIG_CLASS_RIG,
                   run->cancelled ? RIG_E_CANCELLED : RIG_E_NOT_FOUND, "%s%s", why,
                   run->cancelled ? ": the run was cancelled before" : "");
    shown.n_steps = 1;
    shown.steps = &step;
    shown.verdict = RIG_VERDICT_ERROR;
    return write_board(document, run, &shown, err);
}

static rig_result write_boards(struct document *document, const struct rig_run_report *run,
                               struct rig_error *err)
{
    for (size_t i = 0; i < run->n_boards; i++) {
        const struct rig_board_report *board = &run->boards[i];

        if (board->n_steps != 0) {
            RIG_TRY(write_board(document, run, board, err));
        } else {
            RIG_TRY(write_nothing_ran(document, run, board, "nothing-ran",
                                      "no step ran on this board", err));
        }
    }
    if (run->n_boards == 0) {
        const struct rig_board_report none = {
            .id.text = "rig", .started_ms = run->started_ms, .duration_ns = run->duration_ns};

        return write_nothing_ran(document, run, &none, "no-boards", "no board took part", err);
    }
    return RIG_DONE;
}

static rig_result write_run(struct document *document, const struct rig_run_report *run,
                            struct rig_error *err)
{
    const struct rig_counts counts = rig_run_report_counts(run);

    note(document, xmlTextWriterSetIndent(document->writer, 1));
    note(document, xmlTextWriterStartDocument(document->writer, "1.0", "UTF-8", NULL));
    start(document, "testsuites");
    RIG_TRY(attribute(document, "name", suite_name(run), err));
    attribute_count(document, "tests", counts.n);
    attribute_count(document, "failures", counts.fail);
    attribute_count(document, "errors", counts.error);
    attribute_seconds(document, run->duration_ns);
    RIG_TRY(write_boards(document, run, err));
    end(document);
    note(document, xmlTextWriterEndDocument(document->writer));
    note(document, xmlTextWriterFlush(document->writer));
    return RIG_DONE;
}

rig_result rig_report_junit(const struct rig_run_report *run, struct rig_buf *xml,
                            struct rig_error *err)
{
    RIG_AUTO(rig_auto_xmlBuffer) xmlBuffer *bytes = xmlBufferCreate();
    RIG_AUTO(free_document) struct document document = {0};

    if (bytes == NULL) {
        return rig_fail_memory(err);
    }
    document.writer = xmlNewTextWriterMemory(bytes, 0);
    if (document.writer == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(write_run(&document, run, err));
    if (document.failed) {
        return rig_fail_memory(err);
    }
    return rig_buf_append(xml, xmlBufferContent(bytes), (size_t)xmlBufferLength(bytes), err);
}

rig_result rig_report_write_junit(const struct rig_run_report *run, const char *path,
                                  struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    RIG_TRY(rig_report_junit(run, &xml, err));
    RIG_TRY_IN(rig_file_replace(path, xml.data, xml.len, 0644, err), err, "the JUnit report");
    return RIG_DONE;
}
