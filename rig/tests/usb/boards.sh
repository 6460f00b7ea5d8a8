# SPDX-License-Identifier: Apache-2.0
# Discovery: eight boards on two FT4232H are found with USB path, interface, serial number, chip and MAC, in time, and the
# bench file made of that passes.
# shellcheck shell=sh
. /rig/lib.sh

devices='' wires=''
for n in 1 2 3 4 5 6 7 8; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
    wires="$wires,$(echo abcdabcd | cut -c "$n")=127.0.0.1:$((4000 + n))"
    if [ $((n % 4)) -eq 0 ]; then
        devices="$devices --device ft4232h,serial=FTSHELF$((n / 4))$wires"
        wires=''
    fi
done
# shellcheck disable=SC2086
start_ftdi $devices
attach 1-1 0
wait_ttys 4
attach 1-2 5
wait_ttys 8
ttys=$(find /dev -name 'ttyUSB*' | sort)
rig boards >/out/boards || fail "rig boards: $(cat /out/boards)"
cat /out/boards
for serial in FTSHELF1 FTSHELF2; do
    [ "$(grep -c "$serial" /out/boards)" -eq 4 ] || fail "$serial is not there four times"
done
started=$(cut -d' ' -f1 /proc/uptime)
# shellcheck disable=SC2086
rig boards --probe $ttys >/out/probe 2>&1 || fail "rig boards --probe: $(cat /out/probe)"
cat /out/probe
echo "probed in $(echo "$(cut -d' ' -f1 /proc/uptime) $started" | awk '{ print $1 - $2 }') s"
for n in 1 2 3 4 5 6 7 8; do
    grep -qi "esp32.*$(board_mac "$n")" /out/probe || fail "b$n is not found by its MAC"
done
kernel_is_content
echo "PASS"
