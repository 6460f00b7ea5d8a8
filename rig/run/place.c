/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/place.h"

#include "rig/base/cleanup.h"

#include <sys/inotify.h>

#define LINK_TIMEOUT_MS 5000
/* inotify tells of new ports at once; servers and chips without a tty are looked for this often. */
#define LOOK_AGAIN_MS 250
#define SETTLE_MS 8000

rig_result rig_place_open_link(const struct rig_bench_board *place, struct rig_link **link,
                               struct rig_wait wait, struct rig_error *err)
{
    const struct rig_link_options options = {
        .baud = place->baud, .rest_asserted = rig_lines_rest_asserted(&place->lines)};

    return rig_link_open(place->port, &options, link, rig_wait_within(wait, LINK_TIMEOUT_MS), err);
}

rig_result rig_place_open_lines(const struct rig_bench_board *place, struct rig_lines_hub *hub,
                                struct rig_link *link, struct rig_lines **lines,
                                struct rig_wait wait, struct rig_error *err)
{
    return rig_lines_open(hub, &place->lines, place->id.text, link, lines, wait, err);
}

rig_result rig_place_take_recipes(const struct rig_bench_board *place,
                                  struct rig_place_recipes *recipes,
                                  struct rig_rom_options *options, struct rig_error *err)
{
    size_t n = 0;

    if (place->n_recipes == 0 && place->lines.kind == RIG_LINES_USB_JTAG_SERIAL) {
        recipes->order[n++] = rig_reset_builtin("usb-jtag");
    }
    for (size_t i = 0; i < place->n_recipes; i++) {
        recipes->order[n] = rig_reset_builtin(place->recipes[i]);
        if (recipes->order[n] == NULL) {
            RIG_TRY(
                rig_reset_parse(place->recipes[i], place->recipes[i], &recipes->parsed[i], err));
            recipes->order[n] = &recipes->parsed[i];
        }
        n++;
    }
    options->recipes = n != 0 ? recipes->order : NULL;
    options->n_recipes = n;
    return RIG_DONE;
}

/* ---- hot plug ---- */

static bool is_absent(const struct rig_error *err)
{
    return err->code == RIG_E_NOT_FOUND || err->code == RIG_E_REFUSED ||
           err->code == RIG_E_DISCONNECTED;
}

static bool may_settle(const struct rig_error *err)
{
    return err->code == RIG_E_PERMISSION || err->code == RIG_E_BUSY;
}

static void drain(int fd)
{
    char events[1024];

    while (read(fd, events, sizeof events) > 0) {
    }
}

/* Until something changed in /dev, or it is time to look again. */
static rig_result await_change(int watch_fd, struct rig_wait patience, struct rig_error *err)
{
    rig_result result;

    if (watch_fd < 0) {
        return rig_wait_pause(patience, LOOK_AGAIN_MS * RIG_NS_PER_MS, err);
    }
    result =
        rig_wait_fd(rig_wait_within(patience, LOOK_AGAIN_MS), watch_fd, POLLIN, "a board", err);
    drain(watch_fd);
    if (!result.ok && err->code == RIG_E_TIMEOUT && !rig_wait_over(patience)) {
        return RIG_DONE;
    }
    return result;
}

rig_result rig_place_await_link(const struct rig_bench_board *place, struct rig_link **link,
                                struct rig_wait patience, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    struct rig_wait settle = patience;
    bool settling = false;

    if (watch_fd >= 0 && inotify_add_watch(watch_fd, "/dev", IN_CREATE | IN_ATTRIB) < 0) {
        rig_close_fd(&watch_fd);
    }
    for (;;) {
        struct rig_error ended;

        if (rig_place_open_link(place, link, rig_wait_ms(LINK_TIMEOUT_MS, patience.cancel), err)
                .ok) {
            return RIG_DONE;
        }
        if (may_settle(err) && !settling) {
            settling = true;
            settle = rig_wait_within(patience, SETTLE_MS);
        }
        if (!is_absent(err) && !(may_settle(err) && !rig_wait_over(settle))) {
            return (rig_result){.ok = false};
        }
        if (!await_change(watch_fd, patience, &ended).ok) {
            return ended.code == RIG_E_CANCELLED ? rig_fail_as(err, &ended)
                                                 : (rig_result){.ok = false};
        }
    }
}
