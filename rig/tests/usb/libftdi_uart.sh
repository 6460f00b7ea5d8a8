# SPDX-License-Identifier: Apache-2.0
# Bytes, baud and DTR/RTS by libftdi1, past the tty: eight boards at once, each with the classic circuit on an interface of
# its own, of every kind of chip: FT4232H, FT2232H, FT232R, FT-X. The kernel gets its ttys back afterwards.
# shellcheck shell=sh
. /rig/lib.sh

{
    echo 'rig: 1'
    echo 'boards:'
} >bench.yaml
n=0
for interface in FTSHELF1:A FTSHELF1:B FTSHELF1:C FTSHELF1:D FTDUAL1:A FTDUAL1:B FTONE1:A FTONE2:A; do
    n=$((n + 1))
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
    printf '  - {id: b%s, port: "ftdi://%s", mac: "%s"}\n' "$n" "$interface" "$(board_mac "$n")" >>bench.yaml
done
start_ftdi --device ft4232h,serial=FTSHELF1,a=127.0.0.1:4001,b=127.0.0.1:4002,c=127.0.0.1:4003,d=127.0.0.1:4004 \
    --device ft2232h,serial=FTDUAL1,a=127.0.0.1:4005,b=127.0.0.1:4006 \
    --device ft232r,serial=FTONE1,a=127.0.0.1:4007 --device ft230x,serial=FTONE2,a=127.0.0.1:4008
for chip in 1 2 3 4; do
    attach "1-$chip"
done
wait_ttys 8
run_suite "${1:-smoke}"
wait_ttys 8
kernel_is_content
echo "PASS"
