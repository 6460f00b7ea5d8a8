/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the folders named on the command line: the corpus as a
 * plain test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUT_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    uint8_t *data = malloc(MAX_INPUT_BYTES);
    FILE *file = fopen(path, "rb");
    size_t size = 0;

    if (data == NULL || file == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        free(data);
        return 1;
    }
    size = fread(data, 1, MAX_INPUT_BYTES, file);
    (void)fclose(file);
    /* exactly sized copy, so that a sanitizer sees the first byte beyond the input */
    uint8_t *exact = malloc(size != 0 ? size : 1);
    if (exact == NULL) {
        free(data);
        return 1;
    }
    memcpy(exact, data, size);
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    size_t n_files = 0;
    int failed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        const struct dirent *entry;

        while (folder != NULL && (entry = readdir(folder)) != NULL) {
            char path[4096];
            if (entry->d_name[0] == '.') {
                continue;
            }
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            failed |= run_file(path);
            n_files++;
        }
        if (folder != NULL) {
            (void)closedir(folder);
        }
    }
    (void)printf("%zu corpus files\n", n_files);
    return n_files == 0 || failed ? 1 : 0;
}
