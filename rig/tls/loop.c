/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define EVENTS_AT_ONCE 64
#define ACCEPTS_AT_ONCE 64
#define ACCEPT_PAUSE_MS 50
#define MAX_ENDED_KEPT 1024
#define NEVER_NS INT64_MAX
#define MAX_EPOLL_WAIT_MS 60000

static void wake(int event_fd)
{
    const uint64_t one = 1;

    if (write(event_fd, &one, sizeof one) < 0) {
        /* full counter: it already polls readable */
    }
}

static bool watch(const struct rig_tls_server *server, int operation, int fd, uint32_t events,
                  struct rig_tls_source *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};

    return epoll_ctl(server->epoll_fd, operation, fd, &event) == 0;
}

/* Closing alone would not do: a child that is being spawned holds a copy of the descriptor for a
 * moment. */
static void stop_watching(const struct rig_tls_server *server, int fd)
{
    (void)epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void rig_tls_visit_free(struct rig_tls_visit *visit)
{
    if (visit != NULL) {
        rig_tls_capture_free(visit->observed.capture);
        free(visit);
    }
}

/* A long line of strangers must not fill the memory: the oldest give way, counted all the same. */
static void publish(struct rig_tls_endpoint *endpoint, struct rig_tls_visit *visit)
{
    struct rig_tls_visit *oldest = NULL;

    visit->next = NULL;
    (void)pthread_mutex_lock(&endpoint->server->lock);
    *endpoint->ended_tail = visit;
    endpoint->ended_tail = &visit->next;
    if (endpoint->n_ended < MAX_ENDED_KEPT) {
        endpoint->n_ended++;
    } else {
        oldest = endpoint->ended;
        endpoint->ended = oldest->next;
    }
    (void)pthread_mutex_unlock(&endpoint->server->lock);
    rig_tls_visit_free(oldest);
    wake(endpoint->ready_fd);
}

static void end_visit(struct rig_tls_visit *visit, const char *reason)
{
    struct rig_tls_endpoint *const endpoint = visit->endpoint;

    stop_watching(endpoint->server, visit->fd);
    rig_tls_connection_end(visit->connection, reason);
    visit->connection = NULL;
    if (visit->prev != NULL) {
        visit->prev->next = visit->next;
    } else {
        endpoint->live = visit->next;
    }
    if (visit->next != NULL) {
        visit->next->prev = visit->prev;
    }
    publish(endpoint, visit);
}

/* A connection may change the socket that it waits for, and what for. */
static bool watch_again(const struct rig_tls_server *server, struct rig_tls_visit *visit)
{
    const uint32_t events = rig_tls_connection_events(visit->connection);
    const int fd = rig_tls_connection_fd(visit->connection);
    int operation = EPOLL_CTL_MOD;

    if (fd == visit->fd && events == visit->events) {
        return true;
    }
    if (fd != visit->fd) {
        stop_watching(server, visit->fd);
        operation = EPOLL_CTL_ADD;
    }
    visit->fd = fd;
    visit->events = events;
    return watch(server, operation, fd, events, &visit->source);
}

static int64_t deadline_of(const struct rig_tls_visit *visit)
{
    const int64_t own_ns = rig_tls_connection_deadline_ns(visit->connection);

    return own_ns < visit->deadline_ns ? own_ns : visit->deadline_ns;
}

static void drive(struct rig_tls_server *server, struct rig_tls_visit *visit)
{
    if (!rig_tls_connection_drive(visit->connection)) {
        end_visit(visit, NULL);
        return;
    }
    if (!watch_again(server, visit)) {
        end_visit(visit, "the test server cannot watch this connection");
        return;
    }
    if (deadline_of(visit) < server->next_deadline_ns) {
        server->next_deadline_ns = deadline_of(visit);
    }
}

/* Takes `fd` in any case. */
static bool begin_visit(struct rig_tls_endpoint *endpoint, int fd)
{
    struct rig_tls_server *const server = endpoint->server;
    struct rig_tls_visit *const visit = calloc(1, sizeof *visit);

    if (visit == NULL) {
        (void)close(fd);
        return false;
    }
    visit->source.kind = RIG_TLS_SOURCE_CONNECTION;
    visit->endpoint = endpoint;
    visit->observed.evidence = rig_tls_evidence_none();
    visit->fd = fd;
    visit->events = EPOLLIN;
    visit->deadline_ns = rig_wait_ms(endpoint->timeout_ms, NULL).deadline_ns;
    visit->connection = rig_tls_connection_new(endpoint->service, fd, &visit->observed);
    if (visit->connection == NULL) {
        rig_tls_visit_free(visit);
        return false;
    }
    if (!watch(server, EPOLL_CTL_ADD, fd, visit->events, &visit->source)) {
        rig_tls_connection_end(visit->connection, NULL);
        rig_tls_visit_free(visit);
        return false;
    }
    visit->next = endpoint->live;
    if (visit->next != NULL) {
        visit->next->prev = visit;
    }
    endpoint->live = visit;
    if (visit->deadline_ns < server->next_deadline_ns) {
        server->next_deadline_ns = visit->deadline_ns;
    }
    (void)pthread_mutex_lock(&server->lock);
    endpoint->n_came++;
    (void)pthread_mutex_unlock(&server->lock);
    return true;
}

static void watch_listeners(struct rig_tls_server *server, uint32_t events)
{
    for (struct rig_tls_endpoint *e = server->endpoints; e != NULL; e = e->next) {
        if (e->listen_fd >= 0) {
            (void)watch(server, EPOLL_CTL_MOD, e->listen_fd, events, &e->source);
        }
    }
}

/* Without descriptors or memory the connection stays in the queue: look away for a moment, or the
 * loop would spin. */
static void pause_accepting(struct rig_tls_server *server)
{
    watch_listeners(server, 0);
    server->accept_again_ns = rig_wait_ms(ACCEPT_PAUSE_MS, NULL).deadline_ns;
}

static void accept_all(struct rig_tls_server *server, struct rig_tls_endpoint *endpoint)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        const int fd = accept4(endpoint->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            if (!begin_visit(endpoint, fd)) {
                pause_accepting(server);
                return;
            }
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(server);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void end_all(struct rig_tls_endpoint *endpoint, const uint8_t *client_random,
                    const char *reason)
{
    struct rig_tls_visit *next;

    for (struct rig_tls_visit *visit = endpoint->live; visit != NULL; visit = next) {
        const struct rig_tls_evidence *const evidence = &visit->observed.evidence;

        next = visit->next;
        if (client_random == NULL ||
            (evidence->client_hello_seen &&
             memcmp(evidence->client_random, client_random, sizeof evidence->client_random) == 0)) {
            end_visit(visit, reason);
        }
    }
}

static void stop_serving(struct rig_tls_server *server, struct rig_tls_endpoint *endpoint)
{
    end_all(endpoint, NULL, "ended by the rig");
    if (endpoint->listen_fd >= 0) {
        stop_watching(server, endpoint->listen_fd);
        rig_close_fd(&endpoint->listen_fd);
    }
}

static void forget(struct rig_tls_server *server, struct rig_tls_endpoint *endpoint)
{
    struct rig_tls_endpoint **at = &server->endpoints;

    stop_serving(server, endpoint);
    while (*at != NULL && *at != endpoint) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = endpoint->next;
    }
}

static bool open_endpoint(struct rig_tls_server *server, struct rig_tls_endpoint *endpoint)
{
    const uint32_t events = server->accept_again_ns == 0 ? EPOLLIN : 0;

    if (endpoint->listen_fd >= 0 &&
        !watch(server, EPOLL_CTL_ADD, endpoint->listen_fd, events, &endpoint->source)) {
        return false;
    }
    endpoint->next = server->endpoints;
    server->endpoints = endpoint;
    return true;
}

static void reload(const struct rig_tls_server *server, struct rig_tls_request *request)
{
    struct rig_tls_service *const service = request->endpoint->service;
    struct rig_tls_trust *const old = service->trust;

    request->trust->generation = old->generation + 1;
    service->trust = request->trust;
    request->trust = NULL;
    rig_tls_trust_release(old);
    request->loaded = (struct rig_tls_loaded){.at_ns = rig_now_ns(),
                                              .at_ms = rig_clock_now_ms(server->clock),
                                              .generation = service->trust->generation};
}

static void serve(struct rig_tls_server *server, struct rig_tls_request *request)
{
    request->ok = true;
    if (server->stopping) {
        request->refused = request->kind == RIG_TLS_REQUEST_OPEN ||
                           request->kind == RIG_TLS_REQUEST_CONNECT ||
                           request->kind == RIG_TLS_REQUEST_RELOAD;
    }
    if (request->refused) {
        return;
    }
    switch (request->kind) {
    case RIG_TLS_REQUEST_OPEN:
        request->ok = open_endpoint(server, request->endpoint);
        break;
    case RIG_TLS_REQUEST_CLOSE:
        forget(server, request->endpoint);
        break;
    case RIG_TLS_REQUEST_CONNECT:
        request->ok = begin_visit(request->endpoint, request->fd);
        break;
    case RIG_TLS_REQUEST_RELOAD:
        reload(server, request);
        break;
    case RIG_TLS_REQUEST_CUT:
        end_all(request->endpoint, request->client_random,
                "still open when its evidence was asked for");
        break;
    case RIG_TLS_REQUEST_STOP:
        server->stopping = true;
        break;
    }
}

static void serve_requests(struct rig_tls_server *server)
{
    struct rig_tls_request *batch;

    (void)pthread_mutex_lock(&server->lock);
    batch = server->requests;
    server->requests = NULL;
    (void)pthread_mutex_unlock(&server->lock);
    while (batch != NULL) {
        struct rig_tls_request *const request = batch;

        batch = request->next; /* once done, the request is its owner's again */
        serve(server, request);
        (void)pthread_mutex_lock(&server->lock);
        request->done = true;
        (void)pthread_cond_broadcast(&server->request_done);
        (void)pthread_mutex_unlock(&server->lock);
    }
}

bool rig_tls_request(struct rig_tls_server *server, struct rig_tls_request *request)
{
    bool accepted;

    request->done = false;
    request->refused = false;
    (void)pthread_mutex_lock(&server->lock);
    accepted = !server->stopped;
    if (accepted) {
        request->next = server->requests;
        server->requests = request;
        wake(server->wake_fd);
        while (!request->done) {
            (void)pthread_cond_wait(&server->request_done, &server->lock);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    return accepted && !request->refused;
}

static void time_out(struct rig_tls_visit *visit)
{
    char reason[128];

    (void)snprintf(reason, sizeof reason, "timed out after %lld ms, waiting for %s",
                   (long long)visit->endpoint->timeout_ms,
                   rig_tls_connection_stage(visit->connection));
    end_visit(visit, reason);
}

static void expire(struct rig_tls_server *server)
{
    const int64_t now_ns = rig_now_ns();

    if (server->accept_again_ns != 0 && server->accept_again_ns <= now_ns) {
        server->accept_again_ns = 0;
        watch_listeners(server, EPOLLIN);
    }
    if (server->next_deadline_ns > now_ns) {
        return;
    }
    server->next_deadline_ns = NEVER_NS;
    for (struct rig_tls_endpoint *e = server->endpoints; e != NULL; e = e->next) {
        struct rig_tls_visit *next;

        for (struct rig_tls_visit *visit = e->live; visit != NULL; visit = next) {
            next = visit->next;
            if (visit->deadline_ns <= now_ns) {
                time_out(visit);
            } else if (deadline_of(visit) <= now_ns) {
                rig_tls_connection_expire(visit->connection);
                drive(server, visit);
            } else if (deadline_of(visit) < server->next_deadline_ns) {
                server->next_deadline_ns = deadline_of(visit);
            }
        }
    }
}

static int timeout_ms(const struct rig_tls_server *server)
{
    struct rig_wait until = {.deadline_ns = server->next_deadline_ns};
    int64_t left_ms;

    if (server->accept_again_ns != 0 && server->accept_again_ns < until.deadline_ns) {
        until.deadline_ns = server->accept_again_ns;
    }
    if (until.deadline_ns == NEVER_NS) {
        return -1;
    }
    left_ms = rig_wait_left_ms(until);
    return left_ms < MAX_EPOLL_WAIT_MS ? (int)left_ms : MAX_EPOLL_WAIT_MS;
}

static void handle(struct rig_tls_server *server, struct rig_tls_source *source)
{
    uint64_t count;

    switch (source->kind) {
    case RIG_TLS_SOURCE_WAKE:
        if (read(server->wake_fd, &count, sizeof count) < 0) {
            /* nothing to read: a spurious event */
        }
        break;
    case RIG_TLS_SOURCE_LISTENER:
        accept_all(server, (struct rig_tls_endpoint *)source);
        break;
    case RIG_TLS_SOURCE_CONNECTION:
        drive(server, (struct rig_tls_visit *)source);
        break;
    }
}

/*
 * From here on requests are refused; those that came before are answered last. An endpoint stays
 * valid until `stopped` is seen, since its owner has to ask the loop before freeing it.
 */
static void shut_down(struct rig_tls_server *server)
{
    for (struct rig_tls_endpoint *e = server->endpoints; e != NULL; e = e->next) {
        stop_serving(server, e);
    }
    (void)pthread_mutex_lock(&server->lock);
    server->stopped = true;
    for (const struct rig_tls_endpoint *e = server->endpoints; e != NULL; e = e->next) {
        wake(e->ready_fd);
    }
    server->endpoints = NULL;
    (void)pthread_mutex_unlock(&server->lock);
    serve_requests(server);
}

void *rig_tls_loop(void *arg)
{
    struct rig_tls_server *const server = arg;
    struct epoll_event events[EVENTS_AT_ONCE];

    while (!server->stopping) {
        const int n = epoll_wait(server->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms(server));

        /* an event never outlives its object: those of this batch end only by their own event, or
         * below */
        for (int i = 0; i < n; i++) {
            handle(server, events[i].data.ptr);
        }
        serve_requests(server);
        expire(server);
    }
    shut_down(server);
    return NULL;
}
