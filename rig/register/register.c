/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/file.h"
#include "rig/register/db.h"
#include "rig/register/lock.h"

#include <string.h>
#include <sys/stat.h>

static rig_result check_is_there(const char *folder, const char *path, struct rig_error *err)
{
    struct stat info;

    if (stat(path, &info) == 0) {
        return RIG_DONE;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "there is no register in the folder '%s': name the one that `rig run "
                        "--out` wrote",
                        folder);
    }
    return rig_fail_errno(err, errno, "cannot look into the folder '%s'", folder);
}

static rig_result open_into(struct rig_register *reg, const char *folder, bool writer,
                            struct rig_error *err)
{
    RIG_TRY(rig_dup_text(&reg->folder, folder, err));
    RIG_TRY(rig_path_join(folder, "rig.db", &reg->path, err));
    if (writer) {
        RIG_TRY(rig_dir_make(folder, 0755, err));
        RIG_TRY(rig_lock_take(folder, &reg->lock_fd, err));
    } else {
        RIG_TRY(check_is_there(folder, reg->path, err));
    }
    return rig_db_open(reg, err);
}

rig_result rig_register_open(const char *folder, bool writer, const struct rig_clock *clock,
                             struct rig_register **reg, struct rig_error *err)
{
    RIG_AUTO(rig_auto_register) struct rig_register *fresh = calloc(1, sizeof *fresh);
    int rc;

    *reg = NULL;
    if (fresh == NULL) {
        return rig_fail_memory(err);
    }
    fresh->clock = clock;
    fresh->lock_fd = -1;
    rc = pthread_mutex_init(&fresh->mutex, NULL);
    if (rc != 0) {
        free(fresh);
        fresh = NULL;
        return rig_fail_errno(err, rc, "cannot make a lock");
    }
    RIG_TRY(open_into(fresh, folder, writer, err));
    *reg = fresh;
    fresh = NULL;
    return RIG_DONE;
}

void rig_register_close(struct rig_register *reg)
{
    if (reg == NULL) {
        return;
    }
    rig_db_close(reg);
    rig_close_fd(&reg->lock_fd);
    (void)pthread_mutex_destroy(&reg->mutex);
    free(reg->folder);
    free(reg->path);
    free(reg);
}

rig_result rig_register_writer_pid(struct rig_register *reg, int64_t *pid, struct rig_error *err)
{
    if (reg->lock_fd >= 0) {
        *pid = (int64_t)getpid();
        return RIG_DONE;
    }
    return rig_lock_holder(reg->folder, pid, err);
}
