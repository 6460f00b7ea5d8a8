# SPDX-License-Identifier: Apache-2.0
# Bytes, baud and DTR/RTS by libftdi1, past the tty: two boards on the two interfaces of an FT2232H and one on an FT232R.
# The kernel gets its ttys back afterwards.
# shellcheck shell=sh
. /rig/lib.sh

for n in 1 2 3; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
done
start_ftdi --device ft2232h,serial=FTDUAL1,a=127.0.0.1:4001,b=127.0.0.1:4002 \
    --device ft232r,serial=FTONE1,a=127.0.0.1:4003
attach 1-1
attach 1-2
wait_ttys 3
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: b1, port: "ftdi://FTDUAL1:A"}
  - {id: b2, port: "ftdi://FTDUAL1:B"}
  - {id: b3, port: "ftdi://FTONE1:A"}
END
run_suite "${1:-smoke}"
wait_ttys 3
kernel_is_content
echo "PASS"
