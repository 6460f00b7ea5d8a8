# SPDX-License-Identifier: Apache-2.0
# CBUS pins drive EN and IO0 beside the UART of the same chip: eight boards at once, each on an FT232R or an FT-X of its own.
# A ninth chip, whose EEPROM has not freed the pins, is named, and its board ends in error.
# shellcheck shell=sh
. /rig/lib.sh

suite=${1:-smoke}

{
    echo 'rig: 1'
    echo 'boards:'
} >bench.yaml
set --
for n in 1 2 3 4 5 6 7 8; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")" --wiring direct
    # by turns FT232R and FT-X, and of each kind two with EN and IO0 on CBUS0 and 1, two on CBUS2 and 3
    model=$(echo 'ft232r ft230x' | cut -d' ' -f$((2 - n % 2)))
    en=$(((n - 1) / 2 % 2 * 2))
    boot=$((en + 1))
    set -- "$@" --board "b$n=127.0.0.1:$((4000 + n))" \
        --device "$model,serial=FTCBUS$n,iomode=$en$boot,a=b$n,cbus$en=b$n.en,cbus$boot=b$n.io0"
    printf '  - {id: b%s, port: "ftdi://FTCBUS%s:A", lines: {controller: ftdi-cbus, chip: FTCBUS%s, en: %s, boot: %s}}\n' \
        "$n" "$n" "$n" "$en" "$boot" >>bench.yaml
done
start_board b9 4009 --mac "$(board_mac 9)" --wiring direct
start_ftdi "$@" --board b9=127.0.0.1:4009 --device ft232r,serial=FTCBUS9,a=b9,cbus0=b9.en,cbus1=b9.io0
for n in 1 2 3 4 5 6 7 8 9; do
    attach "1-$n"
done
wait_ttys 9
run_suite "$suite"
wait_ttys 9
cat >bench.yaml <<'END'
rig: 1
boards:
  - {id: b9, port: "ftdi://FTCBUS9:A", lines: {controller: ftdi-cbus, chip: FTCBUS9, en: 0, boot: 1}}
END
rig run /rig/suites/smoke.yaml --bench bench.yaml --out /out/blank >/out/blank.log 2>&1
code=$?
grep -i eeprom /out/blank.log || fail "nothing is said about the EEPROM: $(cat /out/blank.log)"
[ "$code" -eq 3 ] || fail "a chip without GPIO ended with $code, wanted 3 (error)"
kernel_is_content
echo "PASS"
