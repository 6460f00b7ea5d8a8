/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/passphrase.h"

#include "rig/base/file.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_PASSPHRASE_BYTES 1024

rig_result rig_cli_passphrase(const struct rig_cli *cli, struct rig_buf *passphrase,
                              struct rig_error *err)
{
    const char *path = rig_cli_value(cli, "ca-passphrase-file", NULL);
    const char *environment = getenv("RIG_CA_PASSPHRASE");
    struct stat info;

    if (path == NULL) {
        return environment != NULL ? rig_buf_append_text(passphrase, environment, err) : RIG_DONE;
    }
    if (stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "others can read the passphrase file '%s': chmod 600 it", path);
    }
    RIG_TRY(rig_file_read(path, MAX_PASSPHRASE_BYTES, passphrase, err));
    passphrase->len = strcspn(rig_buf_text(passphrase), "\r\n");
    if (passphrase->data != NULL) {
        passphrase->data[passphrase->len] = 0;
    }
    if (passphrase->len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the passphrase file '%s' is empty",
                        path);
    }
    return RIG_DONE;
}
