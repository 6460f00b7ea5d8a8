/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/deflate.h"

#include <limits.h>
#include <zlib.h>

void rig_deflated_free(struct rig_deflated *stream)
{
    rig_buf_free(&stream->bytes);
    free(stream->plain_of_block);
    *stream = (struct rig_deflated){0};
}

static rig_result fail_zlib(struct rig_error *err, const char *what, int code)
{
    if (code == Z_MEM_ERROR) {
        return rig_fail_memory(err);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "zlib: %s ended with code %d", what, code);
}

/* Unpacks block by block, as the chip will. */
static int measure_blocks(struct rig_deflated *stream, z_stream *zlib)
{
    static const size_t scratch_size = 16384;
    uint8_t scratch[16384];
    int code = Z_OK;

    for (size_t at = 0; at < stream->bytes.len; at += RIG_ROM_BLOCK_SIZE) {
        const size_t left = stream->bytes.len - at;
        const uLong before = zlib->total_out;

        zlib->next_in = stream->bytes.data + at;
        zlib->avail_in = (uInt)(left < RIG_ROM_BLOCK_SIZE ? left : RIG_ROM_BLOCK_SIZE);
        do {
            zlib->next_out = scratch;
            zlib->avail_out = (uInt)scratch_size;
            code = inflate(zlib, Z_NO_FLUSH);
        } while (code == Z_OK && (zlib->avail_in != 0 || zlib->avail_out == 0));
        stream->plain_of_block[at / RIG_ROM_BLOCK_SIZE] = zlib->total_out - before;
        if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) {
            break;
        }
    }
    return code;
}

rig_result rig_deflate(const uint8_t *bytes, size_t n_bytes, struct rig_deflated *stream,
                       struct rig_error *err)
{
    uLongf n_packed = compressBound((uLong)n_bytes);
    z_stream zlib = {0};
    int code;

    if (n_bytes > INT_MAX) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_buf_reserve(&stream->bytes, n_packed, err));
    code = compress2(stream->bytes.data, &n_packed, bytes, (uLong)n_bytes, Z_BEST_COMPRESSION);
    if (code != Z_OK) {
        return fail_zlib(err, "compress", code);
    }
    stream->bytes.len = n_packed;
    stream->n_plain = n_bytes;
    stream->plain_of_block =
        calloc(n_packed / RIG_ROM_BLOCK_SIZE + 1, sizeof stream->plain_of_block[0]);
    if (stream->plain_of_block == NULL) {
        return rig_fail_memory(err);
    }
    code = inflateInit(&zlib);
    if (code != Z_OK) {
        return fail_zlib(err, "inflateInit", code);
    }
    code = measure_blocks(stream, &zlib);
    (void)inflateEnd(&zlib);
    return code == Z_STREAM_END ? RIG_DONE : fail_zlib(err, "inflate", code);
}

bool rig_flash_next_run(const struct rig_flash_parts *parts, size_t *first, size_t *n)
{
    size_t i = 0;

    while (i < parts->n && parts->state[i] == RIG_FLASH_RIGHT) {
        i++;
    }
    *first = i;
    while (i < parts->n && parts->state[i] != RIG_FLASH_RIGHT) {
        i++;
    }
    *n = i - *first;
    return *n != 0;
}
