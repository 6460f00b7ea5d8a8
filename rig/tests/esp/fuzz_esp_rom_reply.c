/* SPDX-License-Identifier: Apache-2.0 */
/* Any packet as the reply to each command: no byte beyond it is touched, the payload lies inside.
 */
#include "rig/esp/rom_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t payloads[] = {0, 32, 64, 20, RIG_ROM_PAYLOAD_ANY};

    for (unsigned op = 0; op < 0x20; op++) {
        for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
            struct rig_rom_reply reply;
            const enum rig_rom_match match =
                rig_rom_reply_match(data, size, (enum rig_rom_op)op, payloads[i], &reply);

            if (match == RIG_ROM_OK &&
                (reply.payload < data || reply.payload + reply.n_payload > data + size)) {
                abort();
            }
            (void)rig_rom_error_text(reply.error);
        }
        (void)rig_rom_op_name((enum rig_rom_op)op);
    }
    return 0;
}
