/* SPDX-License-Identifier: Apache-2.0 */
/* The JUnit file against our own schema, against the rules of the strictest reader, and against
 * nasty content. */
#include "rig/tests/reports/sample.h"

#include "rig/base/child.h"
#include "rig/base/file.h"
#include "rig/base/wait.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

RIG_DEFINE_AUTO(xmlDoc, xmlFreeDoc);
RIG_DEFINE_AUTO(xmlSchemaValidCtxt, xmlSchemaFreeValidCtxt);

static xmlSchema *schema;

static char *schema_path(void)
{
    const char *source = getenv("RIG_SOURCE");
    struct rig_error err = {0};
    char *path = NULL;

    assert_non_null(source);
    assert_done(rig_path_join(source, "reports/schemas/junit.xsd", &path, &err));
    return path;
}

static int open_schema(void **state)
{
    RIG_AUTO(rig_free_chars) char *path = schema_path();
    xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);

    (void)state;
    assert_non_null(parser);
    schema = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    assert_non_null(schema);
    return 0;
}

static int close_schema(void **state)
{
    (void)state;
    xmlSchemaFree(schema);
    xmlCleanupParser();
    return 0;
}

static xmlDoc *parse(const struct rig_buf *xml)
{
    xmlDoc *document =
        xmlReadMemory((const char *)xml->data, (int)xml->len, "junit.xml", NULL, XML_PARSE_NONET);

    assert_non_null(document);
    return document;
}

static bool is_valid(xmlDoc *document)
{
    RIG_AUTO(rig_auto_xmlSchemaValidCtxt)
    xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);

    assert_non_null(context);
    return xmlSchemaValidateDoc(context, document) == 0;
}

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static long number_of(xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetProp(node, BAD_CAST name);
    char *end = NULL;
    long number;

    assert_non_null(text);
    number = strtol((const char *)text, &end, 10);
    assert_true(end != (const char *)text && *end == '\0');
    xmlFree(text);
    return number;
}

struct sums {
    long tests, failures, errors, skipped;
};

static void add_case(xmlNode *testcase, struct sums *sums)
{
    sums->tests++;
    for (xmlNode *child = testcase->children; child != NULL; child = child->next) {
        sums->failures += is_named(child, "failure");
        sums->errors += is_named(child, "error");
        sums->skipped += is_named(child, "skipped");
    }
}

static void check_sums(xmlDoc *document)
{
    xmlNode *root = xmlDocGetRootElement(document);
    struct sums all = {0};

    for (xmlNode *suite = root->children; suite != NULL; suite = suite->next) {
        struct sums one = {0};

        if (!is_named(suite, "testsuite")) {
            continue;
        }
        for (xmlNode *child = suite->children; child != NULL; child = child->next) {
            if (is_named(child, "testcase")) {
                add_case(child, &one);
            }
        }
        assert_true(one.tests > 0);
        assert_int_equal(number_of(suite, "tests"), one.tests);
        assert_int_equal(number_of(suite, "failures"), one.failures);
        assert_int_equal(number_of(suite, "errors"), one.errors);
        assert_int_equal(number_of(suite, "skipped"), one.skipped);
        all.tests += one.tests;
        all.failures += one.failures;
        all.errors += one.errors;
    }
    assert_int_equal(number_of(root, "tests"), all.tests);
    assert_int_equal(number_of(root, "failures"), all.failures);
    assert_int_equal(number_of(root, "errors"), all.errors);
}

/* What the strictest reader (the xUnit plugin of Jenkins) lets an element carry; written from its
 * rules, not from ours. */
static const struct rule {
    const char *element;
    const char *parent;
    const char *required[6];
    const char *allowed[14];
    bool may_have_text;
} rules[] = {
    {"testsuites", "", {NULL}, {"name", "time", "tests", "failures", "errors"}, false},
    {"testsuite",
     "testsuites",
     {"name", "tests", "failures", "errors"},
     {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname",
      "id", "package", "file", "log", "url"},
     false},
    {"properties", "testsuite", {NULL}, {NULL}, false},
    {"property", "properties", {"name", "value"}, {"name", "value"}, false},
    {"testcase", "testsuite", {"name"}, {"name", "time", "classname", "group"}, false},
    {"failure", "testcase", {"message"}, {"type", "message"}, true},
    {"error", "testcase", {"message"}, {"type", "message"}, true},
    {"skipped", "testcase", {"message"}, {"type", "message"}, true},
    {"system-out", "testcase", {NULL}, {NULL}, true},
};

static const struct rule *rule_of(const xmlNode *node)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (is_named(node, rules[i].element)) {
            return &rules[i];
        }
    }
    fail_msg("no reader knows <%s>", (const char *)node->name);
    return NULL;
}

static bool is_among(const char *name, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_reader_rules(xmlNode *node, const char *parent)
{
    const struct rule *rule = rule_of(node);

    assert_string_equal(rule->parent, parent);
    for (size_t i = 0; i < 6 && rule->required[i] != NULL; i++) {
        assert_non_null(xmlHasProp(node, BAD_CAST rule->required[i]));
    }
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        if (!is_among((const char *)attribute->name, rule->allowed, 14)) {
            fail_msg("<%s> must not carry '%s'", rule->element, (const char *)attribute->name);
        }
    }
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE) {
            check_reader_rules(child, rule->element);
        } else {
            assert_int_equal(child->type, XML_TEXT_NODE);
            assert_true(rule->may_have_text || xmlIsBlankNode(child));
        }
    }
}

static void check_document(const struct rig_run_report *run, struct rig_buf *xml)
{
    struct rig_error err = {0};

    assert_done(rig_report_junit(run, xml, &err));
    RIG_AUTO(rig_auto_xmlDoc) xmlDoc *document = parse(xml);
    if (!is_valid(document)) {
        fail_msg("the schema refuses:\n%.3000s", rig_buf_text(xml));
    }
    check_sums(document);
    check_reader_rules(xmlDocGetRootElement(document), "");
}

static void test_a_run_in_the_profile_of_all_readers(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    check_document(&run, &xml);
    assert_has(&xml, "<testsuites name=\"acceptance\" tests=\"6\" failures=\"1\" errors=\"1\" "
                     "time=\"3.000\">");
    assert_has(&xml, "<testsuite name=\"acceptance.b1\" tests=\"5\" failures=\"1\" errors=\"1\" "
                     "skipped=\"1\" time=\"2.000\" timestamp=\"2026-11-21T19:44:03\" "
                     "hostname=\"station-4\">");
    assert_has(&xml, "<testcase name=\"p-256/keygen\" classname=\"b1\" time=\"1.235\"/>");
    assert_has(&xml, "<failure message=\"the flash keeps other bytes than were written\" "
                     "type=\"device.mismatch\">the flash keeps other bytes than were written\n");
    assert_has(&xml, "1 try in 1.235 s; 100 bytes sent, 2000 received");
    assert_has(&xml, "&quot;verify_error&quot;: 23");
    assert_has(&xml, "E (400) agent: flash failed\n");
    assert_has(&xml, "(all of it: out/boards/b1.log)");
    assert_has(&xml, "<error message=\"the CA refused the request\" type=\"ca.refused\">");
    assert_has(&xml, "<skipped message=\"flash failed before\"/>");
    assert_has(&xml, "<system-out>flaky: passed at try 2; before that: no banner after the reset");
    assert_has(&xml, "<property name=\"flaky\" value=\"p-256/reset\"/>");
    assert_has(&xml, "<system-out>slow: took longer than its budget");
}

static void test_the_schema_refuses_what_readers_refuse(void **state)
{
    static const char *const changes[][2] = {
        {"time=\"3.000\"", "time=\"3,000\""},
        {"time=\"3.000\"", "time=\"-3.00\""},
        {"time=\"3.000\"", "time=\"3.0\" "},
        {"T19:44:03\"", "T19:44:0Z\""},
        {"classname=\"b1\"", "classname=\"b.\""},
        {"<skipped message=", "<skipped because="},
        {"<system-out>", "<system-err>"},
        {"tests=\"6\"", "tests=\"0\""},
        {"name=\"p-256/sign\"", "name=\"p-256/good\""},
        {"<property name=\"ca\" value=", "<property name=\"ca\" vague="},
        {"type=\"ca.refused\"", "kind=\"ca.refused\""},
    };
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};
    struct rig_error err = {0};

    (void)state;
    xmlSetGenericErrorFunc(NULL, NULL);
    assert_done(rig_report_junit(&run, &xml, &err));
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf changed = {0};
        const char *at = strstr(rig_buf_text(&xml), changes[i][0]);

        if (at == NULL) {
            fail_msg("'%s' is not there to be changed", changes[i][0]);
        }
        const size_t before = (size_t)(at - rig_buf_text(&xml));
        assert_done(rig_buf_append(&changed, xml.data, before, &err));
        assert_done(rig_buf_append_text(&changed, changes[i][1], &err));
        assert_done(rig_buf_append_text(&changed, at + strlen(changes[i][0]), &err));
        xmlDoc *document = xmlReadMemory((const char *)changed.data, (int)changed.len, "x", NULL,
                                         XML_PARSE_RECOVER | XML_PARSE_NOERROR);
        if (document != NULL && is_valid(document)) {
            fail_msg("the schema takes %s", changes[i][1]);
        }
        xmlFreeDoc(document);
    }
}

static void test_nasty_bytes_stay_harmless(void **state)
{
    static const char nasty[] = "\0\x1b[31m]]>\xed\xa0\x80\xff<&\"'>\xef\xbf\xbe[[ATTACHMENT|/x]]";
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct rig_step_report *step = &run.boards[0].steps[1];
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    sample_put(&step->log, nasty, sizeof nasty - 1);
    sample_put(&step->evidence, nasty, sizeof nasty - 1);
    (void)snprintf(step->error.text, sizeof step->error.text, "%s", nasty + 1);
    (void)snprintf(step->name, sizeof step->name, "a\x01<b>\n\"c\"");
    (void)snprintf(run.boards[0].steps[3].error.text, RIG_ERROR_TEXT_SIZE, "\xc3(");
    (void)snprintf(run.boards[0].firmware, sizeof run.boards[0].firmware, "\x02v1");
    check_document(&run, &xml);
    assert_has(&xml, "\\x00\\x1b[31m]]&gt;\\xed\\xa0\\x80\\xff&lt;&amp;");
    assert_has(&xml, "name=\"a\\x01&lt;b&gt; &quot;c&quot;\"");
    assert_has_not(&xml, "[[ATTACHMENT|");
    assert_has_not(&xml, "]]>");
}

static void test_long_logs_are_cut_to_a_sane_size(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct rig_step_report *step = &run.boards[0].steps[1];
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};
    const size_t n_bytes = 1u << 20;
    uint8_t *log = calloc(1, n_bytes); /* NULs grow fourfold in the text */

    (void)state;
    assert_non_null(log);
    memset(log + n_bytes - 8, 'E', 8);
    sample_put(&step->log, log, n_bytes);
    sample_put(&step->evidence, log, n_bytes);
    free(log);
    check_document(&run, &xml);
    assert_true(xml.len < 120000);
    assert_has(&xml, "bytes left out here");
    assert_has(&xml, "\\x00EEEEEEEE</failure>");
}

static void test_longest_names_fit_every_reader(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    memset(run.suite, 's', sizeof run.suite - 1);
    memset(run.boards[0].id.text, 'b', sizeof run.boards[0].id.text - 1);
    memset(run.boards[0].steps[0].name, '\x01', sizeof run.boards[0].steps[0].name - 1);
    memset(run.boards[0].log_path, 'p', sizeof run.boards[0].log_path - 1);
    memset(run.boards[0].steps[1].error.text, '\x02', RIG_ERROR_TEXT_SIZE - 1);
    check_document(&run, &xml);
}

static void test_names_are_unique_and_without_dots(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    (void)snprintf(run.boards[0].id.text, sizeof run.boards[0].id.text, "rack.1.b1");
    (void)snprintf(run.boards[0].steps[1].name, 64, "%s", run.boards[0].steps[0].name);
    run.suite[0] = '\0';
    check_document(&run, &xml);
    assert_has(&xml, "classname=\"rack_1_b1\"");
    assert_has(&xml, "name=\"p-256/keygen (2)\"");
    assert_has(&xml, "<testsuites name=\"rig\"");
}

static void test_nothing_ran_is_an_error_and_no_empty_suite(void **state)
{
    struct rig_board_report idle = {.id.text = "b1"};
    struct rig_run_report run = {
        .suite = "acceptance", .hostname = "h", .n_boards = 1, .boards = &idle};
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    check_document(&run, &xml);
    assert_has(&xml, "name=\"nothing-ran\"");
    assert_has(&xml, "no step ran on this board");
    run.cancelled = true;
    rig_buf_reset(&xml);
    check_document(&run, &xml);
    assert_has(&xml, "type=\"cancelled.cancelled\"");
    run.n_boards = 0;
    rig_buf_reset(&xml);
    check_document(&run, &xml);
    assert_has(&xml, "tests=\"1\" failures=\"0\" errors=\"1\"");
    assert_has(&xml, "no board took part");
}

static void test_what_was_not_judged_is_an_error(void **state)
{
    struct rig_step_report step = {.name = "flash"};
    struct rig_board_report board = {.id.text = "b1", .n_steps = 1, .steps = &step};
    const struct rig_run_report run = {
        .suite = "acceptance", .hostname = "h", .n_boards = 1, .boards = &board};
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};

    (void)state;
    check_document(&run, &xml);
    assert_has(&xml, "tests=\"1\" failures=\"0\" errors=\"1\"");
    assert_has(&xml, "<error message=\"was not judged\"");
    assert_has(&xml, "name=\"verdict\" value=\"error\"");
}

static void test_counts_add_up_whatever_ran(void **state)
{
    unsigned seed = (unsigned)rig_now_ns();

    (void)state;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 100; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};
        RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_random_run(&seed);

        check_document(&run, &xml);
    }
}

static int run_program(const char *const argv[])
{
    struct rig_child child = {0};
    struct rig_error err = {0};
    int status = -1;

    if (!rig_child_start(&child, argv, "/dev/null", &err).ok) {
        assert_int_equal(err.code, RIG_E_NOT_FOUND);
        return -1;
    }
    assert_done(rig_child_join(&child, rig_wait_ms(20000, NULL), &status, &err));
    rig_child_stop(&child, 0);
    return status;
}

/* Compiles a locale that has nothing but a decimal comma, where the machine can. */
static bool enter_comma_locale(const char *folder)
{
    static const char source[] =
        "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n";
    char source_path[64];
    char path[64];
    const char *const argv[] = {"localedef",      "-c", "-i", source_path, "-f",
                                "ANSI_X3.4-1968", path, NULL};
    struct rig_error err = {0};

    (void)snprintf(source_path, sizeof source_path, "%s/source", folder);
    (void)snprintf(path, sizeof path, "%s/comma", folder);
    assert_done(rig_file_replace(source_path, source, sizeof source - 1, 0600, &err));
    (void)run_program(argv); /* ends with 1, for the categories that are not there */
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    return setlocale(LC_NUMERIC, "comma") != NULL;
}

static void test_a_comma_locale_changes_nothing(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};
    char folder[] = "/tmp/rig-locale-XXXXXX";
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    char number[8];

    (void)state;
    assert_non_null(mkdtemp(folder));
    const bool entered = enter_comma_locale(folder);
    if (entered) {
        (void)snprintf(number, sizeof number, "%.1f", 0.5);
        assert_string_equal(number, "0,5"); /* the locale does what this test is about */
        check_document(&run, &xml);
        assert_has(&xml, "time=\"1.235\"");
        (void)setlocale(LC_NUMERIC, "C");
    }
    assert_int_equal(run_program(argv), 0);
    if (!entered) {
        print_message("no locale with a decimal comma can be made here\n");
        skip();
    }
}

static void test_written_whole_and_taken_by_xmllint(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_free_chars) char *xsd = schema_path();
    char folder[] = "/tmp/rig-junit-XXXXXX";
    char path[64];
    struct rig_error err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/junit.xml", folder);
    assert_done(rig_report_write_junit(&run, path, &err));
    const char *const argv[] = {"xmllint", "--noout", "--nonet", "--schema", xsd, path, NULL};
    assert_int_equal(run_program(argv), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
    assert_false(rig_report_write_junit(&run, path, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_non_null(strstr(err.text, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_in_the_profile_of_all_readers),
        cmocka_unit_test(test_the_schema_refuses_what_readers_refuse),
        cmocka_unit_test(test_nasty_bytes_stay_harmless),
        cmocka_unit_test(test_long_logs_are_cut_to_a_sane_size),
        cmocka_unit_test(test_longest_names_fit_every_reader),
        cmocka_unit_test(test_names_are_unique_and_without_dots),
        cmocka_unit_test(test_nothing_ran_is_an_error_and_no_empty_suite),
        cmocka_unit_test(test_what_was_not_judged_is_an_error),
        cmocka_unit_test(test_counts_add_up_whatever_ran),
        cmocka_unit_test(test_a_comma_locale_changes_nothing),
        cmocka_unit_test(test_written_whole_and_taken_by_xmllint),
    };

    return cmocka_run_group_tests(tests, open_schema, close_schema);
}
