/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/esp/vboard_session.h"

#include "rig/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_OPTIONS 12

void must(struct session *session, rig_result result)
{
    if (!result.ok) {
        fail_msg("%s/%s: %s", rig_error_class_name(session->err.cls),
                 rig_error_code_name(session->err.code), session->err.text);
    }
}

void open_session_with(struct session *session, const char *const options[],
                       const struct rig_rom_options *rom_options)
{
    RIG_AUTO(rig_free_chars) char *program = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    const char *argv[MAX_OPTIONS + 3] = {NULL};
    const char *bin = getenv("RIG_BIN");
    size_t n = 1;

    *session = (struct session){0};
    must(session, rig_path_join(bin != NULL ? bin : "bin", "vboard", &program, &session->err));
    argv[0] = program;
    argv[n++] = "--exit-with-parent";
    for (size_t i = 0; options[i] != NULL; i++) {
        assert_true(i < MAX_OPTIONS);
        argv[n++] = options[i];
    }
    must(session, rig_child_start(&session->board, argv, NULL, &session->err));
    must(session, rig_child_read_line(&session->board, WAIT, &line, &session->err));
    must(session, rig_link_open(rig_buf_text(&line), NULL, &session->link, WAIT, &session->err));
    must(session, rig_lines_open_dtr_rts(session->link, &session->lines, &session->err));
    must(session,
         rig_rom_new(session->link, session->lines, rom_options, &session->rom, &session->err));
}

void open_session(struct session *session, const char *const options[])
{
    open_session_with(session, options, NULL);
}

void close_session(struct session *session)
{
    rig_rom_free(session->rom);
    rig_lines_close(session->lines);
    rig_link_close(session->link);
    rig_child_stop(&session->board, 5000);
}
