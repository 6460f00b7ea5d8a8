/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual board, the link to it and a ROM client, for tests. Failures fail the test. */
#ifndef RIG_TESTS_ESP_VBOARD_SESSION_H
#define RIG_TESTS_ESP_VBOARD_SESSION_H

#include "rig/base/child.h"
#include "rig/esp/rom.h"

#define WAIT rig_wait_ms(60000, NULL)

struct session {
    struct rig_child board;
    struct rig_link *link;
    struct rig_lines *lines;
    struct rig_rom *rom;
    struct rig_rom_identity identity;
    struct rig_error err;
};

/* Fails the test with the session's error. */
void must(struct session *session, rig_result result);
/* Starts "vboard OPTION..." (NULL-terminated) and connects. `rom_options` may be NULL. */
void open_session_with(struct session *session, const char *const options[],
                       const struct rig_rom_options *rom_options);
void open_session(struct session *session, const char *const options[]);
void close_session(struct session *session);

#endif
