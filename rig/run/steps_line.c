/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on the board's line: into download mode, identify, flash and read back, into the firmware.
 */
#include "rig/esp/secure_cert.h"
#include "rig/run/evidence.h"
#include "rig/run/steps.h"

#include <stdio.h>
#include <string.h>

#define BANNER_TIMEOUT_MS 3000
#define POWER_TIMEOUT_MS 30000

rig_result rig_board_need_link(struct rig_board *board, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_bench_board *place = board->place;
    struct rig_rom_options rom = {0};

    if (board->agent != NULL) {
        return RIG_DONE;
    }
    if (board->link == NULL) {
        RIG_TRY(rig_place_open_link(place, &board->link, wait, err));
        rig_link_set_tap(board->link, rig_boardlog_tap, &board->log);
    }
    if (board->lines == NULL) {
        RIG_TRY(
            rig_place_open_lines(place, board->lines_hub, board->link, &board->lines, wait, err));
    }
    if (board->rom == NULL) {
        RIG_TRY(rig_place_take_recipes(place, &board->recipes, &rom, err));
        RIG_TRY(rig_rom_new(board->link, board->lines, &rom, &board->rom, err));
    }
    return rig_agent_new(board->link, &board->agent, err);
}

static rig_result check_identity(const struct rig_board *board, const struct rig_rom_identity *now,
                                 struct rig_error *err)
{
    const struct rig_bench_board *place = board->place;
    char found[RIG_MAC_TEXT_SIZE];
    char wanted[RIG_MAC_TEXT_SIZE];

    if (place->chip[0] != '\0' && strcmp(place->chip, now->chip->name) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                        "the chip is an %s, the bench file says %s: correct one of them",
                        now->chip->title, place->chip);
    }
    rig_mac_text(now->mac, found);
    if (place->has_mac && now->has_mac && memcmp(place->mac, now->mac, RIG_MAC_SIZE) != 0) {
        rig_mac_text(place->mac, wanted);
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                        "the board at %s has MAC %s, the bench file says %s: boards were swapped",
                        place->port, found, wanted);
    }
    if (board->identified && memcmp(board->identity.mac, now->mac, RIG_MAC_SIZE) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                        "the board at %s has MAC %s now, and had %s when the run began: boards "
                        "were swapped during the run; run both again",
                        place->port, found, board->report->mac);
    }
    return RIG_DONE;
}

/* A board that reset lines can't wake gets its power switched off and on, once; the failure stays
 * one, so that a pass of the next try is told as flaky. */
static rig_result cycle_power(struct rig_board *board, struct rig_error *err)
{
    struct rig_error why = {0};

    if (err->cls != RIG_CLASS_DEVICE || board->power_cycled ||
        board->place->power.kind == RIG_POWER_ABSENT) {
        return (rig_result){.ok = false};
    }
    board->power_cycled = true;
    if (!rig_power_do(board->lines_hub, &board->place->power, board->place->id.text,
                      RIG_POWER_CYCLE, rig_wait_within(board->limit, POWER_TIMEOUT_MS), &why)
             .ok) {
        return rig_wrap(err, "its power could not be cycled either (%.200s)", why.text);
    }
    return rig_wrap(err, "its power was cycled after this");
}

rig_result rig_board_need_download(struct rig_board *board, struct rig_wait wait,
                                   struct rig_error *err)
{
    struct rig_rom_identity now = {0};

    RIG_TRY(rig_board_need_link(board, wait, err));
    if (board->mode == RIG_MODE_DOWNLOAD) {
        return RIG_DONE;
    }
    board->mode = RIG_MODE_UNKNOWN;
    RIG_TRY(rig_rom_disconnect(board->rom, wait, err));
    if (!rig_rom_connect(board->rom, &now, wait, err).ok) {
        return cycle_power(board, err);
    }
    RIG_TRY(check_identity(board, &now, err));
    board->identity = now;
    board->mode = RIG_MODE_DOWNLOAD;
    return RIG_DONE;
}

rig_result rig_step_reset(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    (void)plan;
    board->mode = RIG_MODE_UNKNOWN;
    RIG_TRY(rig_board_need_download(board, wait, err));
    (void)json_object_set_new(evidence, "recipe", json_string(board->identity.recipe));
    (void)json_object_set_new(evidence, "lines", json_string(board->lines->ops->name));
    (void)json_object_set_new(evidence, "resets", json_integer(board->identity.n_resets));
    (void)json_object_set_new(evidence, "rom", json_string(board->identity.banner.rom));
    (void)json_object_set_new(evidence, "straps", json_integer(board->identity.banner.straps));
    return RIG_DONE;
}

static rig_result read_partitions(struct rig_board *board, struct rig_wait wait,
                                  struct rig_error *err)
{
    uint8_t bytes[RIG_PARTITION_TABLE_SIZE];
    struct rig_partition_table table;
    const char *label = board->options->suite->partition;
    const struct rig_partition *found;

    RIG_TRY_IN(
        rig_rom_flash_read(board->rom, RIG_PARTITION_TABLE_OFFSET, bytes, sizeof bytes, wait, err),
        err, "partition table");
    RIG_TRY_IN(rig_partition_parse(bytes, sizeof bytes, &table, err), err, "partition table");
    found = rig_partition_find(&table, RIG_SECURE_CERT_PARTITION_TYPE, label);
    if (found == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NOT_FOUND,
                        "the partition table has no '%s' of type 0x3f: flash a firmware whose "
                        "table has it",
                        label);
    }
    board->partition = *found;
    return RIG_DONE;
}

static void name_device(struct rig_board *board)
{
    char mac[2 * RIG_MAC_SIZE + 1];
    const uint8_t *m = board->identity.mac;

    rig_hex(m, RIG_MAC_SIZE, mac);
    rig_suite_device_id(board->options->suite, mac, board->device_id, sizeof board->device_id);
    (void)rig_copy_text(board->report->device_id, sizeof board->report->device_id,
                        board->device_id);
    (void)rig_copy_text(board->report->chip, sizeof board->report->chip,
                        board->identity.chip->name);
    rig_mac_text(m, board->report->mac);
}

static rig_result check_fuses(const struct rig_board *board, struct rig_error *err)
{
    const struct rig_rom_identity *identity = &board->identity;
    const struct rig_fuse_wishes *require = &board->options->suite->require;
    const struct {
        const char *name;
        enum rig_fuse_wish wish;
        bool is;
    } fuses[] = {
        {"secure_boot", require->secure_boot, identity->secure_boot},
        {"flash_encryption", require->flash_encryption, identity->flash_encryption},
        {"jtag_disabled", require->jtag_disabled, identity->jtag_disabled},
        {"secure_download", require->secure_download, identity->secure_download},
    };

    for (size_t i = 0; i < sizeof fuses / sizeof fuses[0]; i++) {
        const bool wanted = fuses[i].wish == RIG_FUSE_YES;

        if (fuses[i].wish != RIG_FUSE_ANY && wanted != fuses[i].is) {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the suite requires %s: %s, but the eFuses of this %s say %s: %s",
                            fuses[i].name, wanted ? "true" : "false", identity->chip->title,
                            fuses[i].is ? "true" : "false",
                            wanted ? "was the board's provisioning finished?"
                                   : "it was burnt for good; take another board");
        }
    }
    return RIG_DONE;
}

static void put_fuses(const struct rig_board *board, json_t *evidence)
{
    const struct rig_rom_identity *identity = &board->identity;

    if (identity->has_fuses) {
        (void)json_object_set_new(evidence, "secure_boot", json_boolean(identity->secure_boot));
        (void)json_object_set_new(evidence, "flash_encryption",
                                  json_boolean(identity->flash_encryption));
        (void)json_object_set_new(evidence, "jtag_disabled", json_boolean(identity->jtag_disabled));
        (void)json_object_set_new(evidence, "secure_download",
                                  json_boolean(identity->secure_download));
    }
}

rig_result rig_step_identify(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    char flash_id[16];

    (void)plan;
    RIG_TRY(rig_board_need_download(board, wait, err));
    put_fuses(board, evidence);
    RIG_TRY(check_fuses(board, err));
    RIG_TRY(rig_rom_check_readable(&board->identity, "its MAC, flash and partition table", err));
    name_device(board);
    (void)snprintf(flash_id, sizeof flash_id, "0x%06x", (unsigned)board->identity.flash_id);
    (void)json_object_set_new(evidence, "chip", json_string(board->identity.chip->name));
    (void)json_object_set_new(evidence, "revision", json_integer(board->identity.revision));
    (void)json_object_set_new(evidence, "mac", json_string(board->report->mac));
    (void)json_object_set_new(evidence, "flash_id", json_string(flash_id));
    (void)json_object_set_new(evidence, "flash_size_bytes",
                              json_integer(board->identity.flash_size_bytes));
    RIG_TRY(read_partitions(board, wait, err));
    (void)json_object_set_new(evidence, "partition_offset_bytes",
                              json_integer(board->partition.offset_bytes));
    (void)json_object_set_new(evidence, "partition_size_bytes",
                              json_integer(board->partition.size_bytes));
    board->identified = true;
    return RIG_DONE;
}

static rig_result check_hello(struct rig_board *board, struct rig_error *err)
{
    const struct rig_agent_hello *hello = &board->hello;

    if (board->identified && memcmp(hello->mac, board->identity.mac, RIG_MAC_SIZE) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the firmware reports another MAC than the eFuse of this chip");
    }
    if (!hello->checks_time) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "this firmware does not check certificate dates (MBEDTLS_HAVE_TIME_DATE is "
                        "off): it would accept expired servers; turn it on");
    }
    (void)snprintf(board->report->firmware, sizeof board->report->firmware, "agent %s, %s",
                   hello->agent_version, hello->tls_library);
    return RIG_DONE;
}

static rig_result start_firmware(struct rig_board *board, struct rig_wait wait,
                                 struct rig_error *err)
{
    const struct rig_reset_recipe *hard = rig_reset_builtin("hard");
    struct rig_boot_banner banner;

    RIG_TRY(rig_board_need_link(board, wait, err));
    board->mode = RIG_MODE_UNKNOWN;
    RIG_TRY(rig_rom_disconnect(board->rom, wait, err));
    RIG_TRY(rig_reset_run(board->link, board->lines, hard, RIG_BOOT_RUN, BANNER_TIMEOUT_MS, &banner,
                          wait, err));
    RIG_TRY(rig_agent_hello(board->agent, &board->hello, wait, err));
    RIG_TRY(check_hello(board, err));
    RIG_TRY(rig_agent_set_time(board->agent, rig_clock_now_ms(board->options->clock), wait, err));
    board->mode = RIG_MODE_FIRMWARE;
    return RIG_DONE;
}

rig_result rig_board_need_firmware(struct rig_board *board, struct rig_wait wait,
                                   struct rig_error *err)
{
    return board->mode == RIG_MODE_FIRMWARE ? RIG_DONE : start_firmware(board, wait, err);
}

rig_result rig_step_firmware(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    (void)plan;
    RIG_TRY(start_firmware(board, wait, err));
    (void)json_object_set_new(evidence, "agent", json_string(board->hello.agent_version));
    (void)json_object_set_new(evidence, "tls_library", json_string(board->hello.tls_library));
    (void)json_object_set_new(evidence, "protocol", json_integer(board->hello.protocol));
    (void)json_object_set_new(evidence, "secure_boot", json_boolean(board->hello.secure_boot));
    (void)json_object_set_new(evidence, "flash_encryption",
                              json_boolean(board->hello.flash_encryption));
    return RIG_DONE;
}

static rig_result make_image(struct rig_board *board, struct rig_error *err)
{
    struct rig_cell *cell = &board->cell;
    const struct rig_ca *ca = board->services->ca;

    if (cell->image.len != 0) {
        return RIG_DONE;
    }
    RIG_TRY(rig_secure_cert_append(&cell->image, RIG_SECURE_CERT_DEV_CERT, 0,
                                   cell->certificate.chain_pem.data,
                                   cell->certificate.chain_pem.len, err));
    RIG_TRY(rig_secure_cert_append(&cell->image, RIG_SECURE_CERT_CA_CERT, 0, ca->root_pem.data,
                                   ca->root_pem.len, err));
    cell->image_used_bytes = cell->image.len;
    return rig_secure_cert_finish(&cell->image, board->partition.size_bytes, err);
}

static rig_result write_image(struct rig_board *board, struct rig_flash_report *report,
                              struct rig_wait wait, struct rig_error *err)
{
    const unsigned baud = board->options->suite->flash_baud;

    board->mode = RIG_MODE_UNKNOWN;
    RIG_TRY(rig_board_need_download(board, wait, err));
    if (baud != 0) {
        RIG_TRY(rig_rom_set_baud(board->rom, baud, wait, err));
    }
    return rig_rom_flash_write(board->rom, board->partition.offset_bytes, board->cell.image.data,
                               board->cell.image.len, report, wait, err);
}

rig_result rig_step_flash(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_flash_report report = {0};
    struct rig_journal_id journal;
    struct rig_error ignored;
    char subject[64];
    rig_result result;

    (void)plan;
    if (!board->cell.has_certificate) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "nothing was signed to flash");
    }
    RIG_TRY(make_image(board, err));
    (void)snprintf(subject, sizeof subject, "%s@0x%x", board->partition.label,
                   (unsigned)board->partition.offset_bytes);
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_FLASH, board->run->run_id, &board->place->id,
                             board->device_id, subject, &journal, err));
    result = write_image(board, &report, wait, err);
    if (!result.ok) {
        (void)rig_journal_close(board->reg, journal, false, err->text, &ignored).ok;
        return result;
    }
    (void)json_object_set_new(evidence, "image_bytes",
                              json_integer((json_int_t)report.image_bytes));
    (void)json_object_set_new(evidence, "sent_bytes", json_integer((json_int_t)report.sent_bytes));
    (void)json_object_set_new(evidence, "already_right", json_boolean(report.already_right));
    (void)json_object_set_new(evidence, "flash_tries", json_integer(report.n_tries));
    board->cell.flashed = true;
    return rig_journal_close(board->reg, journal, true,
                             report.already_right ? "already right" : "written", err);
}

rig_result rig_step_read_back(struct rig_board *board, const struct rig_step_plan *plan,
                              json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_cell *cell = &board->cell;
    RIG_AUTO(rig_buf_free) struct rig_buf found = {0};
    size_t at = 0;

    (void)plan;
    if (!cell->flashed) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "nothing was flashed to read back");
    }
    RIG_TRY(rig_board_need_download(board, wait, err));
    RIG_TRY(rig_buf_reserve(&found, cell->image_used_bytes, err));
    RIG_TRY(rig_rom_flash_read(board->rom, board->partition.offset_bytes, found.data,
                               cell->image_used_bytes, wait, err));
    while (at < cell->image_used_bytes && found.data[at] == cell->image.data[at]) {
        at++;
    }
    if (at != cell->image_used_bytes) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "flash differs at 0x%zx: read 0x%02x, written 0x%02x",
                        (size_t)board->partition.offset_bytes + at, found.data[at],
                        cell->image.data[at]);
    }
    (void)json_object_set_new(evidence, "compared_bytes", json_integer((json_int_t)at));
    rig_evidence_set_hash(evidence, "certificate_sha256", cell->certificate.sha256);
    return RIG_DONE;
}
