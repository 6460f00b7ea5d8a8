/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/hierarchy.h"

#include "rig/base/file.h"
#include "rig/ca/crl.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MS_PER_HOUR (INT64_C(3600) * 1000)
#define MS_PER_DAY (INT64_C(24) * 3600 * 1000)
#define BACKDATE_MS (INT64_C(10) * 60 * 1000)
#define STAGE_MARK ".new-"
#define STAGE_SUFFIX STAGE_MARK "XXXXXX"
#define MAX_FILE_BYTES 65536
#define MAX_CA_DAYS 36500
#define DEFAULT_CA_DAYS 3650
#define DEFAULT_DEVICE_DAYS 1095
#define DEFAULT_CRL_HOURS 168

void rig_ca_hierarchy_free(struct rig_ca_hierarchy *hierarchy)
{
    for (size_t i = 0; i < hierarchy->n_levels; i++) {
        X509_free(hierarchy->levels[i].certificate);
        EVP_PKEY_free(hierarchy->levels[i].key);
    }
    *hierarchy = (struct rig_ca_hierarchy){0};
}

rig_result rig_ca_hierarchy_path(const char *folder, const char *level, const char *file,
                                 char **out, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *inner = NULL;

    if (level == NULL) {
        return rig_path_join(folder, file, out, err);
    }
    RIG_TRY(rig_path_join(folder, level, &inner, err));
    return rig_path_join(inner, file, out, err);
}

/* The plan ------------------------------------------------------------------------------------ */

static bool is_level_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

    return name != NULL && name[0] != '\0' && strlen(name) < RIG_CA_LEVEL_NAME_SIZE &&
           strspn(name, allowed) == strlen(name);
}

static rig_result check_levels(const struct rig_ca_local_plan *plan, struct rig_error *err)
{
    if (plan->n_levels < 1 || plan->n_levels > RIG_CA_MAX_LEVELS) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a CA of %zu levels was asked for: 1 to %d are possible", plan->n_levels,
                        RIG_CA_MAX_LEVELS);
    }
    for (size_t i = 0; i < plan->n_levels; i++) {
        if (!is_level_name(plan->levels[i])) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "CA level %zu is named '%.40s': a name has 1 to %d of a-z, 0-9, '-' "
                            "and '_'",
                            i + 1, plan->levels[i] != NULL ? plan->levels[i] : "",
                            RIG_CA_LEVEL_NAME_SIZE - 1);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(plan->levels[i], plan->levels[j]) == 0) {
                return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                                "two CA levels are named '%s': each needs its own name",
                                plan->levels[i]);
            }
        }
    }
    return RIG_DONE;
}

/* the plan with its defaults written out */
static rig_result complete_plan(const struct rig_ca_local_plan *plan,
                                struct rig_ca_local_plan *full, struct rig_error *err)
{
    RIG_TRY(check_levels(plan, err));
    *full = *plan;
    full->key_type = plan->key_type != RIG_KEY_NONE ? plan->key_type : RIG_KEY_P256;
    full->ca_days = plan->ca_days != 0 ? plan->ca_days : DEFAULT_CA_DAYS;
    full->device_days = plan->device_days != 0 ? plan->device_days : DEFAULT_DEVICE_DAYS;
    full->crl_hours = plan->crl_hours != 0 ? plan->crl_hours : DEFAULT_CRL_HOURS;
    if (full->ca_days < 1 || full->ca_days > MAX_CA_DAYS || full->device_days < 1 ||
        full->crl_hours < 1 || full->crl_hours > full->ca_days * 24) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a CA of %lld days, with certificates of %lld days and CRLs of %lld hours, "
                        "is not possible: 1 to %d days, and nothing that outlives the CA",
                        (long long)full->ca_days, (long long)full->device_days,
                        (long long)full->crl_hours, MAX_CA_DAYS);
    }
    if (full->device_days * 100 > full->ca_days * (100 - (int64_t)full->n_levels)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "certificates of %lld days would outlive a CA of %lld days: shorten them, "
                        "or give the CA more days",
                        (long long)full->device_days, (long long)full->ca_days);
    }
    return RIG_DONE;
}

/* Making -------------------------------------------------------------------------------------- */

/* in the staging folder, where nobody looks: synced all together at the end */
static rig_result write_new(const char *path, const struct rig_buf *bytes, mode_t mode,
                            struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);

    if (fd < 0) {
        return rig_fail_errno(err, errno, "cannot make '%s'", path);
    }
    return rig_write_fully(fd, bytes->data, bytes->len, path, err);
}

static rig_result write_level(const char *folder, const struct rig_ca_level *level,
                              const char *passphrase, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *subfolder = NULL;
    RIG_AUTO(rig_free_chars) char *certificate_path = NULL;
    RIG_AUTO(rig_free_chars) char *key_path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf key = {.secret = true};

    RIG_TRY(rig_path_join(folder, level->name, &subfolder, err));
    RIG_TRY(rig_dir_make(subfolder, 0700, err));
    RIG_TRY(rig_ca_hierarchy_path(folder, level->name, "certificate.pem", &certificate_path, err));
    RIG_TRY(rig_ca_hierarchy_path(folder, level->name, "key.pem", &key_path, err));
    RIG_TRY(rig_pki_certificate_pem(level->certificate, &certificate, err));
    RIG_TRY(write_new(certificate_path, &certificate, 0644, err));
    RIG_TRY(rig_key_write(level->key, passphrase, &key, err));
    return write_new(key_path, &key, 0600, err);
}

static rig_result make_level(const struct rig_ca_local_plan *plan, size_t at,
                             const struct rig_clock *clock, struct rig_ca_hierarchy *hierarchy,
                             struct rig_error *err)
{
    struct rig_ca_level *level = &hierarchy->levels[at];
    const struct rig_ca_level *parent = at != 0 ? level - 1 : NULL;
    const struct rig_issuer issuer = {parent != NULL ? parent->certificate : NULL,
                                      parent != NULL ? parent->key : NULL};
    const int64_t now_ms = rig_clock_now_ms(clock);
    const int64_t life_ms = plan->ca_days * MS_PER_DAY;
    /* one percent less for each level: no CA ends in the same instant as the one above */
    const struct rig_issue_validity validity = {now_ms - BACKDATE_MS,
                                                now_ms + life_ms - (int64_t)at * (life_ms / 100)};
    char common_name[64 + 1];
    char mark[9];
    uint8_t random[4] = {0};

    (void)rig_copy_text(level->name, sizeof level->name, plan->levels[at]);
    hierarchy->n_levels = at + 1;
    RIG_TRY(rig_key_make(plan->key_type, &level->key, err));
    RIG_TRY(rig_issue_random(random, sizeof random, err));
    rig_hex(random, sizeof random, mark);
    /* the mark keeps the CAs of two folders apart wherever only names are shown */
    (void)snprintf(common_name, sizeof common_name, "rig %s CA %s", level->name, mark);
    return rig_issue_ca(issuer, level->key,
                        &(struct rig_issue_names){common_name, plan->organization, plan->country},
                        validity, plan->n_levels - 1 - at + plan->n_below, &level->certificate,
                        err);
}

static rig_result note_level(const struct rig_ca_level *level, struct rig_ca_store_level *note,
                             struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    (void)rig_copy_text(note->name, sizeof note->name, level->name);
    rig_pki_serial_text(X509_get0_serialNumber(level->certificate), note->serial,
                        sizeof note->serial);
    RIG_TRY(rig_pki_certificate_der(level->certificate, &der, err));
    return rig_pki_sha256(der.data, der.len, note->certificate_sha256, err);
}

static rig_result add_level(struct rig_ca_store *store, const struct rig_ca_hierarchy *hierarchy,
                            size_t at, const struct rig_clock *clock, struct rig_error *err)
{
    const X509 *certificate = hierarchy->levels[at].certificate;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char subject[RIG_PKI_TEXT_SIZE];
    struct rig_ca_store_row row = {.issuer_level = at != 0 ? at - 1 : 0,
                                   .is_ca = true,
                                   .serial = serial,
                                   .subject = subject,
                                   .spki_sha256 = spki_sha256,
                                   .der = &der,
                                   .issued_at_ms = rig_clock_now_ms(clock)};

    rig_pki_serial_text(X509_get0_serialNumber(certificate), serial, sizeof serial);
    rig_pki_name_text(X509_get_subject_name(certificate), subject, sizeof subject);
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), spki_sha256, err));
    RIG_TRY(rig_pki_certificate_der(certificate, &der, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(certificate), &row.not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(certificate), &row.not_after_ms, err));
    return rig_ca_store_add(store, &row, err);
}

static rig_result write_first_crl(const char *folder, struct rig_ca_store *store,
                                  const struct rig_ca_hierarchy *hierarchy, size_t at,
                                  struct rig_crl_times times, struct rig_error *err)
{
    const struct rig_ca_level *level = &hierarchy->levels[at];
    const struct rig_issuer issuer = {level->certificate, level->key};
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_crl_renew(store, issuer, at, times, err));
    RIG_TRY(rig_ca_store_crl_get(store, at, &pem, err));
    RIG_TRY(rig_ca_hierarchy_path(folder, level->name, "crl.pem", &path, err));
    return write_new(path, &pem, 0644, err);
}

static rig_result make_store(const char *folder, const struct rig_ca_local_plan *plan,
                             const struct rig_ca_hierarchy *hierarchy,
                             const struct rig_clock *clock, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_auto_ca_store) struct rig_ca_store *store = NULL;
    struct rig_ca_store_facts facts = {.n_levels = hierarchy->n_levels,
                                       .device_days = plan->device_days,
                                       .crl_hours = plan->crl_hours};
    const struct rig_crl_times times = {rig_clock_now_ms(clock), plan->crl_hours * MS_PER_HOUR};

    for (size_t i = 0; i < hierarchy->n_levels; i++) {
        RIG_TRY(note_level(&hierarchy->levels[i], &facts.levels[i], err));
    }
    RIG_TRY(rig_ca_hierarchy_path(folder, NULL, "ca.db", &path, err));
    RIG_TRY(rig_ca_store_make(path, &facts, &store, err));
    for (size_t i = 0; i < hierarchy->n_levels; i++) {
        RIG_TRY(add_level(store, hierarchy, i, clock, err));
        RIG_TRY(write_first_crl(folder, store, hierarchy, i, times, err));
    }
    return rig_ca_store_commit(store, err);
}

static rig_result fill(const char *folder, const struct rig_ca_local_plan *plan,
                       const char *passphrase, const struct rig_clock *clock, struct rig_error *err)
{
    RIG_AUTO(rig_ca_hierarchy_free) struct rig_ca_hierarchy hierarchy = {0};

    for (size_t i = 0; i < plan->n_levels; i++) {
        RIG_TRY(make_level(plan, i, clock, &hierarchy, err));
        RIG_TRY(write_level(folder, &hierarchy.levels[i], passphrase, err));
    }
    return make_store(folder, plan, &hierarchy, clock, err);
}

/* Staging ------------------------------------------------------------------------------------- */

struct stage {
    char path[PATH_MAX];
    int fd; /* of the staging folder; its lock says that the maker lives */
};

/* what stays is removed by the next maker */
static void remove_quietly(const char *path)
{
    struct rig_error ignored = {0};
    const rig_result removed = rig_dir_remove(path, &ignored);

    (void)removed;
}

static void free_stage(struct stage *stage)
{
    if (stage->path[0] != '\0') {
        remove_quietly(stage->path);
    }
    rig_close_fd(&stage->fd);
}

static rig_result split_path(const char *folder, char *clean, char *parent, const char **name,
                             struct rig_error *err)
{
    size_t len;
    char *slash;

    if (folder[0] == '\0' || strlen(folder) + sizeof STAGE_SUFFIX >= PATH_MAX) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%.200s' is not the name of a folder for the CA", folder);
    }
    (void)rig_copy_text(clean, PATH_MAX, folder);
    for (len = strlen(clean); len > 1 && clean[len - 1] == '/'; len--) {
        clean[len - 1] = '\0';
    }
    slash = strrchr(clean, '/');
    *name = slash != NULL ? slash + 1 : clean;
    if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the CA can't be made in '%s' itself: name a new folder below it", folder);
    }
    if (slash == NULL) {
        (void)rig_copy_text(parent, PATH_MAX, ".");
    } else {
        (void)snprintf(parent, PATH_MAX, "%.*s", slash == clean ? 1 : (int)(slash - clean), clean);
    }
    return RIG_DONE;
}

static void remove_if_left(const char *path)
{
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        remove_quietly(path);
    }
}

/* what makers that were killed left beside `name`: keys of CAs that never were */
static void remove_left_stages(const char *parent, const char *name)
{
    DIR *folder = opendir(parent);
    const size_t name_len = strlen(name);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[PATH_MAX];

        if (strncmp(entry->d_name, name, name_len) == 0 &&
            strncmp(entry->d_name + name_len, STAGE_MARK, strlen(STAGE_MARK)) == 0 &&
            strlen(entry->d_name + name_len) == strlen(STAGE_SUFFIX) &&
            (size_t)snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < sizeof path) {
            remove_if_left(path);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

/* true once the staging folder is there and locked; false: another maker took it for a left one */
static rig_result try_stage(const char *clean, struct stage *stage, bool *done,
                            struct rig_error *err)
{
    struct stat info;

    rig_close_fd(&stage->fd);
    (void)snprintf(stage->path, sizeof stage->path, "%s%s", clean, STAGE_SUFFIX);
    if (mkdtemp(stage->path) == NULL) {
        stage->path[0] = '\0';
        return rig_fail_errno(err, errno,
                              "cannot make the CA '%s': its parent folder must be writable by "
                              "this user",
                              clean);
    }
    stage->fd = open(stage->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *done = stage->fd >= 0 && flock(stage->fd, LOCK_EX | LOCK_NB) == 0 &&
            fstat(stage->fd, &info) == 0 && info.st_nlink != 0;
    return RIG_DONE;
}

static rig_result sync_path(const char *path, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) {
        return rig_fail_errno(err, errno, "cannot sync '%s'", path);
    }
    return RIG_DONE;
}

static rig_result sync_in(const char *folder, const char *level, const char *file,
                          struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;

    RIG_TRY(rig_ca_hierarchy_path(folder, level, file, &path, err));
    return sync_path(path, err);
}

static rig_result sync_stage(const char *folder, const struct rig_ca_local_plan *plan,
                             struct rig_error *err)
{
    static const char *const files[] = {"certificate.pem", "key.pem", "crl.pem", "."};

    for (size_t i = 0; i < plan->n_levels; i++) {
        for (size_t j = 0; j < sizeof files / sizeof *files; j++) {
            RIG_TRY(sync_in(folder, plan->levels[i], files[j], err));
        }
    }
    RIG_TRY(sync_in(folder, NULL, "ca.db", err));
    return sync_path(folder, err);
}

static rig_result put_in_place(struct stage *stage, const char *clean, const char *parent,
                               struct rig_error *err)
{
    if (rename(stage->path, clean) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_EXISTS,
                            "cannot make the CA in '%s': the folder is not empty and holds no CA; "
                            "name another one",
                            clean);
        }
        return rig_fail_errno(err, errno,
                              "cannot move the new CA to '%s' (where a folder is a mount point, "
                              "name a folder below it)",
                              clean);
    }
    stage->path[0] = '\0';
    return sync_path(parent, err);
}

rig_result rig_ca_hierarchy_make(const char *folder, const struct rig_ca_local_plan *plan,
                                 const char *passphrase, const struct rig_clock *clock,
                                 struct rig_error *err)
{
    RIG_AUTO(free_stage) struct stage stage = {.fd = -1};
    struct rig_ca_local_plan full;
    char clean[PATH_MAX];
    char parent[PATH_MAX];
    const char *name = "";
    bool staged = false;

    RIG_TRY(complete_plan(plan, &full, err));
    RIG_TRY(split_path(folder, clean, parent, &name, err));
    RIG_TRY(rig_dir_make(parent, 0755, err));
    remove_left_stages(parent, name);
    while (!staged) {
        RIG_TRY(try_stage(clean, &stage, &staged, err));
    }
    RIG_TRY(fill(stage.path, &full, passphrase, clock, err));
    RIG_TRY(sync_stage(stage.path, &full, err));
    return put_in_place(&stage, clean, parent, err);
}

/* Loading ------------------------------------------------------------------------------------- */

static rig_result read_certificate(const char *path, const struct rig_ca_store_level *note,
                                   X509 **out, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;
    uint8_t sha256[RIG_SHA256_SIZE];

    RIG_TRY(rig_file_read(path, MAX_FILE_BYTES, &pem, err));
    if (!rig_pki_certificates_of_pem(rig_buf_text(&pem), path, &found, err).ok) {
        err->cls = RIG_CLASS_RIG;
        return rig_wrap(err, "the CA's certificate is damaged, restore it from a backup");
    }
    RIG_TRY(rig_pki_certificate_der(sk_X509_value(found, 0), &der, err));
    RIG_TRY(rig_pki_sha256(der.data, der.len, sha256, err));
    if (sk_X509_num(found) != 1 || memcmp(sha256, note->certificate_sha256, sizeof sha256) != 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "'%s' is not the certificate that ca.db has for level '%s': the files of "
                        "two CAs are mixed; restore the folder from one backup",
                        path, note->name);
    }
    *out = sk_X509_shift(found);
    return RIG_DONE;
}

static rig_result check_private(const char *path, struct rig_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return rig_fail_errno(err, errno, "cannot open the CA's private key '%s'", path);
    }
    if ((info.st_mode & 077) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the private key '%s' has mode %04o, so other users may reach it: make it "
                        "0600 (chmod 600) and consider it known",
                        path, (unsigned)(info.st_mode & 07777));
    }
    return RIG_DONE;
}

static rig_result read_key(const char *path, const char *passphrase, struct rig_ca_level *level,
                           struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {.secret = true};

    RIG_TRY(check_private(path, err));
    RIG_TRY(rig_file_read(path, MAX_FILE_BYTES, &pem, err));
    RIG_TRY(rig_key_read(&pem, passphrase, path, &level->key, err));
    if (EVP_PKEY_eq(X509_get0_pubkey(level->certificate), level->key) != 1) {
        return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                            "the private key '%s' does not belong to the certificate beside it: "
                            "restore the folder from one backup",
                            path);
    }
    return RIG_DONE;
}

static rig_result check_issuer(const struct rig_ca_hierarchy *hierarchy, size_t at,
                               const char *folder, struct rig_error *err)
{
    X509 *child = hierarchy->levels[at].certificate;
    X509 *parent = hierarchy->levels[at != 0 ? at - 1 : 0].certificate;

    if (X509_check_issued(parent, child) != X509_V_OK ||
        X509_verify(child, X509_get0_pubkey(parent)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                            "the CA in '%s' is inconsistent: level '%s' was not signed by the "
                            "level above it; restore the folder from one backup",
                            folder, hierarchy->levels[at].name);
    }
    return RIG_DONE;
}

rig_result rig_ca_hierarchy_load(const char *folder, const struct rig_ca_store_facts *facts,
                                 const char *passphrase, struct rig_ca_hierarchy *hierarchy,
                                 struct rig_error *err)
{
    rig_pki_begin();
    for (size_t i = 0; i < facts->n_levels; i++) {
        RIG_AUTO(rig_free_chars) char *certificate_path = NULL;
        RIG_AUTO(rig_free_chars) char *key_path = NULL;
        struct rig_ca_level *level = &hierarchy->levels[i];

        hierarchy->n_levels = i + 1;
        (void)rig_copy_text(level->name, sizeof level->name, facts->levels[i].name);
        RIG_TRY(
            rig_ca_hierarchy_path(folder, level->name, "certificate.pem", &certificate_path, err));
        RIG_TRY(rig_ca_hierarchy_path(folder, level->name, "key.pem", &key_path, err));
        RIG_TRY(read_certificate(certificate_path, &facts->levels[i], &level->certificate, err));
        RIG_TRY(read_key(key_path, passphrase, level, err));
        RIG_TRY(check_issuer(hierarchy, i, folder, err));
    }
    return RIG_DONE;
}
