# SPDX-License-Identifier: Apache-2.0
# A plug is pulled while libftdi1 has the chip: that board ends in error, says so within two seconds and names the cause; the
# other board passes; with the plug back, the same board passes again, so nothing is still held.
# shellcheck shell=sh
. /rig/lib.sh

start_board b1 4001 --mac "$(board_mac 1)" --pace esp32
start_board b2 4002 --mac "$(board_mac 2)"
start_ftdi --device ft232r,serial=FTPULL1,a=127.0.0.1:4001 --device ft232r,serial=FTPULL2,a=127.0.0.1:4002
attach 1-1
wait_ttys 1
attach 1-2
wait_ttys 2
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: b1, usb: {serial: FTPULL1, via: ftdi}}
  - {id: b2, usb: {serial: FTPULL2, via: ftdi}}
END
rig run /rig/suites/smoke.yaml --bench bench.yaml --out /out/run >/out/log 2>&1 &
run=$!
within 60 grep -q '^b1 .*/sign .*pass' /out/log || fail "b1 does not get to its flash step: $(cat /out/log)"
sleep 0.1
unplug FTPULL1
cut -d' ' -f1 /proc/uptime >/tmp/pulled
within 30 grep -q '^b1 .*/flash ' /out/log || fail "b1 does not end: $(cat /out/log)"
cut -d' ' -f1 /proc/uptime >/tmp/noticed
wait "$run"
code=$?
cat /out/log
[ "$code" -eq 3 ] || fail "rig run ended with $code, wanted 3 (error)"
echo "$(cat /tmp/noticed) $(cat /tmp/pulled)" | awk '{ print "noticed after " $1 - $2 " s"; exit !($1 - $2 <= 2) }' ||
    fail "the lost board was noticed too late"
grep -q '^b1 .*/flash .*error.*unplugged' /out/log || fail "the flash step of b1 does not name the cause"
grep -Eq '^b2 .* (pass|flaky)  *[0-9]' /out/log || fail "b2 did not pass"
plug FTPULL1
attach 1-1 0
wait_ttys 2
rig run /rig/suites/smoke.yaml --bench bench.yaml --board b1 --out /out/again >/out/again.log 2>&1 || {
    cat /out/again.log
    fail "b1 does not pass after the plug is back"
}
kernel_is_content
echo "PASS"
