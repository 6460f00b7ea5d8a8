/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/offers.h"

#include "rig/tls/ciphers.h"

enum {
    RANDOM_BYTES = 32,
    EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff,
    FALLBACK_SCSV = 0x5600,
    EXTENSION_SUPPORTED_VERSIONS = 43,
};

/* What is left to be read; after something that does not fit it is at its end, and broken. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool broken;
};

static const uint8_t *take(struct reader *from, size_t n)
{
    const uint8_t *const bytes = from->at;

    if (from->broken || n > from->left) {
        from->broken = true;
        from->left = 0;
        return NULL;
    }
    from->at += n;
    from->left -= n;
    return bytes;
}

static unsigned take_number(struct reader *from, size_t n_bytes)
{
    const uint8_t *const bytes = take(from, n_bytes);
    unsigned number = 0;

    for (size_t i = 0; bytes != NULL && i < n_bytes; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* A vector with a length of so many bytes in front. */
static struct reader take_vector(struct reader *from, size_t n_length_bytes)
{
    const size_t n = take_number(from, n_length_bytes);
    const uint8_t *const bytes = take(from, n);

    return (struct reader){.at = bytes, .left = bytes != NULL ? n : 0, .broken = bytes == NULL};
}

static bool stands_for_nothing(uint16_t number)
{
    return rig_tls_is_grease(number) || number == EMPTY_RENEGOTIATION_INFO_SCSV ||
           number == FALLBACK_SCSV;
}

/* All numbers of a list. */
static void take_numbers(struct reader *list, uint16_t *numbers, size_t max, size_t *n, bool *cut)
{
    while (list->left != 0) {
        const uint16_t number = (uint16_t)take_number(list, sizeof number);

        if (list->broken || stands_for_nothing(number)) {
            continue;
        }
        if (*n == max) {
            *cut = true;
            return;
        }
        numbers[(*n)++] = number;
    }
}

static bool read_extensions(struct reader *hello, struct rig_tls_offers *offers)
{
    struct reader extensions = take_vector(hello, 2);

    while (extensions.left != 0) {
        const unsigned type = take_number(&extensions, 2);
        struct reader content = take_vector(&extensions, 2);

        if (type == EXTENSION_SUPPORTED_VERSIONS && !extensions.broken) {
            struct reader list = take_vector(&content, 1);

            offers->n_versions = 0;
            take_numbers(&list, offers->versions, RIG_TLS_OFFERED_VERSIONS_MAX, &offers->n_versions,
                         &offers->cut);
            extensions.broken |= content.broken || list.broken;
        }
    }
    return !extensions.broken;
}

bool rig_tls_offers_read(const uint8_t *body, size_t n_bytes, struct rig_tls_offers *offers)
{
    struct reader hello = {.at = body, .left = n_bytes};
    struct reader ciphers;

    *offers = (struct rig_tls_offers){.n_versions = 1};
    offers->versions[0] = (uint16_t)take_number(&hello, 2);
    (void)take(&hello, RANDOM_BYTES);
    (void)take_vector(&hello, 1); /* legacy_session_id */
    ciphers = take_vector(&hello, 2);
    (void)take_vector(&hello, 1); /* legacy_compression_methods */
    take_numbers(&ciphers, offers->ciphers, RIG_TLS_OFFERED_CIPHERS_MAX, &offers->n_ciphers,
                 &offers->cut);
    if (hello.broken || ciphers.broken || (hello.left != 0 && !read_extensions(&hello, offers))) {
        *offers = (struct rig_tls_offers){0};
        return false;
    }
    return true;
}
