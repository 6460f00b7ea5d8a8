/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/deflate.h"
#include "rig/esp/flash.h"

#include <string.h>

#define MAX_TRIES 12u
/* The ROM unpacks into a window of this size and programs it when it is full or the stream ends. */
#define ROM_WINDOW 0x8000u
#define FIRST_LIMIT 0x4000u

/* Tries in a row that bring nothing: of the whole region when its MD5 is wrong, of a run when an
 * exchange fails. */
#define MAX_FUTILE_ROUNDS 3u
#define MAX_FUTILE_RUNS 8u

/* The state of one rig_rom_flash_write. */
struct write_job {
    struct rig_rom *rom;
    uint32_t offset_bytes;
    const uint8_t *image;
    size_t n_bytes;
    struct rig_flash_report *report;
    struct rig_flash_parts parts;
    bool gave_up; /* another try would not help */
};

static rig_result compare_part(struct write_job *job, size_t part, struct rig_wait wait,
                               struct rig_error *err)
{
    const size_t at = part * RIG_FLASH_PART_SIZE;
    const size_t left = job->n_bytes - at;
    bool same = false;

    if (job->parts.state[part] != RIG_FLASH_UNKNOWN) {
        return RIG_DONE;
    }
    RIG_TRY(rig_flash_is_same(job->rom, job->offset_bytes + (uint32_t)at, job->image + at,
                              left < RIG_FLASH_PART_SIZE ? left : RIG_FLASH_PART_SIZE, &same, wait,
                              err));
    job->parts.state[part] = same ? RIG_FLASH_RIGHT : RIG_FLASH_WRONG;
    return RIG_DONE;
}

static rig_result compare_rest(struct write_job *job, struct rig_wait wait, struct rig_error *err)
{
    for (size_t i = 0; i < job->parts.n; i++) {
        RIG_TRY(compare_part(job, i, wait, err));
    }
    return RIG_DONE;
}

static void set_all(struct rig_flash_parts *parts, enum rig_flash_part_state from,
                    enum rig_flash_part_state to)
{
    for (size_t i = 0; i < parts->n; i++) {
        if (parts->state[i] == from) {
            parts->state[i] = to;
        }
    }
}

static rig_result sample(struct write_job *job, size_t part, bool *same, struct rig_wait wait,
                         struct rig_error *err)
{
    const size_t at = part * RIG_FLASH_PART_SIZE;
    const size_t left = job->n_bytes - at;

    RIG_TRY(rig_flash_is_same(job->rom, job->offset_bytes + (uint32_t)at, job->image + at,
                              left < RIG_FLASH_SECTOR_SIZE ? left : RIG_FLASH_SECTOR_SIZE, same,
                              wait, err));
    if (!*same) {
        job->parts.state[part] = RIG_FLASH_WRONG;
    }
    return RIG_DONE;
}

/*
 * The chip's MD5 takes a third of a second for a mebibyte: a board that has another image should
 * not pay for a whole comparison. When one sector in each of four parts differs, all counts as
 * wrong.
 */
static rig_result compare(struct write_job *job, struct rig_wait wait, struct rig_error *err)
{
    struct rig_flash_parts *parts = &job->parts;
    bool same = false;

    if (parts->n == 1) {
        return compare_part(job, 0, wait, err);
    }
    RIG_TRY(sample(job, 0, &same, wait, err));
    if (same) {
        RIG_TRY(rig_flash_is_same(job->rom, job->offset_bytes, job->image, job->n_bytes, &same,
                                  wait, err));
        if (same) {
            set_all(parts, RIG_FLASH_UNKNOWN, RIG_FLASH_RIGHT);
        }
        return compare_rest(job, wait, err);
    }
    for (size_t i = 1; i <= 3; i++) {
        RIG_TRY(sample(job, i * (parts->n - 1) / 3, &same, wait, err));
        if (same) {
            return compare_rest(job, wait, err);
        }
    }
    set_all(parts, RIG_FLASH_UNKNOWN, RIG_FLASH_WRONG);
    return RIG_DONE;
}

/*
 * After `trouble`: makes the ROM ready for another try and counts it, or gives up with the trouble
 * when the last tries brought nothing. Each try that counts as progress leaves less to do, so this
 * ends.
 */
static rig_result prepare_next_try(struct write_job *job, const struct rig_error *trouble,
                                   bool progress, unsigned *n_futile, unsigned max_futile,
                                   struct rig_wait wait, struct rig_error *err)
{
    *n_futile = progress ? 0 : *n_futile + 1;
    job->gave_up =
        !rig_rom_is_transient(trouble) || *n_futile == max_futile || !job->rom->connected;
    if (job->gave_up) {
        return rig_fail_as(err, trouble);
    }
    if (job->report->trouble[0] == '\0') {
        (void)rig_copy_text(job->report->trouble, sizeof job->report->trouble, trouble->text);
    }
    if (!rig_rom_recover(job->rom, trouble, wait, err).ok) {
        job->gave_up = true;
        return (rig_result){.ok = false};
    }
    job->report->n_tries++;
    return RIG_DONE;
}

static rig_result send_region(struct write_job *job, size_t at, size_t n_bytes,
                              size_t *accepted_bytes, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_deflated_free) struct rig_deflated stream = {0};
    const uint32_t offset_bytes = job->offset_bytes + (uint32_t)at;
    struct rig_flash_sent sent = {0};
    rig_result done;

    RIG_TRY(rig_deflate(job->image + at, n_bytes, &stream, err));
    if (stream.bytes.len < n_bytes) {
        done = rig_flash_send_deflated(job->rom, offset_bytes, &stream, &sent, wait, err);
    } else {
        done = rig_flash_send_plain(job->rom, offset_bytes, job->image + at, n_bytes, &sent, wait,
                                    err);
    }
    job->report->sent_bytes += sent.payload_bytes;
    *accepted_bytes = sent.accepted_bytes;
    return done;
}

/*
 * Sends a run. On a line that loses bytes whole sessions rarely get through: after a failure they
 * are short, and grow again with success. What whole windows the chip took is not sent again; the
 * MD5 in the end proves all of it.
 */
static rig_result write_run(struct write_job *job, size_t at, size_t n_bytes, struct rig_wait wait,
                            struct rig_error *err)
{
    size_t from = 0;
    size_t limit = n_bytes;
    unsigned n_futile = 0;
    bool same = false;

    job->report->written_bytes += n_bytes;
    while (from < n_bytes) {
        const size_t n = n_bytes - from < limit ? n_bytes - from : limit;
        struct rig_error trouble;
        size_t accepted = 0;

        if (send_region(job, at + from, n, &accepted, wait, &trouble).ok) {
            from += n;
            n_futile = 0;
            limit = limit < n_bytes ? 2 * limit : limit;
            continue;
        }
        accepted -= accepted % ROM_WINDOW;
        from += accepted;
        limit = limit > FIRST_LIMIT ? FIRST_LIMIT : RIG_FLASH_SECTOR_SIZE;
        RIG_TRY(
            prepare_next_try(job, &trouble, accepted != 0, &n_futile, MAX_FUTILE_RUNS, wait, err));
    }
    RIG_TRY(rig_flash_is_same(job->rom, job->offset_bytes + (uint32_t)at, job->image + at, n_bytes,
                              &same, wait, err));
    if (!same) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the flash does not hold what was written");
    }
    return RIG_DONE;
}

static rig_result write_wrong_runs(struct write_job *job, struct rig_wait wait,
                                   struct rig_error *err)
{
    size_t first = 0;
    size_t n = 0;

    while (rig_flash_next_run(&job->parts, &first, &n)) {
        const size_t at = first * RIG_FLASH_PART_SIZE;
        const size_t end = (first + n) * RIG_FLASH_PART_SIZE;

        RIG_TRY(write_run(job, at, (end < job->n_bytes ? end : job->n_bytes) - at, wait, err));
        for (size_t i = first; i < first + n; i++) {
            job->parts.state[i] = RIG_FLASH_RIGHT;
        }
    }
    return RIG_DONE;
}

static size_t count_wrong(const struct rig_flash_parts *parts)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->n; i++) {
        n += parts->state[i] != RIG_FLASH_RIGHT;
    }
    return n;
}

static rig_result write_until_right(struct write_job *job, struct rig_wait wait,
                                    struct rig_error *err)
{
    struct rig_flash_report *report = job->report;
    size_t fewest_wrong = SIZE_MAX;
    unsigned n_futile = 0;
    struct rig_error trouble;
    rig_result done;

    report->n_tries = 1;
    done = compare(job, wait, &trouble);
    report->already_right = done.ok && count_wrong(&job->parts) == 0;
    for (;;) {
        const size_t n_wrong = count_wrong(&job->parts);
        const bool progress = done.ok && n_wrong < fewest_wrong && fewest_wrong != SIZE_MAX;

        fewest_wrong = n_wrong < fewest_wrong ? n_wrong : fewest_wrong;
        if (done.ok) {
            done = write_wrong_runs(job, wait, &trouble);
        }
        if (done.ok) {
            return RIG_DONE;
        }
        if (job->gave_up) {
            return rig_fail_as(err, &trouble);
        }
        RIG_TRY(prepare_next_try(job, &trouble, progress, &n_futile, MAX_FUTILE_ROUNDS, wait, err));
        /* a part that was being written may have come through: ask */
        set_all(&job->parts, RIG_FLASH_WRONG, RIG_FLASH_UNKNOWN);
        done = compare_rest(job, wait, &trouble);
    }
}

rig_result rig_rom_flash_write(struct rig_rom *rom, uint32_t offset_bytes, const void *image,
                               size_t n_bytes, struct rig_flash_report *report,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf padded = {0};
    struct write_job job = {.rom = rom, .offset_bytes = offset_bytes, .report = report};
    const int64_t start_ns = rig_now_ns();
    const uint64_t start_sent = rom->link.link->n_sent;
    static const uint8_t fill[4] = {0xFF, 0xFF, 0xFF, 0xFF};
    rig_result done;

    *report = (struct rig_flash_report){.image_bytes = n_bytes};
    RIG_TRY(rig_flash_check_region(rom, offset_bytes, n_bytes, err));
    RIG_TRY(rig_flash_check_aligned(offset_bytes, err));
    RIG_TRY(rig_buf_append(&padded, image, n_bytes, err));
    RIG_TRY(rig_buf_append(&padded, fill, (4 - n_bytes % 4) % 4, err));
    job.image = padded.data;
    job.n_bytes = padded.len;
    job.parts.n = (padded.len + RIG_FLASH_PART_SIZE - 1) / RIG_FLASH_PART_SIZE;
    done = write_until_right(&job, wait, err);
    if (!done.ok && err->code == RIG_E_MISMATCH && err->cls == RIG_CLASS_DEVICE && rom->connected) {
        done = rig_flash_name_difference(rom, offset_bytes, job.image, job.n_bytes, wait, err);
    }
    report->duration_ns = rig_now_ns() - start_ns;
    report->wire_bytes = (size_t)(rom->link.link->n_sent - start_sent);
    if (!done.ok) {
        return rig_wrap(err, "flash write of 0x%zx bytes at 0x%x (%u tries)", n_bytes,
                        (unsigned)offset_bytes, report->n_tries);
    }
    return RIG_DONE;
}
