/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/passphrase.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_PASSPHRASE_BYTES 1024

static rig_result read_file(const char *path, struct rig_buf *passphrase, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    ssize_t got;

    if (fd < 0 || fstat(fd, &info) != 0) {
        (void)rig_fail_errno(err, errno, "cannot open the passphrase file '%s'", path);
        err->cls = RIG_CLASS_USAGE;
        return (rig_result){.ok = false};
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "others can read the passphrase file '%s': chmod 600 it", path);
    }
    RIG_TRY(rig_buf_reserve(passphrase, MAX_PASSPHRASE_BYTES, err));
    got = read(fd, passphrase->data, MAX_PASSPHRASE_BYTES);
    if (got < 0) {
        return rig_fail_errno(err, errno, "cannot read the passphrase file '%s'", path);
    }
    passphrase->data[got] = 0;
    passphrase->len = strcspn((const char *)passphrase->data, "\r\n");
    passphrase->data[passphrase->len] = 0;
    if (passphrase->len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the passphrase file '%s' is empty",
                        path);
    }
    return RIG_DONE;
}

rig_result rig_cli_passphrase(const struct rig_cli *cli, struct rig_buf *passphrase,
                              struct rig_error *err)
{
    const char *path = rig_cli_value(cli, "ca-passphrase-file", NULL);
    const char *environment = getenv("RIG_CA_PASSPHRASE");

    if (path != NULL) {
        return read_file(path, passphrase, err);
    }
    if (environment != NULL) {
        RIG_TRY(rig_buf_append_text(passphrase, environment, err));
    }
    (void)unsetenv("RIG_CA_PASSPHRASE"); /* no program that we start needs it */
    return RIG_DONE;
}
