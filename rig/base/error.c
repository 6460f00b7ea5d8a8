/* SPDX-License-Identifier: Apache-2.0 */
#define RIG_ERROR_BODIES
#include "rig/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void mark_if_cut(char *text, int wanted_bytes)
{
    if (wanted_bytes >= RIG_ERROR_TEXT_SIZE) {
        memcpy(text + RIG_ERROR_TEXT_SIZE - 4, "...", 4);
    }
}

rig_result rig_fail(struct rig_error *err, enum rig_error_class cls, enum rig_error_code code,
                    const char *fmt, ...)
{
    va_list args;

    err->cls = cls;
    err->code = code;
    va_start(args, fmt);
    mark_if_cut(err->text, vsnprintf(err->text, sizeof err->text, fmt, args));
    va_end(args);
    return (rig_result){.ok = false};
}

static enum rig_error_code code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
        return RIG_E_NOT_FOUND;
    case EEXIST:
        return RIG_E_EXISTS;
    case EBUSY:
    case EADDRINUSE:
    case EAGAIN:
        return RIG_E_BUSY;
    case EACCES:
    case EPERM:
    case EROFS:
        return RIG_E_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return RIG_E_NO_SPACE;
    case ENOMEM:
        return RIG_E_NO_MEMORY;
    case ECONNREFUSED:
        return RIG_E_REFUSED;
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
        return RIG_E_DISCONNECTED;
    case ETIMEDOUT:
        return RIG_E_TIMEOUT;
    default:
        return RIG_E_IO;
    }
}

rig_result rig_fail_errno(struct rig_error *err, int errno_value, const char *fmt, ...)
{
    char reason[96];
    va_list args;
    int len;

    err->cls = RIG_CLASS_RIG;
    err->code = code_of_errno(errno_value);
    va_start(args, fmt);
    len = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof err->text) {
        len += snprintf(err->text + len, sizeof err->text - (size_t)len, ": %s",
                        strerror_r(errno_value, reason, sizeof reason));
    }
    mark_if_cut(err->text, len);
    return (rig_result){.ok = false};
}

rig_result rig_fail_memory(struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_NO_MEMORY, "out of memory");
}

rig_result rig_wrap(struct rig_error *err, const char *fmt, ...)
{
    char prefixed[RIG_ERROR_TEXT_SIZE];
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(prefixed, sizeof prefixed, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof prefixed) {
        len += snprintf(prefixed + len, sizeof prefixed - (size_t)len, ": %s", err->text);
    }
    memcpy(err->text, prefixed, sizeof prefixed);
    mark_if_cut(err->text, len);
    return (rig_result){.ok = false};
}

rig_result rig_fail_as(struct rig_error *to, const struct rig_error *from)
{
    *to = *from;
    return (rig_result){.ok = false};
}

void rig_error_clear(struct rig_error *err)
{
    *err = (struct rig_error){.cls = RIG_CLASS_NONE};
}

const char *rig_error_class_name(enum rig_error_class cls)
{
    static const char *const names[] = {
        [RIG_CLASS_NONE] = "none",
        [RIG_CLASS_DEVICE] = "device",
        [RIG_CLASS_RIG] = "rig",
        [RIG_CLASS_CA] = "ca",
        [RIG_CLASS_NETWORK] = "network",
        [RIG_CLASS_USAGE] = "usage",
        [RIG_CLASS_CANCELLED] = "cancelled",
    };

    return (size_t)cls < sizeof names / sizeof *names ? names[cls] : "unknown";
}

const char *rig_error_code_name(enum rig_error_code code)
{
    static const char *const names[] = {
        [RIG_E_NONE] = "none",
        [RIG_E_TIMEOUT] = "timeout",
        [RIG_E_CANCELLED] = "cancelled",
        [RIG_E_NO_ANSWER] = "no-answer",
        [RIG_E_DISCONNECTED] = "disconnected",
        [RIG_E_PROTOCOL] = "protocol",
        [RIG_E_REFUSED] = "refused",
        [RIG_E_UNSUPPORTED] = "unsupported",
        [RIG_E_WRONG_BOOT_MODE] = "wrong-boot-mode",
        [RIG_E_BOOT_LOOP] = "boot-loop",
        [RIG_E_MISMATCH] = "mismatch",
        [RIG_E_BAD_SIGNATURE] = "bad-signature",
        [RIG_E_POLICY] = "policy",
        [RIG_E_DUPLICATE] = "duplicate",
        [RIG_E_KEY_LEAK] = "key-leak",
        [RIG_E_INVALID] = "invalid",
        [RIG_E_NOT_FOUND] = "not-found",
        [RIG_E_EXISTS] = "exists",
        [RIG_E_BUSY] = "busy",
        [RIG_E_UNAVAILABLE] = "unavailable",
        [RIG_E_PERMISSION] = "permission",
        [RIG_E_NO_SPACE] = "no-space",
        [RIG_E_NO_MEMORY] = "no-memory",
        [RIG_E_IO] = "io",
        [RIG_E_LIBRARY] = "library",
    };

    return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}
