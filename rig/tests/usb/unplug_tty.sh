# SPDX-License-Identifier: Apache-2.0
# A plug is pulled in the middle of a flash: that board ends in error and says so at once, the other one passes, and after
# the plug is back the board passes on the same tty.
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
  - {id: b1, port: /dev/ttyUSB0}
  - {id: b2, port: /dev/ttyUSB1}
END
rig run /rig/suites/smoke.yaml --bench bench.yaml --out /out/run --junit /out/junit.xml >/out/log 2>&1 &
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
echo "noticed after $(echo "$(cat /tmp/noticed) $(cat /tmp/pulled)" | awk '{ print $1 - $2 }') s"
echo "$(cat /tmp/noticed) $(cat /tmp/pulled)" | awk '{ exit !($1 - $2 <= 2) }' || fail "the lost board was noticed too late"
grep -q '^b1 .*/flash .*error' /out/log || fail "the flash step of b1 is no error"
grep -q '^b2 .* pass  *[0-9]' /out/log || fail "b2 did not pass"
wait_ttys 1
plug FTPULL1
attach 1-1 0
wait_ttys 2
[ -e /dev/ttyUSB0 ] || fail "the tty of the pulled board has another name now: something still holds it"
rig run /rig/suites/smoke.yaml --bench bench.yaml --board b1 --out /out/again >/out/again.log 2>&1 || {
    cat /out/again.log
    fail "b1 does not pass after the plug is back"
}
# a plug that is pulled in the middle of a transfer leaves it with EPROTO, and the driver says so
kernel_is_content 'ftdi_sio ttyUSB0: .*: -71$'
echo "PASS"
