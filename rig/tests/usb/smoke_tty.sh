# SPDX-License-Identifier: Apache-2.0
# One FT232R wired to a board by the classic circuit: the smoke suite over the kernel's driver. Runs in ci/usb-vm.
# shellcheck shell=sh
. /rig/lib.sh

start_board b1 4001 --mac "$(board_mac 1)"
start_ftdi --device ft232r,serial=FTSMOKE1,a=127.0.0.1:4001
attach 1-1
wait_ttys 1
cat >bench.yaml <<'END'
rig: 1
boards:
  - id: b1
    port: /dev/ttyUSB0
END
rig boards || fail "rig boards"
rig run /rig/suites/smoke.yaml --bench bench.yaml --out /out/run --junit /out/junit.xml || fail "rig run ended with $?"
kernel_is_content
echo '<3>usb-vm: a complaint to see that complaints are seen' >/dev/kmsg
kernel_complaints >/dev/null || fail "a complaint of the kernel goes unnoticed"
echo "PASS"
