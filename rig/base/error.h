/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One result type and one error object for the whole host side.
 *
 * A function that can fail returns `rig_result` (the compiler insists that it is looked at) and
 * takes, as its last parameter, a `struct rig_error *` that must not be NULL and that it fills only
 * when it fails. A layer that can add something worth reading puts a prefix in front and passes the
 * error up; only the top prints.
 *
 * The class of an error picks the verdict (DESIGN, "Verdicts"): RIG_CLASS_DEVICE is a `fail`, every
 * other class is an `error`. The code is for programs and tests, the text for people: it names the
 * thing and, where there is one, the remedy. Objects here are plain values: no ownership, no locks;
 * one thread at a time per object.
 */
#ifndef RIG_BASE_ERROR_H
#define RIG_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum rig_error_class {
    RIG_CLASS_NONE = 0,
    RIG_CLASS_DEVICE,    /* the board is wrong */
    RIG_CLASS_RIG,       /* this program, its host, disk or cabling is wrong */
    RIG_CLASS_CA,        /* the certification authority refused or answered wrongly */
    RIG_CLASS_NETWORK,   /* a connection could not be made or broke */
    RIG_CLASS_USAGE,     /* a command line, suite or bench file is wrong */
    RIG_CLASS_CANCELLED, /* someone asked to stop */
};

enum rig_error_code {
    RIG_E_NONE = 0,
    RIG_E_TIMEOUT,         /* the deadline passed */
    RIG_E_CANCELLED,       /* the cancel object was triggered */
    RIG_E_NO_ANSWER,       /* nothing at all came back */
    RIG_E_DISCONNECTED,    /* the other side went away */
    RIG_E_PROTOCOL,        /* an answer that the protocol does not allow */
    RIG_E_REFUSED,         /* the other side understood and said no */
    RIG_E_UNSUPPORTED,     /* the other side does not know how */
    RIG_E_WRONG_BOOT_MODE, /* the banner proves another mode than wanted */
    RIG_E_BOOT_LOOP,       /* the chip restarts again and again */
    RIG_E_MISMATCH,        /* what was read is not what was written or expected */
    RIG_E_BAD_SIGNATURE,   /* a signature does not verify */
    RIG_E_POLICY,          /* well-formed, but against the rules */
    RIG_E_DUPLICATE,       /* must be unique and is not */
    RIG_E_KEY_LEAK,        /* a private key was seen where none may be */
    RIG_E_INVALID,         /* malformed input */
    RIG_E_NOT_FOUND,
    RIG_E_EXISTS,
    RIG_E_BUSY,        /* somebody else holds it */
    RIG_E_UNAVAILABLE, /* there, but can't serve now: sealed, standby, over its quota */
    RIG_E_PERMISSION,
    RIG_E_NO_SPACE,
    RIG_E_NO_MEMORY,
    RIG_E_IO,      /* a system call failed otherwise */
    RIG_E_LIBRARY, /* a library failed in a way it should not */
};

/* Room for the text including its NUL; a longer one is cut with "...". */
#define RIG_ERROR_TEXT_SIZE 640

struct rig_error {
    enum rig_error_class cls;
    enum rig_error_code code;
    char text[RIG_ERROR_TEXT_SIZE];
};

typedef struct rig_result {
    bool ok;
} rig_result;

#define RIG_CHECKED __attribute__((warn_unused_result))
#define RIG_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))

#define RIG_DONE ((rig_result){.ok = true})

/* Fills `err` and returns the failed result. */
rig_result rig_fail(struct rig_error *err, enum rig_error_class cls, enum rig_error_code code,
                    const char *fmt, ...) RIG_PRINTF(4, 5);

/* As rig_fail; class RIG and a code derived from `errno_value`; appends ": " and its text. */
rig_result rig_fail_errno(struct rig_error *err, int errno_value, const char *fmt, ...)
    RIG_PRINTF(3, 4);

/* Class RIG, code NO_MEMORY. */
rig_result rig_fail_memory(struct rig_error *err);

/* Puts "<prefix>: " in front of the text of a filled error and returns the failed result. */
rig_result rig_wrap(struct rig_error *err, const char *fmt, ...) RIG_PRINTF(2, 3);

/* Copies `from` to `to` and returns the failed result. */
rig_result rig_fail_as(struct rig_error *to, const struct rig_error *from);

/* The analyzer does not look into other files: without this it would follow each call on a path
 * where the function failed and yet gave RIG_DONE. */
#if defined(__clang_analyzer__) && !defined(RIG_ERROR_BODIES)
#define RIG_FAILED(call) ((void)(call), (rig_result){.ok = false})
#define rig_fail(...) RIG_FAILED(rig_fail(__VA_ARGS__))
#define rig_fail_errno(...) RIG_FAILED(rig_fail_errno(__VA_ARGS__))
#define rig_fail_memory(...) RIG_FAILED(rig_fail_memory(__VA_ARGS__))
#define rig_wrap(...) RIG_FAILED(rig_wrap(__VA_ARGS__))
#define rig_fail_as(...) RIG_FAILED(rig_fail_as(__VA_ARGS__))
#endif

void rig_error_clear(struct rig_error *err);

/* Stable lower-case words for reports: "device", "timeout", ... Never NULL. */
const char *rig_error_class_name(enum rig_error_class cls);
const char *rig_error_code_name(enum rig_error_code code);

/* Leaves the function with the failed result of `expr`. Cleanup is by scope (RIG_AUTO in
 * cleanup.h). */
#define RIG_TRY(expr)                                                                              \
    do {                                                                                           \
        const rig_result rig_try_result_ = (expr);                                                 \
        if (!rig_try_result_.ok) {                                                                 \
            return rig_try_result_;                                                                \
        }                                                                                          \
    } while (0)

/* The same, with a prefix of context for the error in `err`. */
#define RIG_TRY_IN(expr, err, ...)                                                                 \
    do {                                                                                           \
        if (!(expr).ok) {                                                                          \
            return rig_wrap((err), __VA_ARGS__);                                                   \
        }                                                                                          \
    } while (0)

#endif
