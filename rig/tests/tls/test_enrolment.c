/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of enrolment, one by one: the five devices of the provisioning document in all seven
 * states, the walk, names, algorithms, look-alikes, renewals, and what a list may not say. */
#include "rig/tests/tls/enrolment_pki.h"
#include "rig/tls/enrolment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct ep ep;

static int make_pki(void **state)
{
    (void)state;
    ep_make(&ep);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    ep_free(&ep);
    return 0;
}

static void ok(rig_result result, const struct rig_error *err)
{
    if (!result.ok) {
        fail_msg("%s", err->text);
    }
}

static struct rig_enrolment *list_with(struct rig_enrolment_settings settings)
{
    struct rig_enrolment *made = NULL;
    struct rig_error err;

    ok(rig_enrolment_new(&settings, &made, &err), &err);
    ok(rig_enrolment_add_ca(made, "root", ep.root.certificate, true, &err), &err);
    return made;
}

static struct rig_enrolment *list(void)
{
    return list_with((struct rig_enrolment_settings){0});
}

static void add(struct rig_enrolment *enrolment, const char *name, const X509 *certificate,
                bool group, bool enabled)
{
    struct rig_error err;

    ok(rig_enrolment_add(enrolment,
                         &(struct rig_enrolment_entry){.name = name,
                                                       .kind = group ? RIG_ENROLMENT_GROUP
                                                                     : RIG_ENROLMENT_INDIVIDUAL,
                                                       .enabled = enabled,
                                                       .certificate = certificate},
                         &err),
       &err);
}

static void refused_entry(struct rig_enrolment *enrolment, const struct rig_enrolment_entry *entry,
                          enum rig_error_code code, const char *text)
{
    struct rig_error err;

    assert_false(rig_enrolment_add(enrolment, entry, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, text));
}

#define MAX_CHAIN 6

static STACK_OF(X509) * stack_of(const X509 *const *certificates)
{
    STACK_OF(X509) *stack = sk_X509_new_null();

    for (size_t i = 0; certificates[i] != NULL; i++) {
        assert_true(sk_X509_push(stack, (X509 *)certificates[i]) > 0);
    }
    return stack;
}

static void judge_line(const struct rig_enrolment *enrolment, const X509 *const *path,
                       const X509 *const *presented, const char *line,
                       struct rig_enrolment_decision *decision)
{
    STACK_OF(X509) *verified = stack_of(path);
    STACK_OF(X509) *sent = stack_of(presented);
    struct rig_error err;

    ok(rig_enrolment_judge(enrolment, verified, sent, line, strlen(line), decision, &err), &err);
    sk_X509_free(verified);
    sk_X509_free(sent);
}

static void judge(const struct rig_enrolment *enrolment, const X509 *const *path, const char *id,
                  struct rig_enrolment_decision *decision)
{
    char line[RIG_ENROLMENT_LINE_SIZE];
    struct rig_error err;

    ok(rig_enrolment_request(id, "0a1b", line, &err), &err);
    judge_line(enrolment, path, path, line, decision);
}

static void judge_device(const struct rig_enrolment *enrolment, size_t device,
                         struct rig_enrolment_decision *decision)
{
    const struct pki_ca *ca = device < 3 ? &ep.a : &ep.b;
    const X509 *const path[] = {ep.devices[device], ca->certificate, ep.root.certificate, NULL};
    char id[16];

    (void)snprintf(id, sizeof id, "device-%zu", device + 1);
    judge(enrolment, path, id, decision);
}

/* ---- the document's five devices ---- */

struct table_entry {
    const char *name; /* root, a, b, device-N */
    bool enabled;
};

static void add_named(struct rig_enrolment *enrolment, const struct table_entry *entry)
{
    if (strncmp(entry->name, "device-", 7) == 0) {
        add(enrolment, entry->name, ep.devices[entry->name[7] - '1'], false, entry->enabled);
    } else {
        add(enrolment, entry->name,
            entry->name[0] == 'r'   ? ep.root.certificate
            : entry->name[0] == 'a' ? ep.a.certificate
                                    : ep.b.certificate,
            true, entry->enabled);
    }
}

/* What must decide for each device: "+name", "-name", or "" for none. */
static const struct {
    struct table_entry entries[5];
    const char *decides[EP_N_DEVICES];
} tables[] = {
    {{{NULL, false}}, {"", "", "", "", ""}},
    {{{"root", true}}, {"+root", "+root", "+root", "+root", "+root"}},
    {{{"root", true}, {"b", false}}, {"+root", "+root", "+root", "-b", "-b"}},
    {{{"root", true}, {"b", false}, {"device-3", false}},
     {"+root", "+root", "-device-3", "-b", "-b"}},
    {{{"root", true}, {"b", false}, {"device-3", false}, {"device-4", true}},
     {"+root", "+root", "-device-3", "+device-4", "-b"}},
    {{{"root", false}, {"a", true}}, {"+a", "+a", "+a", "-root", "-root"}},
    {{{"root", true}, {"a", false}, {"device-1", true}},
     {"+device-1", "-a", "-a", "+root", "+root"}},
    {{{"b", true}}, {"", "", "", "+b", "+b"}},
};

static void check_decision(const struct rig_enrolment_decision *decision, const char *expected,
                           const char *where)
{
    const enum rig_enrolment_reason reason = expected[0] == '\0'  ? RIG_ENROLMENT_NO_ENTRY
                                             : expected[0] == '+' ? RIG_ENROLMENT_ACCEPTED
                                                                  : RIG_ENROLMENT_DISABLED;

    if (decision->reason != reason ||
        strcmp(decision->entry, expected[0] == '\0' ? "" : expected + 1) != 0) {
        fail_msg("%s: expected \"%s\", got %s by \"%s\": %s", where, expected,
                 rig_enrolment_reason_name(decision->reason), decision->entry, decision->text);
    }
}

static void five_devices_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();

        for (size_t j = 0; tables[i].entries[j].name != NULL; j++) {
            add_named(enrolment, &tables[i].entries[j]);
        }
        for (size_t device = 0; device < EP_N_DEVICES; device++) {
            struct rig_enrolment_decision decision;
            char where[48];

            (void)snprintf(where, sizeof where, "state %zu, device %zu", i, device + 1);
            judge_device(enrolment, device, &decision);
            check_decision(&decision, tables[i].decides[device], where);
        }
    }
}

/* Every twin that the tables are to catch changes at least one of the decisions. */
static void tables_catch_the_twins(void **state)
{
    static const unsigned twins[] = {RIG_TWIN_ROOT_FIRST, RIG_TWIN_IGNORES_DISABLED,
                                     RIG_TWIN_LEAF_ONLY, RIG_TWIN_DEFAULT_OPEN};

    (void)state;
    for (size_t t = 0; t < sizeof twins / sizeof twins[0]; t++) {
        size_t n_wrong = 0;

        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
            RIG_AUTO(rig_auto_enrolment)
            struct rig_enrolment *enrolment =
                list_with((struct rig_enrolment_settings){.twins = twins[t]});

            for (size_t j = 0; tables[i].entries[j].name != NULL; j++) {
                add_named(enrolment, &tables[i].entries[j]);
            }
            for (size_t device = 0; device < EP_N_DEVICES; device++) {
                struct rig_enrolment_decision decision;

                judge_device(enrolment, device, &decision);
                n_wrong += (decision.reason == RIG_ENROLMENT_ACCEPTED) !=
                           (tables[i].decides[device][0] == '+');
            }
        }
        assert_true(n_wrong > 0);
    }
}

static void every_level_can_have_the_entry(void **state)
{
    const X509 *leaf = ep_device(&ep, &ep.line, ep.device_keys[0], "device-9", 8);
    const X509 *const path[] = {leaf, ep.line.certificate, ep.factory.certificate,
                                ep.root.certificate, NULL};
    static const char *const names[] = {"leaf", "line", "factory", "root"};

    (void)state;
    for (unsigned at = 0; at < 4; at++) {
        for (int enabled = 0; enabled < 2; enabled++) {
            RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
            struct rig_enrolment_decision decision;

            /* everything above says the opposite: the nearest must decide */
            for (unsigned i = at; i < 4; i++) {
                add(enrolment, names[i], path[i], i > 0, i == at ? enabled != 0 : enabled == 0);
            }
            judge(enrolment, path, "device-9", &decision);
            assert_int_equal(decision.reason,
                             enabled ? RIG_ENROLMENT_ACCEPTED : RIG_ENROLMENT_DISABLED);
            assert_string_equal(decision.entry, names[at]);
            assert_int_equal(decision.entry_depth, at);
            assert_int_equal(decision.n_visits, at + 1);
        }
    }
}

/* ---- the walk ---- */

static void walk_is_written_down(void **state)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_enrolment_decision decision;
    struct rig_error err;

    (void)state;
    add(enrolment, "root", ep.root.certificate, true, true);
    judge_device(enrolment, 1, &decision);
    assert_int_equal(decision.n_visits, 3);
    assert_string_equal(decision.visits[2].entry, "root");
    assert_string_equal(decision.visits[2].verified_ca, "root");
    assert_string_equal(decision.visits[0].entry, "");
    assert_string_equal(decision.device_id, "device-2");
    ok(rig_enrolment_walk_text(&decision, &text, &err), &err);
    assert_non_null(strstr(rig_buf_text(&text), " 0  CN=device-2"));
    assert_non_null(strstr(rig_buf_text(&text), " 1  CN=A,O=Rig Test"));
    assert_non_null(strstr(rig_buf_text(&text), "group \"root\" (enabled): decides"));
    assert_non_null(strstr(decision.text, "may register: group entry \"root\" at depth 2"));
}

static void an_extra_certificate_changes_nothing(void **state)
{
    const X509 *const path[] = {ep.devices[2], ep.a.certificate, ep.root.certificate, NULL};
    const X509 *const sent[] = {ep.devices[2], ep.b.certificate, ep.a.certificate, NULL};
    char line[RIG_ENROLMENT_LINE_SIZE];
    struct rig_error err;

    (void)state;
    ok(rig_enrolment_request("device-3", "n1", line, &err), &err);
    for (int twin = 0; twin < 2; twin++) {
        RIG_AUTO(rig_auto_enrolment)
        struct rig_enrolment *enrolment = list_with(
            (struct rig_enrolment_settings){.twins = twin ? RIG_TWIN_WALKS_PRESENTED : 0});
        struct rig_enrolment_decision decision;

        add(enrolment, "a", ep.a.certificate, true, false);
        add(enrolment, "b", ep.b.certificate, true, true);
        judge_line(enrolment, path, sent, line, &decision);
        assert_int_equal(decision.reason, twin ? RIG_ENROLMENT_ACCEPTED : RIG_ENROLMENT_DISABLED);
        assert_string_equal(decision.entry, twin ? "b" : "a");
    }
}

static void a_subject_is_no_match(void **state)
{
    const X509 *leaf = ep_device(&ep, &ep.lookalike_a, ep.device_keys[0], "device-1", 8);
    const X509 *const path[] = {leaf, ep.lookalike_a.certificate, ep.root2.certificate, NULL};
    struct rig_error err;

    (void)state;
    for (int twin = 0; twin < 2; twin++) {
        RIG_AUTO(rig_auto_enrolment)
        struct rig_enrolment *enrolment = list_with(
            (struct rig_enrolment_settings){.twins = twin ? RIG_TWIN_MATCHES_SUBJECT : 0});
        struct rig_enrolment_decision decision;

        ok(rig_enrolment_add_ca(enrolment, "root2", ep.root2.certificate, true, &err), &err);
        add(enrolment, "a", ep.a.certificate, true, true);
        judge(enrolment, path, "device-1", &decision);
        assert_int_equal(decision.reason, twin ? RIG_ENROLMENT_ACCEPTED : RIG_ENROLMENT_NO_ENTRY);
    }
}

static void a_renewed_ca_needs_its_own_entry(void **state)
{
    const X509 *leaf = ep_device(&ep, &ep.renewed_a, ep.device_keys[0], "device-1", 8);
    const X509 *const renewed[] = {leaf, ep.renewed_a.certificate, ep.root.certificate, NULL};
    const X509 *const rekeyed[] = {ep.devices[0], ep.rekeyed_a.certificate, ep.root.certificate,
                                   NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    RIG_AUTO(rig_auto_enrolment)
    struct rig_enrolment *by_key =
        list_with((struct rig_enrolment_settings){.match = RIG_ENROLMENT_BY_PUBLIC_KEY});
    struct rig_enrolment_decision decision;

    (void)state;
    add(enrolment, "a", ep.a.certificate, true, true);
    judge(enrolment, renewed, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_NO_ENTRY);
    judge(enrolment, rekeyed, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_NO_ENTRY);
    add(enrolment, "a-2", ep.renewed_a.certificate, true, true);
    judge(enrolment, renewed, "device-1", &decision);
    assert_string_equal(decision.entry, "a-2");

    add(by_key, "a", ep.a.certificate, true, true);
    judge(by_key, rekeyed, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_ACCEPTED);
    judge(by_key, renewed, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_NO_ENTRY);
}

static void a_reissued_certificate_is_found(void **state)
{
    EVP_PKEY *other_key = pki_key(0);
    const X509 *same_key = ep_device(&ep, &ep.a, ep.device_keys[2], "device-3", 8);
    const X509 *new_key = ep_device(&ep, &ep.a, other_key, "device-3", 8);
    const X509 *const leaves[] = {same_key, new_key};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const X509 *const path[] = {leaves[i % 2], ep.a.certificate, ep.root.certificate, NULL};
        const bool refuse = i >= 2;
        RIG_AUTO(rig_auto_enrolment)
        struct rig_enrolment *enrolment = list_with((struct rig_enrolment_settings){
            .reissue = refuse ? RIG_ENROLMENT_REFUSE : RIG_ENROLMENT_REPORT});
        struct rig_enrolment_decision decision;

        add(enrolment, "root", ep.root.certificate, true, true);
        add(enrolment, "device-3", ep.devices[2], false, false);
        judge(enrolment, path, "device-3", &decision);
        assert_int_equal(decision.reason, refuse ? RIG_ENROLMENT_REISSUED : RIG_ENROLMENT_ACCEPTED);
        assert_string_equal(decision.stale_entry, "device-3");
        assert_false(decision.stale_entry_enabled);
        assert_non_null(strstr(decision.text, "finding"));
        judge_device(enrolment, 0, &decision);
        assert_string_equal(decision.stale_entry, "");
        judge_device(enrolment, 2, &decision);
        assert_int_equal(decision.reason, RIG_ENROLMENT_DISABLED);
        assert_string_equal(decision.stale_entry, "");
    }
    EVP_PKEY_free(other_key);
}

/* ---- names ---- */

static void a_key_under_another_name_is_found(void **state)
{
    const X509 *renamed = ep_device(&ep, &ep.a, ep.device_keys[2], "device-7", 8);
    const X509 *const path[] = {renamed, ep.a.certificate, ep.root.certificate, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_decision decision;

    (void)state;
    add(enrolment, "root", ep.root.certificate, true, true);
    add(enrolment, "device-3", ep.devices[2], false, false);
    judge(enrolment, path, "device-7", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_ACCEPTED);
    assert_string_equal(decision.stale_entry, "device-3");
    assert_true(decision.stale_by_key);
}

static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
static const char too_long[] = "0123456789012345678901234567890123456789012345678901234567890123x";

static void common_names_are_judged(void **state)
{
    const struct {
        const char *cn;
        const char *id;
        bool ignore_case;
        enum rig_enrolment_reason reason;
    } rows[] = {
        {"device-1", "device-1", false, RIG_ENROLMENT_ACCEPTED},
        {"device-1", "device-2", false, RIG_ENROLMENT_OTHER_NAME},
        {"device-1", "device-11", false, RIG_ENROLMENT_OTHER_NAME},
        {"device-11", "device-1", false, RIG_ENROLMENT_OTHER_NAME},
        {"Device-1", "device-1", false, RIG_ENROLMENT_OTHER_NAME},
        {"Device-1", "device-1", true, RIG_ENROLMENT_ACCEPTED},
        {"Device-2", "device-1", true, RIG_ENROLMENT_OTHER_NAME},
        {NULL, "device-1", false, RIG_ENROLMENT_NO_NAME},
        {"", "device-1", false, RIG_ENROLMENT_NO_NAME},
        {longest, longest, false, RIG_ENROLMENT_ACCEPTED},
        {too_long, too_long, false, RIG_ENROLMENT_NAME_TOO_LONG},
        {"caf\xC3\xA9", "caf\xC3\xA9", false, RIG_ENROLMENT_ACCEPTED},
        {"two words", "two words", false, RIG_ENROLMENT_ACCEPTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const X509 *leaf = ep_device(&ep, &ep.a, ep.device_keys[0], rows[i].cn,
                                     rows[i].cn != NULL ? strlen(rows[i].cn) : 0);
        const X509 *const path[] = {leaf, ep.a.certificate, ep.root.certificate, NULL};
        RIG_AUTO(rig_auto_enrolment)
        struct rig_enrolment *enrolment =
            list_with((struct rig_enrolment_settings){.ignore_case = rows[i].ignore_case});
        struct rig_enrolment_decision decision;

        add(enrolment, "a", ep.a.certificate, true, true);
        judge(enrolment, path, rows[i].id, &decision);
        if (decision.reason != rows[i].reason) {
            fail_msg("row %zu: %s", i, decision.text);
        }
        assert_string_equal(decision.entry, "a"); /* the entry was found all the same */
    }
}

static void a_nul_in_a_name_is_no_end(void **state)
{
    const X509 *leaf = ep_device(&ep, &ep.a, ep.device_keys[0], "device-1\0evil", 13);
    const X509 *const path[] = {leaf, ep.a.certificate, ep.root.certificate, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_decision decision;

    (void)state;
    add(enrolment, "a", ep.a.certificate, true, true);
    judge(enrolment, path, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_OTHER_NAME);
    judge_line(enrolment, path, path, "register id=device-1%00evil nonce=1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_BAD_REQUEST);
}

static void two_names_are_none(void **state)
{
    const X509 *leaf = ep_device_two_names(&ep, &ep.a, ep.device_keys[0], "device-1", "device-2");
    const X509 *const path[] = {leaf, ep.a.certificate, ep.root.certificate, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_decision decision;

    (void)state;
    add(enrolment, "a", ep.a.certificate, true, true);
    judge(enrolment, path, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_TWO_NAMES);
    judge(enrolment, path, "device-2", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_TWO_NAMES);
}

static void an_individual_entry_may_set_the_device_id(void **state)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_decision decision;
    struct rig_error err;

    (void)state;
    ok(rig_enrolment_add(enrolment,
                         &(struct rig_enrolment_entry){.name = "one",
                                                       .enabled = true,
                                                       .device_id = "pump-17",
                                                       .certificate = ep.devices[0]},
                         &err),
       &err);
    judge_device(enrolment, 0, &decision);
    assert_string_equal(decision.device_id, "pump-17");
    assert_string_equal(decision.registration_id, "device-1");
}

static void requests_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",
        "ping",
        "register",
        "register id=",
        "register id= nonce=1",
        "register id=device-1",
        "register id=device-1 nonce=",
        "register id=device-1 nonce=1 2",
        "register id=device-1 nonce=a-b",
        "register id=device 1 nonce=1",
        "register id=device%1 nonce=1",
        "register id=device%zz nonce=1",
        "register id=device-1 nonce=1\n",
        " register id=device-1 nonce=1",
        "REGISTER id=device-1 nonce=1",
    };
    const X509 *const path[] = {ep.devices[0], ep.a.certificate, ep.root.certificate, NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_decision decision;
    char line[RIG_ENROLMENT_LINE_SIZE];
    char id[RIG_ENROLMENT_MAX_ID + 2];
    struct rig_error err;

    (void)state;
    add(enrolment, "root", ep.root.certificate, true, true);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        judge_line(enrolment, path, path, bad[i], &decision);
        assert_int_equal(decision.reason, RIG_ENROLMENT_BAD_REQUEST);
        assert_int_equal(decision.n_visits, 0);
    }
    judge_line(enrolment, path, path, "register id=%64evice-1 nonce=1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_ACCEPTED);
    memset(id, 'x', sizeof id);
    id[RIG_ENROLMENT_MAX_ID + 1] = '\0';
    assert_false(rig_enrolment_request(id, "1", line, &err).ok);
    id[RIG_ENROLMENT_MAX_ID] = '\0';
    ok(rig_enrolment_request(id, "1", line, &err), &err);
    judge_line(enrolment, path, path, line, &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_OTHER_NAME);
}

/* ---- authentication ---- */

static void only_a_verified_ca_authenticates(void **state)
{
    const X509 *const path[] = {ep.devices[0], ep.a.certificate, ep.root.certificate, NULL};
    const X509 *const nothing[] = {NULL};
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf anchors = {0};
    struct rig_enrolment_decision decision;
    struct rig_error err;

    (void)state;
    ok(rig_enrolment_new(&(struct rig_enrolment_settings){0}, &enrolment, &err), &err);
    ok(rig_enrolment_add_ca(enrolment, "root", ep.root.certificate, false, &err), &err);
    ok(rig_enrolment_add_ca(enrolment, "root2", ep.root2.certificate, true, &err), &err);
    add(enrolment, "all", ep.root.certificate, true, true);
    judge(enrolment, path, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_UNVERIFIED_CA);
    judge(enrolment, nothing, "device-1", &decision);
    assert_int_equal(decision.reason, RIG_ENROLMENT_NO_CERTIFICATE);
    ok(rig_enrolment_anchors(enrolment, &anchors, &err), &err);
    assert_string_equal(rig_buf_text(&anchors), rig_buf_text(&ep.root2.pem));
}

static void algorithms_are_judged(void **state)
{
    EVP_PKEY *rsa = pki_key(2048);
    const struct {
        EVP_PKEY *key;
        unsigned allowed;
        bool good;
    } rows[] = {
        {ep.device_keys[0], 0, true},     {rsa, 0, true},
        {ep.ed25519_key, 0, false},       {ep.p224_key, 0, false},
        {rsa, RIG_ENROLMENT_P256, false}, {ep.device_keys[0], RIG_ENROLMENT_RSA, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const X509 *leaf = ep_device(&ep, &ep.a, rows[i].key, "device-1", 8);
        const X509 *const path[] = {leaf, ep.a.certificate, ep.root.certificate, NULL};
        RIG_AUTO(rig_auto_enrolment)
        struct rig_enrolment *enrolment =
            list_with((struct rig_enrolment_settings){.algorithms = rows[i].allowed});
        struct rig_enrolment_decision decision;

        if ((rows[i].allowed & RIG_ENROLMENT_P256) != 0 || rows[i].allowed == 0) {
            add(enrolment, "root", ep.root.certificate, true, true);
        }
        judge(enrolment, path, "device-1", &decision);
        assert_int_equal(decision.reason == RIG_ENROLMENT_ACCEPTED, rows[i].good);
        assert_int_equal(decision.reason == RIG_ENROLMENT_BAD_ALGORITHM, !rows[i].good);
    }
    EVP_PKEY_free(rsa);
}

/* ---- lists that contradict themselves ---- */

static void bad_lists_are_refused(void **state)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *enrolment = list();
    struct rig_enrolment_entry entry = {
        .name = "a", .kind = RIG_ENROLMENT_GROUP, .enabled = true, .certificate = ep.a.certificate};
    struct rig_error err;

    (void)state;
    ok(rig_enrolment_add(enrolment, &entry, &err), &err);
    refused_entry(enrolment, &entry, RIG_E_DUPLICATE, "two entries are called \"a\"");
    entry.name = "a-again";
    entry.enabled = false;
    refused_entry(enrolment, &entry, RIG_E_DUPLICATE,
                  "entries \"a\" and \"a-again\" are for the same certificate");
    entry.kind = RIG_ENROLMENT_INDIVIDUAL;
    refused_entry(enrolment, &entry, RIG_E_INVALID, "make it a group");
    entry.kind = RIG_ENROLMENT_GROUP;
    entry.certificate = ep.devices[0];
    refused_entry(enrolment, &entry, RIG_E_INVALID, "make it an individual entry");
    entry.device_id = "x";
    entry.certificate = ep.b.certificate;
    refused_entry(enrolment, &entry, RIG_E_INVALID, "device_id is for individual entries");
    entry.device_id = NULL;
    entry.name = "no good";
    refused_entry(enrolment, &entry, RIG_E_INVALID, "a name has");
    entry.name = "nameless";
    entry.kind = RIG_ENROLMENT_INDIVIDUAL;
    entry.certificate = ep_device(&ep, &ep.a, ep.device_keys[0], NULL, 0);
    refused_entry(enrolment, &entry, RIG_E_INVALID, "no-common-name");
    entry.certificate = ep_device(&ep, &ep.a, ep.ed25519_key, "device-1", 8);
    refused_entry(enrolment, &entry, RIG_E_INVALID, "not allowed");
    assert_false(rig_enrolment_add_ca(enrolment, "again", ep.root.certificate, true, &err).ok);
    assert_int_equal(err.code, RIG_E_DUPLICATE);
    assert_false(rig_enrolment_add_ca(enrolment, "leaf", ep.devices[0], true, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
}

static void one_key_belongs_to_one_entry_where_keys_match(void **state)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *by_certificate = list();
    RIG_AUTO(rig_auto_enrolment)
    struct rig_enrolment *by_key =
        list_with((struct rig_enrolment_settings){.match = RIG_ENROLMENT_BY_PUBLIC_KEY});
    const struct rig_enrolment_entry entry = {
        .name = "a-new", .kind = RIG_ENROLMENT_GROUP, .certificate = ep.rekeyed_a.certificate};
    struct rig_error err;

    (void)state;
    add(by_certificate, "a", ep.a.certificate, true, true);
    ok(rig_enrolment_add(by_certificate, &entry, &err), &err);
    add(by_key, "a", ep.a.certificate, true, true);
    refused_entry(by_key, &entry, RIG_E_DUPLICATE, "same public key");
}

static void words_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < RIG_ENROLMENT_REASONS; i++) {
        const char *name = rig_enrolment_reason_name((enum rig_enrolment_reason)i);

        assert_int_equal(rig_enrolment_reason_of(name), i);
    }
    assert_int_equal(rig_enrolment_reason_of("nonsense"), RIG_ENROLMENT_REASONS);
    for (unsigned bit = 1; bit <= RIG_TWIN_DEFAULT_OPEN; bit <<= 1) {
        assert_non_null(rig_enrolment_twin_name(bit));
        assert_int_equal(rig_enrolment_twin_of(rig_enrolment_twin_name(bit)), bit);
    }
    assert_int_equal(rig_enrolment_twin_of("none"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_devices_in_every_state),
        cmocka_unit_test(tables_catch_the_twins),
        cmocka_unit_test(every_level_can_have_the_entry),
        cmocka_unit_test(walk_is_written_down),
        cmocka_unit_test(an_extra_certificate_changes_nothing),
        cmocka_unit_test(a_subject_is_no_match),
        cmocka_unit_test(a_renewed_ca_needs_its_own_entry),
        cmocka_unit_test(a_reissued_certificate_is_found),
        cmocka_unit_test(a_key_under_another_name_is_found),
        cmocka_unit_test(common_names_are_judged),
        cmocka_unit_test(a_nul_in_a_name_is_no_end),
        cmocka_unit_test(two_names_are_none),
        cmocka_unit_test(an_individual_entry_may_set_the_device_id),
        cmocka_unit_test(requests_are_read_strictly),
        cmocka_unit_test(only_a_verified_ca_authenticates),
        cmocka_unit_test(algorithms_are_judged),
        cmocka_unit_test(bad_lists_are_refused),
        cmocka_unit_test(one_key_belongs_to_one_entry_where_keys_match),
        cmocka_unit_test(words_go_both_ways),
    };

    return cmocka_run_group_tests_name("enrolment", tests, make_pki, free_pki);
}
