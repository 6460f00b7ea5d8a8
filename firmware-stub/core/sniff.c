/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <string.h>

#define RECORD_CCS 20
#define RECORD_ALERT 21
#define RECORD_HANDSHAKE 22
#define MESSAGE_CLIENT_HELLO 1u
#define MESSAGE_CERTIFICATE 11u
#define RANDOM_OFFSET 2u /* in a ClientHello, behind legacy_version */

void agent_sniff_init(struct agent_sniff *sniff)
{
    memset(sniff, 0, sizeof *sniff);
    sniff->alert = -1;
}

static void message_byte(struct agent_sniff *sniff, uint8_t byte)
{
    uint32_t at = sniff->message_at++;

    sniff->message_left--;
    if (sniff->message_header[0] == MESSAGE_CLIENT_HELLO && !sniff->has_client_random) {
        if (at >= RANDOM_OFFSET && at < RANDOM_OFFSET + 32) {
            sniff->client_random[at - RANDOM_OFFSET] = byte;
            sniff->has_client_random = at == RANDOM_OFFSET + 31;
        }
    } else if (sniff->message_header[0] == MESSAGE_CERTIFICATE && at < 3) {
        sniff->cert_list_len = sniff->cert_list_len << 8 | byte;
    }
}

static void handshake_byte(struct agent_sniff *sniff, uint8_t byte)
{
    if (sniff->message_left > 0) {
        message_byte(sniff, byte);
        return;
    }
    sniff->message_header[sniff->n_message_header++] = byte;
    if (sniff->n_message_header == 4) {
        sniff->n_message_header = 0;
        sniff->message_at = 0;
        sniff->message_left = (uint32_t)sniff->message_header[1] << 16 |
                              (uint32_t)sniff->message_header[2] << 8 | sniff->message_header[3];
        if (sniff->message_header[0] < 32) {
            sniff->seen |= 1u << sniff->message_header[0];
        }
        if (sniff->message_header[0] == MESSAGE_CERTIFICATE) {
            sniff->cert_list_len = 0;
        }
    }
}

static void record_byte(struct agent_sniff *sniff, uint8_t byte)
{
    uint32_t size = (uint32_t)sniff->header[3] << 8 | sniff->header[4];
    uint32_t at = sniff->record_at++;

    sniff->record_left--;
    if (sniff->header[0] == RECORD_CCS) {
        sniff->ciphered = true;
    } else if (sniff->ciphered) {
        return;
    } else if (sniff->header[0] == RECORD_HANDSHAKE) {
        handshake_byte(sniff, byte);
    } else if (sniff->header[0] == RECORD_ALERT && size == 2) {
        sniff->alert_bytes[at] = byte;
        sniff->alert = at == 1 ? sniff->alert_bytes[1] : sniff->alert;
    }
}

void agent_sniff_feed(struct agent_sniff *sniff, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (sniff->record_left > 0) {
            record_byte(sniff, data[i]);
            continue;
        }
        sniff->header[sniff->n_header++] = data[i];
        if (sniff->n_header == 5) {
            sniff->n_header = 0;
            sniff->record_at = 0;
            sniff->record_left = (uint32_t)sniff->header[3] << 8 | sniff->header[4];
        }
    }
}
