/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RIG_CLI_VERSION_H
#define RIG_CLI_VERSION_H
#define RIG_VERSION "0.1.0"
#define RIG_VERSION_DATE "2026-11-21"
#endif
