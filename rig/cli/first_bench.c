/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/first_bench.h"

#include <stdio.h>
#include <string.h>

static size_t n_with(const struct rig_found *found, size_t n, const struct rig_found *one,
                     bool same_device)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (!found[i].is_port) {
            continue;
        }
        if (strcmp(found[i].port.usb_path, one->port.usb_path) == 0) {
            count += same_device ? 1 : 0;
        } else if (!same_device && strcmp(found[i].port.usb_serial, one->port.usb_serial) == 0) {
            count++;
        }
    }
    return count;
}

/* Makers of cheap cables give all of them the same number. */
static bool serial_is_its_own(const struct rig_found *found, size_t n, const struct rig_found *one)
{
    const char *serial = one->port.usb_serial;

    return strlen(serial) >= 4 && strpbrk(serial, ":/ \"\\#{}[],&*!|>'%@`\t") == NULL &&
           strspn(serial, "0123456789-.") != strlen(serial) && n_with(found, n, one, false) == 0;
}

static rig_result put_place(const struct rig_found *found, size_t n, const struct rig_found *one,
                            struct rig_buf *text, struct rig_error *err)
{
    if (!one->is_port || one->port.usb_path[0] == '\0') {
        return rig_buf_printf(text, err, "    port: \"%s\"\n", one->address);
    }
    if (serial_is_its_own(found, n, one)) {
        RIG_TRY(rig_buf_printf(text, err, "    usb: {serial: \"%s\"", one->port.usb_serial));
    } else {
        RIG_TRY(rig_buf_printf(text, err, "    usb: {path: \"%s\"", one->port.usb_path));
    }
    if (n_with(found, n, one, true) > 1) {
        RIG_TRY(rig_buf_printf(text, err, ", interface: %c", 'A' + (char)one->port.usb_interface));
    }
    return rig_buf_append_text(text, "}\n", err);
}

static rig_result put_board(const struct rig_found *found, const struct rig_probe *probes, size_t n,
                            size_t index, unsigned number, struct rig_buf *text,
                            struct rig_error *err)
{
    const struct rig_probe *probe = &probes[index];
    char mac[RIG_MAC_TEXT_SIZE];

    RIG_TRY(rig_buf_printf(text, err, "  - id: b%u\n", number));
    RIG_TRY(put_place(found, n, &found[index], text, err));
    RIG_TRY(rig_buf_printf(text, err, "    chip: %s\n", probe->identity.chip->name));
    if (probe->identity.has_mac) {
        rig_mac_text(probe->identity.mac, mac);
        RIG_TRY(rig_buf_printf(text, err, "    mac: \"%s\"\n", mac));
    }
    if (probe->place.lines.kind == RIG_LINES_USB_JTAG_SERIAL) {
        RIG_TRY(rig_buf_append_text(text, "    lines: {controller: usb-jtag-serial}\n", err));
    }
    if (!probe->has_agent) {
        RIG_TRY(
            rig_buf_append_text(text, "    # no device agent answered: flash its firmware\n", err));
    }
    return RIG_DONE;
}

static rig_result put_rest(const struct rig_found *found, const struct rig_probe *probe,
                           struct rig_buf *text, struct rig_error *err)
{
    char line[200];

    (void)rig_copy_text(line, sizeof line, probe->why.text);
    for (char *at = line; *at != '\0'; at++) {
        *at = (unsigned char)*at < ' ' || (unsigned char)*at == 0x7f ? ' ' : *at;
    }
    return rig_buf_printf(text, err, "# no board at %s: %s\n", found->address, line);
}

static rig_result check(const struct rig_buf *text, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;

    RIG_TRY_IN(rig_bench_parse("the bench file", (const char *)text->data, text->len, &bench,
                               &mistakes, err),
               err, "what was found makes no good bench file");
    return RIG_DONE;
}

rig_result rig_first_bench(const struct rig_found *found, const struct rig_probe *probes, size_t n,
                           struct rig_buf *text, struct rig_error *err)
{
    unsigned number = 0;

    RIG_TRY(
        rig_buf_append_text(text,
                            "# Made by 'rig boards --write'. Give the boards names of your own; "
                            "see 'rig check --schema'.\nrig: 1\nboards:\n",
                            err));
    for (size_t i = 0; i < n; i++) {
        if (probes[i].is_board) {
            RIG_TRY(put_board(found, probes, n, i, ++number, text, err));
        }
    }
    if (number == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND,
                        "no board answered at any of %zu ports, so there is nothing to write", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (!probes[i].is_board && !probes[i].skip) {
            RIG_TRY(put_rest(&found[i], &probes[i], text, err));
        }
    }
    return check(text, err);
}
