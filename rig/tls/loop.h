/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of the test server, and the structs that it shares with the functions that users
 * call. Private to this folder.
 *
 * Two owners: what is marked "loop" is touched by the server's thread alone (before the thread
 * starts and after it ended, by whoever holds the object); what is marked "lock" only with
 * server->lock held. Users change the loop's things by requests: rig_tls_request hands one over and
 * waits until the loop has done it, which never takes longer than the events at hand.
 */
#ifndef RIG_TLS_LOOP_H
#define RIG_TLS_LOOP_H

#include "rig/tls/connection.h"
#include "rig/tls/listener.h"
#include "rig/tls/observe.h"

#include <pthread.h>

enum rig_tls_source_kind {
    RIG_TLS_SOURCE_WAKE,
    RIG_TLS_SOURCE_LISTENER,
    RIG_TLS_SOURCE_CONNECTION,
};

/* What an epoll event points at; embedded first. */
struct rig_tls_source {
    enum rig_tls_source_kind kind;
};

/* A connection that the loop serves, and later its evidence in the endpoint's list. */
struct rig_tls_visit {
    struct rig_tls_source source;
    struct rig_tls_endpoint *endpoint;
    struct rig_tls_connection *connection; /* loop; NULL once it is over */
    struct rig_tls_observed observed;      /* loop, then lock */
    uint32_t events;                       /* loop: what epoll watches for */
    int fd;                                /* loop: which one; owned by the connection */
    int64_t deadline_ns;
    struct rig_tls_visit *next; /* loop: live ones; then lock: ended ones */
    struct rig_tls_visit *prev; /* loop */
};

struct rig_tls_endpoint {
    struct rig_tls_source source;
    struct rig_tls_server *server;
    struct rig_tls_service *service; /* loop */
    int listen_fd;                   /* loop; -1: none */
    uint16_t port;
    int64_t timeout_ms;
    struct rig_tls_visit *live;        /* loop */
    struct rig_tls_endpoint *next;     /* loop */
    int ready_fd;                      /* event descriptor: an end came, or the server stopped */
    struct rig_tls_visit *ended;       /* lock; oldest first */
    struct rig_tls_visit **ended_tail; /* lock */
    unsigned n_ended;                  /* lock */
    unsigned n_came;                   /* lock */
    unsigned n_given;                  /* lock */
};

enum rig_tls_request_kind {
    RIG_TLS_REQUEST_OPEN,    /* serve the endpoint */
    RIG_TLS_REQUEST_CLOSE,   /* forget it and its connections */
    RIG_TLS_REQUEST_CONNECT, /* treat `fd` as accepted; takes it unless refused */
    RIG_TLS_REQUEST_RELOAD,  /* trust `trust` from now on; gives the old one back in its place */
    RIG_TLS_REQUEST_CUT,     /* end its connections, or those with client_random */
    RIG_TLS_REQUEST_STOP,
};

struct rig_tls_request {
    enum rig_tls_request_kind kind;
    struct rig_tls_endpoint *endpoint;
    int fd;
    const uint8_t *client_random;
    struct rig_tls_trust *trust;
    struct rig_tls_loaded loaded;
    bool ok;
    bool refused;                 /* the server is stopping */
    bool done;                    /* lock */
    struct rig_tls_request *next; /* lock */
};

struct rig_tls_server {
    struct rig_tls_address address;
    const struct rig_clock *clock;
    struct rig_tls_source wake_source;
    int epoll_fd;
    int wake_fd;
    pthread_t thread;
    struct rig_tls_endpoint *endpoints; /* loop */
    int64_t next_deadline_ns;           /* loop: not later than the first deadline */
    int64_t accept_again_ns;            /* loop: when listeners are watched again; 0: they are */
    bool stopping;                      /* loop */
    pthread_mutex_t lock;
    pthread_cond_t request_done;
    struct rig_tls_request *requests; /* lock; newest first */
    bool stopped;                     /* lock: the loop has ended or is about to */
    unsigned n_users;                 /* lock: the starter and each open endpoint */
    uint16_t next_port;               /* lock: where the search of the range begins */
};

/* NULL is fine. */
void rig_tls_visit_free(struct rig_tls_visit *visit);

/* The thread: `arg` is the server. */
void *rig_tls_loop(void *arg);

/* Hands over a request and waits until it is done; false when the server has stopped. */
bool rig_tls_request(struct rig_tls_server *server, struct rig_tls_request *request);

#endif
