/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/server.h"

#include "rig/tls/loop.h"
#include "rig/tls/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static void free_server(struct rig_tls_server *server)
{
    rig_close_fd(&server->epoll_fd);
    rig_close_fd(&server->wake_fd);
    (void)pthread_cond_destroy(&server->request_done);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

static void leave_server(struct rig_tls_server *server)
{
    unsigned n_left;

    (void)pthread_mutex_lock(&server->lock);
    n_left = --server->n_users;
    (void)pthread_mutex_unlock(&server->lock);
    if (n_left == 0) {
        free_server(server);
    }
}

static rig_result open_loop(struct rig_tls_server *server, struct rig_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server->wake_source};

    server->wake_source.kind = RIG_TLS_SOURCE_WAKE;
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->epoll_fd < 0 || server->wake_fd < 0 ||
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->wake_fd, &event) != 0) {
        return rig_fail_errno(err, errno, "cannot set up the test server");
    }
    return RIG_DONE;
}

/* Signals belong to the program's own threads; and a write to a connection that is gone must not
 * raise SIGPIPE. */
static rig_result start_thread(struct rig_tls_server *server, struct rig_error *err)
{
    sigset_t all;
    sigset_t before;
    int failed;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&server->thread, NULL, rig_tls_loop, server);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return rig_fail_errno(err, failed, "cannot start the test server's thread");
    }
    return RIG_DONE;
}

static struct rig_tls_server *new_server(const struct rig_clock *clock)
{
    struct rig_tls_server *const server = calloc(1, sizeof *server);

    if (server == NULL) {
        return NULL;
    }
    server->clock = clock != NULL ? clock : &rig_clock_system;
    server->epoll_fd = -1;
    server->wake_fd = -1;
    server->next_deadline_ns = INT64_MAX;
    server->n_users = 1;
    if (pthread_mutex_init(&server->lock, NULL) != 0) {
        free(server);
        return NULL;
    }
    if (pthread_cond_init(&server->request_done, NULL) != 0) {
        (void)pthread_mutex_destroy(&server->lock);
        free(server);
        return NULL;
    }
    return server;
}

rig_result rig_tls_server_start(const struct rig_tls_server_options *options,
                                struct rig_tls_server **server, struct rig_error *err)
{
    struct rig_tls_server *const made = new_server(options->clock);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    result = rig_tls_address_parse(options->bind_address, options->first_port, options->last_port,
                                   &made->address, err);
    if (result.ok) {
        result = open_loop(made, err);
    }
    if (result.ok) {
        result = start_thread(made, err);
    }
    if (!result.ok) {
        free_server(made);
        return result;
    }
    *server = made;
    return RIG_DONE;
}

void rig_tls_server_stop(struct rig_tls_server *server)
{
    struct rig_tls_request request = {.kind = RIG_TLS_REQUEST_STOP};

    if (server == NULL) {
        return;
    }
    (void)rig_tls_request(server, &request);
    (void)pthread_join(server->thread, NULL);
    leave_server(server);
}

static void free_endpoint(struct rig_tls_endpoint *endpoint)
{
    struct rig_tls_visit *next;

    for (struct rig_tls_visit *visit = endpoint->ended; visit != NULL; visit = next) {
        next = visit->next;
        rig_tls_visit_free(visit);
    }
    rig_tls_service_free(endpoint->service);
    rig_close_fd(&endpoint->listen_fd);
    rig_close_fd(&endpoint->ready_fd);
    free(endpoint);
}

/* Ports are taken in turn, so that a late packet for one case does not meet the next case. */
static rig_result listen_somewhere(struct rig_tls_server *server, struct rig_tls_endpoint *endpoint,
                                   struct rig_error *err)
{
    uint16_t from_port;

    (void)pthread_mutex_lock(&server->lock);
    from_port = server->next_port;
    (void)pthread_mutex_unlock(&server->lock);
    RIG_TRY(
        rig_tls_listen(&server->address, from_port, &endpoint->listen_fd, &endpoint->port, err));
    (void)pthread_mutex_lock(&server->lock);
    server->next_port = (uint16_t)(endpoint->port + 1U);
    (void)pthread_mutex_unlock(&server->lock);
    return RIG_DONE;
}

static rig_result set_up_endpoint(struct rig_tls_server *server,
                                  const struct rig_tls_settings *settings,
                                  struct rig_tls_endpoint *endpoint, struct rig_error *err)
{
    RIG_TRY(rig_tls_service_make(settings, server->clock, &endpoint->service, err));
    endpoint->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (endpoint->ready_fd < 0) {
        return rig_fail_errno(err, errno, "cannot set up an endpoint of the test server");
    }
    if (!settings->relay_only) {
        RIG_TRY(listen_somewhere(server, endpoint, err));
    }
    return RIG_DONE;
}

static rig_result server_stopped(struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "the test server was stopped");
}

static rig_result hand_to_loop(struct rig_tls_endpoint *endpoint, struct rig_error *err)
{
    struct rig_tls_server *const server = endpoint->server;
    struct rig_tls_request request = {.kind = RIG_TLS_REQUEST_OPEN, .endpoint = endpoint};

    if (!rig_tls_request(server, &request)) {
        return server_stopped(err);
    }
    if (!request.ok) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_IO,
                        "the test server cannot watch another endpoint (epoll refused it)");
    }
    (void)pthread_mutex_lock(&server->lock);
    server->n_users++;
    (void)pthread_mutex_unlock(&server->lock);
    return RIG_DONE;
}

rig_result rig_tls_endpoint_open(struct rig_tls_server *server,
                                 const struct rig_tls_settings *settings,
                                 struct rig_tls_endpoint **endpoint, struct rig_error *err)
{
    struct rig_tls_endpoint *const made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->source.kind = RIG_TLS_SOURCE_LISTENER;
    made->server = server;
    made->listen_fd = -1;
    made->ready_fd = -1;
    made->ended_tail = &made->ended;
    made->timeout_ms = settings->connection_timeout_ms;
    result = set_up_endpoint(server, settings, made, err);
    if (result.ok) {
        result = hand_to_loop(made, err);
    }
    if (!result.ok) {
        free_endpoint(made);
        return result;
    }
    *endpoint = made;
    return RIG_DONE;
}

uint16_t rig_tls_endpoint_port(const struct rig_tls_endpoint *endpoint)
{
    return endpoint->port;
}

static rig_result set_nonblocking(int fd, struct rig_error *err)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return rig_fail_errno(err, errno, "cannot set up a socket pair for the relay");
    }
    return RIG_DONE;
}

rig_result rig_tls_endpoint_connect(struct rig_tls_endpoint *endpoint, int *fd,
                                    struct rig_error *err)
{
    int pair[2];
    struct rig_tls_request request = {.kind = RIG_TLS_REQUEST_CONNECT, .endpoint = endpoint};

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return rig_fail_errno(err, errno, "cannot make a socket pair for the relay");
    }
    RIG_AUTO(rig_close_fd) int ours = pair[0];
    RIG_AUTO(rig_close_fd) int theirs = pair[1];
    RIG_TRY(set_nonblocking(ours, err));
    request.fd = ours;
    if (!rig_tls_request(endpoint->server, &request)) {
        return server_stopped(err);
    }
    (void)rig_take_fd(&ours); /* the loop has it */
    if (!request.ok) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NO_MEMORY,
                        "the test server cannot take another connection");
    }
    *fd = rig_take_fd(&theirs);
    return RIG_DONE;
}

/* Of any connection: the first that sent a ClientHello, else the first at all. */
static struct rig_tls_visit **find_ended(struct rig_tls_endpoint *endpoint,
                                         const uint8_t *client_random)
{
    struct rig_tls_visit **first = NULL;

    for (struct rig_tls_visit **at = &endpoint->ended; *at != NULL; at = &(*at)->next) {
        const struct rig_tls_evidence *const evidence = &(*at)->observed.evidence;

        if (evidence->client_hello_seen &&
            (client_random == NULL ||
             memcmp(evidence->client_random, client_random, sizeof evidence->client_random) == 0)) {
            return at;
        }
        if (client_random == NULL && first == NULL) {
            first = at;
        }
    }
    return first;
}

/* True when `evidence` was filled; *stopped tells whether more can come. */
static bool take_ended(struct rig_tls_endpoint *endpoint, const uint8_t *client_random,
                       struct rig_tls_evidence *evidence, struct rig_tls_capture **capture,
                       unsigned *n_strangers, bool *stopped)
{
    struct rig_tls_server *const server = endpoint->server;
    struct rig_tls_visit *found = NULL;
    struct rig_tls_visit **at;

    (void)pthread_mutex_lock(&server->lock);
    at = find_ended(endpoint, client_random);
    if (at != NULL) {
        found = *at;
        *at = found->next;
        if (endpoint->ended_tail == &found->next) {
            endpoint->ended_tail = at;
        }
        endpoint->n_ended--;
        endpoint->n_given++;
    }
    *n_strangers = endpoint->n_came - endpoint->n_given;
    *stopped = server->stopped;
    (void)pthread_mutex_unlock(&server->lock);
    *evidence = rig_tls_evidence_none();
    if (found == NULL) {
        return false;
    }
    *evidence = found->observed.evidence;
    if (capture != NULL) {
        *capture = found->observed.capture;
        found->observed.capture = NULL;
    }
    rig_tls_visit_free(found);
    return true;
}

static void clear_ready(const struct rig_tls_endpoint *endpoint)
{
    uint64_t count;

    if (read(endpoint->ready_fd, &count, sizeof count) < 0) {
        /* nothing was there */
    }
}

rig_result rig_tls_endpoint_evidence_and_capture(struct rig_tls_endpoint *endpoint,
                                                 const uint8_t *client_random,
                                                 struct rig_tls_evidence *evidence,
                                                 struct rig_tls_capture **capture,
                                                 unsigned *n_strangers, struct rig_wait wait,
                                                 struct rig_error *err)
{
    struct rig_tls_request cut = {
        .kind = RIG_TLS_REQUEST_CUT, .endpoint = endpoint, .client_random = client_random};
    bool stopped = false;
    bool over = false;

    if (capture != NULL) {
        *capture = NULL;
    }
    while (!over) {
        rig_result waited;

        clear_ready(endpoint);
        if (take_ended(endpoint, client_random, evidence, capture, n_strangers, &stopped)) {
            return RIG_DONE;
        }
        if (stopped) {
            return server_stopped(err);
        }
        waited = rig_wait_fd(wait, endpoint->ready_fd, POLLIN, "the end of a TLS connection", err);
        if (!waited.ok && err->code != RIG_E_TIMEOUT) {
            return waited;
        }
        over = !waited.ok;
    }
    rig_error_clear(err);
    (void)rig_tls_request(endpoint->server, &cut);
    (void)take_ended(endpoint, client_random, evidence, capture, n_strangers, &stopped);
    return RIG_DONE;
}

rig_result rig_tls_endpoint_evidence(struct rig_tls_endpoint *endpoint,
                                     const uint8_t *client_random,
                                     struct rig_tls_evidence *evidence, unsigned *n_strangers,
                                     struct rig_wait wait, struct rig_error *err)
{
    return rig_tls_endpoint_evidence_and_capture(endpoint, client_random, evidence, NULL,
                                                 n_strangers, wait, err);
}

rig_result rig_tls_endpoint_reload(struct rig_tls_endpoint *endpoint,
                                   const struct rig_tls_trust_texts *trust,
                                   struct rig_tls_loaded *loaded, struct rig_error *err)
{
    const struct rig_tls_service *const service = endpoint->service;
    const struct rig_tls_trust_wish wish = {
        .roots_pem = trust->client_roots_pem,
        .crls_pem =
            service->fault == RIG_TLS_FAULT_STALE_CRL ? service->first_crls_pem : trust->crls_pem,
        .crl_check = service->crl_check,
        .fault = service->fault,
    };
    struct rig_tls_request request = {.kind = RIG_TLS_REQUEST_RELOAD, .endpoint = endpoint};

    if (service->asks_certificate && trust->client_roots_pem == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "a reload without root certificates would refuse every board: give the "
                        "roots too");
    }
    RIG_TRY_IN(rig_tls_trust_make(&wish, &request.trust, err), err, "reload of trust");
    if (!rig_tls_request(endpoint->server, &request)) {
        rig_tls_trust_release(request.trust);
        return server_stopped(err);
    }
    *loaded = request.loaded;
    return RIG_DONE;
}

void rig_tls_endpoint_close(struct rig_tls_endpoint *endpoint)
{
    struct rig_tls_request request = {.kind = RIG_TLS_REQUEST_CLOSE, .endpoint = endpoint};
    struct rig_tls_server *server;

    if (endpoint == NULL) {
        return;
    }
    server = endpoint->server;
    (void)rig_tls_request(server, &request);
    free_endpoint(endpoint);
    leave_server(server);
}
