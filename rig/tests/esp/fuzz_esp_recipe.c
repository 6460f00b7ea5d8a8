/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a reset recipe: steps within bounds, or an error with a column inside the text. */
#include "rig/esp/reset.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_reset_recipe recipe;
    struct rig_error err;
    char *text = malloc(size + 1);

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (rig_reset_parse("fuzz", text, &recipe, &err).ok) {
        for (size_t i = 0; i < recipe.n_steps; i++) {
            if (recipe.steps[i].pause_ns < 0 || recipe.steps[i].pause_ns > 60 * RIG_NS_PER_S) {
                abort();
            }
        }
    } else if (strstr(err.text, "column ") == NULL ||
               strtoul(strstr(err.text, "column ") + 7, NULL, 10) > strlen(text) + 1) {
        abort();
    }
    free(text);
    return 0;
}
