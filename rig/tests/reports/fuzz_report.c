/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bytes a board sends: the JUnit file is well-formed XML. */
#include "reports/writers.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_step_report step = {.name = "step", .verdict = RIG_VERDICT_FAIL, .tries = 1};
    struct rig_board_report board = {.id.text = "b1", .n_steps = 1, .steps = &step};
    const struct rig_run_report run = {
        .suite = "fuzz", .hostname = "h", .n_boards = 1, .boards = &board};
    const size_t n_text = size < sizeof step.error.text - 1 ? size : sizeof step.error.text - 1;
    struct rig_buf xml = {0};
    struct rig_error err = {0};
    xmlDoc *document;

    step.error.cls = RIG_CLASS_DEVICE;
    step.error.code = RIG_E_MISMATCH;
    if (n_text != 0) {
        memcpy(step.error.text, data, n_text);
    }
    check(rig_buf_append(&step.log, data, size, &err).ok);
    check(rig_buf_append(&step.evidence, data, size, &err).ok);
    check(rig_report_junit(&run, &xml, &err).ok);
    document = xmlReadMemory((const char *)xml.data, (int)xml.len, "junit.xml", NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    check(document != NULL);
    xmlFreeDoc(document);
    rig_buf_free(&xml);
    rig_buf_free(&step.log);
    rig_buf_free(&step.evidence);
    return 0;
}
