# SPDX-License-Identifier: Apache-2.0
# A board that is plugged in during `rig run --wait` joins and passes, found by its serial number; one that never comes ends
# in error.
# shellcheck shell=sh
. /rig/lib.sh

for n in 1 2; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
done
start_ftdi --device ft232r,serial=FTHERE1,a=127.0.0.1:4001 --device ft2232h,serial=FTLATE1,b=127.0.0.1:4002
attach 1-1
wait_ttys 1
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: here, usb: {serial: FTHERE1}}
  - {id: late, usb: {serial: FTLATE1, interface: B}}
  - {id: never, usb: {serial: FTNEVER1}, tags: [absent]}
END
rig run /rig/suites/smoke.yaml --bench bench.yaml --board here --board late --wait 120 --out /out/run >/out/log 2>&1 &
run=$!
within 60 grep -q '^here .*identify .*pass' /out/log || fail "the board that is there does not begin: $(cat /out/log)"
grep -q '^late' /out/log && fail "the board that is not there has begun"
attach 1-2
wait "$run" || {
    cat /out/log
    fail "rig run failed"
}
cat /out/log
grep -q '^late .* pass  *[0-9]' /out/log || fail "the late board did not pass"
rig run /rig/suites/smoke.yaml --bench bench.yaml --tag absent --wait 1 --out /out/absent >/out/absent.log 2>&1
code=$?
[ "$code" -eq 3 ] || fail "a board that never comes: rig run ended with $code"
grep -q "no USB device with serial number 'FTNEVER1' is plugged in" /out/absent.log || fail "$(cat /out/absent.log)"
kernel_is_content
echo "PASS"
