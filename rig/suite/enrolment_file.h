/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment fixtures (fixtures/enrolment): which CAs the service knows, and its list of entries in
 * several states. Certificates are named: an authority or a device of the PKI fixtures in `pki`, or
 * a PEM file. A device is issued for the key of the board that is tested, so the certificates
 * themselves are there only at run time; the rules that need them (each in one entry at most, a
 * group for a CA) are then judged by rig/tls/enrolment.h, those that need names only already here.
 *
 *     rig: 1
 *     enrolment: five-devices
 *     pki: [../pki/enrolment.yaml]
 *     cas:
 *       - ca: root
 *     states:
 *       - state: group-b-off
 *         entries:
 *           - group: root
 *           - {group: b, enabled: false}
 *           - {individual: device-3, enabled: false}
 *
 * Errors and `mistakes` as of rig_suite_load. Plain data, any thread.
 */
#ifndef RIG_SUITE_ENROLMENT_FILE_H
#define RIG_SUITE_ENROLMENT_FILE_H

#include "rig/pki/recipe.h"
#include "rig/tls/enrolment.h"

#define RIG_ENROLMENT_FILE_MAX_STATES 48
#define RIG_ENROLMENT_FILE_MAX_ENTRIES 12
#define RIG_ENROLMENT_FILE_MAX_CAS 6
#define RIG_ENROLMENT_FILE_MAX_PKI 4
#define RIG_ENROLMENT_FILE_PATH_SIZE 256

/* How a CA's owner proves possession of its key; only GOOD and ELSEWHERE lead to a verified CA. */
enum rig_enrolment_proof {
    RIG_PROOF_GOOD = 0,
    RIG_PROOF_NONE,       /* nobody tried */
    RIG_PROOF_WRONG_CODE, /* a certificate for another code */
    RIG_PROOF_WRONG_KEY,  /* signed with another key */
    RIG_PROOF_ELSEWHERE,  /* done before; the rig has no key to do it with */
};

/* A certificate by name. */
struct rig_enrolment_source {
    char name[RIG_PKI_NAME_SIZE];            /* of an authority or a device; "": the file */
    char file[RIG_ENROLMENT_FILE_PATH_SIZE]; /* PEM, its first certificate */
};

struct rig_enrolment_ca_plan {
    char name[RIG_ENROLMENT_NAME_SIZE];
    struct rig_enrolment_source source;
    enum rig_enrolment_proof proof;
    int line;
};

struct rig_enrolment_entry_plan {
    char name[RIG_ENROLMENT_NAME_SIZE];
    enum rig_enrolment_kind kind;
    bool enabled;
    char device_id[RIG_ENROLMENT_MAX_ID + 1]; /* "": the common name */
    struct rig_enrolment_source source;
    int line;
};

struct rig_enrolment_state {
    char name[RIG_ENROLMENT_NAME_SIZE];
    char description[256];
    struct rig_enrolment_settings settings;
    bool contradicts; /* it breaks a rule on purpose: building the list must fail */
    size_t n_cas;
    struct rig_enrolment_ca_plan cas[RIG_ENROLMENT_FILE_MAX_CAS];
    size_t n_entries;
    struct rig_enrolment_entry_plan entries[RIG_ENROLMENT_FILE_MAX_ENTRIES];
    int line;
};

struct rig_enrolment_file {
    char path[RIG_ENROLMENT_FILE_PATH_SIZE];
    char name[RIG_ENROLMENT_NAME_SIZE];
    char description[256];
    unsigned twins; /* enum rig_enrolment_twin, in every state */
    size_t n_pki;
    char pki[RIG_ENROLMENT_FILE_MAX_PKI][RIG_ENROLMENT_FILE_PATH_SIZE];
    size_t n_cas; /* of states without `cas` of their own */
    struct rig_enrolment_ca_plan cas[RIG_ENROLMENT_FILE_MAX_CAS];
    size_t n_states;
    struct rig_enrolment_state states[RIG_ENROLMENT_FILE_MAX_STATES];
};

/* The caller frees *file with rig_enrolment_file_free. */
RIG_CHECKED rig_result rig_enrolment_file_load(const char *path, struct rig_enrolment_file **file,
                                               struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_enrolment_file_parse(const char *path_for_messages, const char *text,
                                                size_t n_bytes, struct rig_enrolment_file **file,
                                                struct rig_buf *mistakes, struct rig_error *err);
void rig_enrolment_file_free(struct rig_enrolment_file *file);
static inline void rig_auto_enrolment_file(struct rig_enrolment_file **file)
{
    rig_enrolment_file_free(*file);
    *file = NULL;
}

/* NULL: there is none of that name. */
const struct rig_enrolment_state *rig_enrolment_file_state(const struct rig_enrolment_file *file,
                                                           const char *name);

/* Appends the reference as Markdown tables. */
RIG_CHECKED rig_result rig_enrolment_file_describe_schema(struct rig_buf *text,
                                                          struct rig_error *err);

#endif
