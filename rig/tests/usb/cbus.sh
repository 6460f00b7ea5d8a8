# SPDX-License-Identifier: Apache-2.0
# CBUS pins of FT232R and FT-X drive EN and IO0 beside the UART of the same chip. A chip whose EEPROM has not freed the pins
# is named, and its board ends in error.
# shellcheck shell=sh
. /rig/lib.sh

for n in 1 2 3; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")" --wiring direct
done
start_ftdi --board b1=127.0.0.1:4001 --board b2=127.0.0.1:4002 --board b3=127.0.0.1:4003 \
    --device ft232r,serial=FTCBUS1,iomode=01,a=b1,cbus0=b1.en,cbus1=b1.io0 \
    --device ft230x,serial=FTCBUS2,iomode=23,a=b2,cbus2=b2.en,cbus3=b2.io0 \
    --device ft232r,serial=FTCBUS3,a=b3,cbus0=b3.en,cbus1=b3.io0
attach 1-1
wait_ttys 1
attach 1-2
wait_ttys 2
attach 1-3
wait_ttys 3
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: b1, port: "ftdi://FTCBUS1:A", lines: {controller: ftdi-cbus, chip: FTCBUS1, en: 0, boot: 1}}
  - {id: b2, port: "ftdi://FTCBUS2:A", lines: {controller: ftdi-cbus, chip: FTCBUS2, en: 2, boot: 3}}
END
run_suite "${1:-smoke}"
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: b3, port: "ftdi://FTCBUS3:A", lines: {controller: ftdi-cbus, chip: FTCBUS3, en: 0, boot: 1}}
END
rig run /rig/suites/smoke.yaml --bench bench.yaml --out /out/blank >/out/blank.log 2>&1
code=$?
grep -i eeprom /out/blank.log || fail "nothing is said about the EEPROM: $(cat /out/blank.log)"
[ "$code" -eq 3 ] || fail "a chip without GPIO ended with $code, wanted 3 (error)"
kernel_is_content
echo "PASS"
