/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server profile: another program in the place of the test server, how it is set up, and how it
 * shows its verdict. Plain data; a file makes one (rig/suite/profile_file.h).
 */
#ifndef RIG_PROFILE_PROFILE_H
#define RIG_PROFILE_PROFILE_H

#include "rig/base/error.h"

#define RIG_PROFILE_MAX_DIRECTIVES 32
#define RIG_PROFILE_MAX_CASES 256
#define RIG_PROFILE_MAX_ERRORS 4

enum rig_profile_program { RIG_PROFILE_NGINX = 0 };

/* How this program may end a case otherwise than the suite says. */
enum rig_profile_ending {
    RIG_PROFILE_AS_SUITE = 0,
    RIG_PROFILE_ACCEPTED, /* it lets in whom it should refuse: known, and declared */
    RIG_PROFILE_REJECTED, /* it refuses whom the suite's server accepts */
    RIG_PROFILE_FAILS,    /* the handshake fails, without a verify error in its log */
    RIG_PROFILE_SKIP,     /* nothing could be learned */
};

struct rig_profile_case {
    char name[48];
    enum rig_profile_ending ending;
    int verify_errors[RIG_PROFILE_MAX_ERRORS]; /* X509_V_ERR_*, instead of the suite's; n 0: its */
    size_t n_verify_errors;
    bool any_alert; /* none that arrives for sure */
    char why[256];
};

struct rig_server_profile {
    char path[256]; /* of the file */
    char name[48];
    enum rig_profile_program program;
    char binary[256];    /* looked up in PATH when it has no slash */
    size_t n_directives; /* of the server block; each replaces the rig's own of that name; a
                            name alone leaves it out */
    char directives[RIG_PROFILE_MAX_DIRECTIVES][160];
    size_t n_cases;
    struct rig_profile_case cases[RIG_PROFILE_MAX_CASES];
};

/* NULL: the case ends as the suite says. */
const struct rig_profile_case *rig_profile_find_case(const struct rig_server_profile *profile,
                                                     const char *name);

/* Whether a directive of the profile has this name. */
bool rig_profile_has_directive(const struct rig_server_profile *profile, const char *name);

#endif
