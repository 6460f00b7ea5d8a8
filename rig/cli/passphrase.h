/* SPDX-License-Identifier: Apache-2.0 */
/* Where the local CA's passphrase comes from: --ca-passphrase-file, else RIG_CA_PASSPHRASE, else
 * there is none. */
#ifndef RIG_CLI_PASSPHRASE_H
#define RIG_CLI_PASSPHRASE_H

#include "rig/cli/cli.h"

/* Appends it to `passphrase`, which must be marked secret; empty when there is none. A file that
 * others may read is refused (USAGE). */
RIG_CHECKED rig_result rig_cli_passphrase(const struct rig_cli *cli, struct rig_buf *passphrase,
                                          struct rig_error *err);

#endif
