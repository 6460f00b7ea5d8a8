/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson and libcurl copy what they are given: a token lies in JSON strings, in the parser's
 * buffers, in header lists and send buffers. Clearing each by hand would miss the copies that can't
 * be seen from outside, so both libraries get memory functions that clear what is given back. These
 * settings are the process's, and harmless to others: the memory stays malloc's, only freeing takes
 * a little longer. Every thread that uses jansson reads its pointers without a lock, so they are
 * set before main; libcurl's belong to its initialisation.
 */
#include "rig/vault/internal.h"

#include <curl/curl.h>
#include <malloc.h>
#include <string.h>

static void clearing_free(void *memory)
{
    if (memory != NULL) {
        explicit_bzero(memory, malloc_usable_size(memory));
        free(memory);
    }
}

static void *clearing_realloc(void *memory, size_t size)
{
    const size_t old_size = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved;

    if (old_size >= size && size != 0 && old_size / 2 <= size) {
        return memory;
    }
    moved = malloc(size != 0 ? size : 1);
    if (moved != NULL && memory != NULL) {
        memcpy(moved, memory, old_size < size ? old_size : size);
        clearing_free(memory);
    }
    return moved;
}

__attribute__((constructor)) static void set_json_functions(void)
{
    json_set_alloc_funcs(malloc, clearing_free);
}

static CURLcode curl_state;

static void init_curl(void)
{
    curl_state = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, clearing_free, clearing_realloc,
                                      strdup, calloc);
}

rig_result rig_vault_memory_init(struct rig_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, init_curl);
    if (curl_state != CURLE_OK) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot start libcurl: %s",
                        curl_easy_strerror(curl_state));
    }
    return RIG_DONE;
}
