/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/probe.h"

#include "rig/base/cleanup.h"
#include "rig/run/place.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Each recipe is tried with a short hold; a port without a board should not take long. */
#define MAX_RESETS 3
#define RUNNING_MS 400
#define BOOT_MS 1000
#define AGENT_MS 1000

struct job {
    struct rig_probe *probe;
    struct rig_lines_hub *hub;
    struct rig_wait wait;
    pthread_t thread;
    bool started;
};

static rig_result ask_rom(struct rig_probe *probe, struct rig_link *link, struct rig_lines *lines,
                          struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_auto_rom) struct rig_rom *rom = NULL;
    struct rig_place_recipes recipes;
    struct rig_rom_options options = {.max_resets = MAX_RESETS};
    const rig_result taken = rig_place_take_recipes(&probe->place, &recipes, &options, err);

    if (!taken.ok) {
        return taken;
    }
    RIG_TRY(rig_rom_new(link, lines, &options, &rom, err));
    RIG_TRY(rig_rom_connect(rom, &probe->identity, wait, err));
    probe->is_board = true;
    return rig_rom_disconnect(rom, wait, err);
}

/* A firmware that runs and answers needs no reset to be known. */
static bool ask_running_agent(struct rig_probe *probe, struct rig_link *link, struct rig_wait wait)
{
    RIG_AUTO(rig_auto_agent) struct rig_agent *agent = NULL;
    const struct rig_chip *chip;
    struct rig_error ignored;

    if (!rig_agent_new(link, &agent, &ignored).ok ||
        !rig_agent_hello(agent, &probe->hello, rig_wait_within(wait, RUNNING_MS), &ignored).ok) {
        return false;
    }
    chip = rig_chip_by_name(probe->hello.chip);
    if (chip == NULL) {
        return false;
    }
    probe->has_agent = true;
    probe->is_board = true;
    probe->identity = (struct rig_rom_identity){.chip = chip, .has_mac = true};
    memcpy(probe->identity.mac, probe->hello.mac, RIG_MAC_SIZE);
    return true;
}

static rig_result start_and_ask_agent(struct rig_probe *probe, struct rig_link *link,
                                      struct rig_lines *lines, struct rig_wait wait,
                                      struct rig_error *err)
{
    RIG_AUTO(rig_auto_agent) struct rig_agent *agent = NULL;
    struct rig_boot_banner banner;

    RIG_TRY(rig_agent_new(link, &agent, err));
    RIG_TRY(rig_reset_run(link, lines, rig_reset_builtin("hard"), RIG_BOOT_RUN, BOOT_MS, &banner,
                          wait, err));
    RIG_TRY(rig_agent_hello(agent, &probe->hello, rig_wait_within(wait, AGENT_MS), err));
    probe->has_agent = true;
    return RIG_DONE;
}

static rig_result look(const struct job *job, struct rig_error *err)
{
    struct rig_probe *probe = job->probe;
    RIG_AUTO(rig_auto_link) struct rig_link *link = NULL;
    RIG_AUTO(rig_auto_lines) struct rig_lines *lines = NULL;

    RIG_TRY(rig_place_open_link(&probe->place, &link, job->wait, err));
    if (ask_running_agent(probe, link, job->wait)) {
        return RIG_DONE;
    }
    RIG_TRY(rig_place_open_lines(&probe->place, job->hub, link, &lines, job->wait, err));
    RIG_TRY(ask_rom(probe, link, lines, job->wait, err));
    return start_and_ask_agent(probe, link, lines, job->wait, err);
}

static void *probe_thread(void *ctx)
{
    struct job *job = ctx;

    (void)look(job, &job->probe->why).ok;
    return NULL;
}

static rig_result start(struct job *jobs, struct rig_probe *probes, size_t n_probes,
                        struct rig_lines_hub *hub, struct rig_wait wait, struct rig_error *err)
{
    for (size_t i = 0; i < n_probes; i++) {
        int rc;

        if (probes[i].skip) {
            continue;
        }
        jobs[i] = (struct job){.probe = &probes[i], .hub = hub, .wait = wait};
        rc = pthread_create(&jobs[i].thread, NULL, probe_thread, &jobs[i]);
        if (rc != 0) {
            return rig_fail_errno(err, rc, "cannot start a thread");
        }
        jobs[i].started = true;
    }
    return RIG_DONE;
}

rig_result rig_probe_all(struct rig_probe *probes, size_t n_probes, struct rig_wait wait,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_lines_hub) struct rig_lines_hub *hub = NULL;
    struct job *jobs = calloc(n_probes != 0 ? n_probes : 1, sizeof *jobs);
    rig_result result;

    if (jobs == NULL) {
        return rig_fail_memory(err);
    }
    result = rig_lines_hub_open(NULL, &hub, err);
    if (result.ok) {
        result = start(jobs, probes, n_probes, hub, wait, err);
    }
    for (size_t i = 0; i < n_probes; i++) {
        if (jobs[i].started) {
            (void)pthread_join(jobs[i].thread, NULL);
        }
    }
    free(jobs);
    if (result.ok && wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
        return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "cancelled");
    }
    return result;
}
