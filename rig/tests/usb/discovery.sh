# SPDX-License-Identifier: Apache-2.0
# `rig boards` finds eight boards on four kinds of chips, each with its chip, MAC, USB path, serial number and interface, in
# less than three seconds, without a reset while their agents answer; the first bench file that it writes runs.
# shellcheck shell=sh
. /rig/lib.sh

for n in 1 2 3 4 5 6 7 8; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
done
start_ftdi --device ft4232h,serial=FTSHELF1,a=127.0.0.1:4001,b=127.0.0.1:4002,c=127.0.0.1:4003,d=127.0.0.1:4004 \
    --device ft2232h,serial=FTDUAL1,a=127.0.0.1:4005,b=127.0.0.1:4006 \
    --device ft232r,serial=FTONE1,a=127.0.0.1:4007 --device ft230x,serial=FTONE2,a=127.0.0.1:4008
attach 1-1
wait_ttys 4
attach 1-2
wait_ttys 6
attach 1-3
wait_ttys 7
attach 1-4
wait_ttys 8
rig boards || fail "rig boards"
cut -d' ' -f1 /proc/uptime >/tmp/begin
rig boards --write bench.yaml >/out/boards || fail "rig boards --write: $(cat /out/boards)"
cut -d' ' -f1 /proc/uptime >/tmp/end
cat /out/boards bench.yaml
echo "probed in $(echo "$(cat /tmp/end) $(cat /tmp/begin)" | awk '{ print $1 - $2 }') s"
echo "$(cat /tmp/end) $(cat /tmp/begin)" | awk '{ exit !($1 - $2 < 3) }' || fail "probing took three seconds or more"
for n in 1 2 3 4 5 6 7 8; do
    grep -Eq "esp32 +$(board_mac "$n") +agent" /out/boards || fail "board $n is not found"
done
grep -Eq '0403:6011 +[0-9]+-[0-9.]+ +C  FTSHELF1 .*'"$(board_mac 3)" /out/boards || fail "board 3 is not where it is"
grep -Eq '0403:6010 +[0-9]+-[0-9.]+ +B  FTDUAL1 .*'"$(board_mac 6)" /out/boards || fail "board 6 is not where it is"
grep -q 'usb: {serial: "FTDUAL1", interface: B}' bench.yaml || fail "the bench file names no interface"
grep -q 'usb: {serial: "FTONE1"}' bench.yaml || fail "the bench file names no serial number"
run_suite smoke
kernel_is_content
echo "PASS"
