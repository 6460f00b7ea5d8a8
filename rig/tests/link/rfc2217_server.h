/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small RFC 2217 server for tests, one client at a time, in a thread of its own; its telnet
 * parser shares nothing with the client's. It logs every command in the order of arrival, as
 * "|R0 D0 B115200 c2=8 F ", with a '|' before what each read from the socket brought, so a test
 * sees what came in one piece. Commands are acknowledged after they were logged.
 */
#ifndef RIG_TESTS_RFC2217_SERVER_H
#define RIG_TESTS_RFC2217_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_server;

struct test_server_options {
    bool echo;       /* sends data back */
    bool mute;       /* accepts and never says a word */
    bool refuse;     /* DONT COM-PORT-OPTION */
    bool no_control; /* leaves SET-CONTROL unanswered */
    bool hang_up;    /* says "Port already in use" and closes right after accepting */
    bool chatter;    /* options nobody knows, NOTIFY-LINESTATE and -MODEMSTATE before each answer */
    bool babble;     /* data without end while nothing is answered */
    unsigned highest_baud; /* answers with this for a higher one; 0: any */
};

struct test_server *test_server_start(const struct test_server_options *options);
uint16_t test_server_port(const struct test_server *server);
/* Data towards the client, escaped as telnet wants. */
void test_server_send(struct test_server *server, const uint8_t *bytes, size_t n_bytes);
/* Bytes as they are. */
void test_server_send_raw(struct test_server *server, const uint8_t *bytes, size_t n_bytes);
/* From now on the server does not read. */
void test_server_stall(struct test_server *server);
/* Ends the connection: in order, or with a reset. Returns when it is done. */
void test_server_hang_up(struct test_server *server, bool reset);
/* The log so far, in fresh memory. */
char *test_server_log(struct test_server *server);
void test_server_clear_log(struct test_server *server);
void test_server_stop(struct test_server *server);

#endif
