/* SPDX-License-Identifier: Apache-2.0 */
/* The device agent on ESP-IDF: see ports/esp-idf/README.md. */
#ifndef RIG_FIRMWARE_AGENT_ESP_H
#define RIG_FIRMWARE_AGENT_ESP_H

#include <stdbool.h>

struct agent_esp_config {
    int uart;             /* the console's UART, 0 as a rule */
    bool installs_driver; /* false: the firmware has installed the UART driver already (receive
                             buffer >= 1 KiB) */
    bool radio_stays_on; /* Wi-Fi or Bluetooth was started before and is never stopped: it feeds the
                          * random source. false: the agent switches the SAR-ADC noise source on for
                          * each seed; then nobody may use ADC, I2S (ESP32) or the radio while the
                          * agent runs */
    bool has_network;    /* an IP network will be up: offers transport=direct */
};

/* Runs the agent in the calling task (stack 12 KiB or more); does not return except when the UART
 * fails. */
void agent_esp_run(const struct agent_esp_config *config);

#endif
