# SPDX-License-Identifier: Apache-2.0
# A spare FT4232H resets eight boards by bit-bang: EN and IO0 of four boards on interface A, of four on interface B. The
# bytes go over the ttys of two other chips.
# shellcheck shell=sh
. /rig/lib.sh

suite=${1:-smoke}

{
    echo 'rig: 1'
    echo 'boards:'
} >bench.yaml
set --
uarts='' pins=''
for n in 1 2 3 4 5 6 7 8; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")" --wiring direct
    set -- "$@" --board "b$n=127.0.0.1:$((4000 + n))"
    uarts="$uarts,$(echo abcdabcd | cut -c "$n")=b$n"
    channel=$(echo aaaabbbb | cut -c "$n")
    bit=$(((n - 1) % 4 * 2))
    pins="$pins,$channel$bit=b$n.en,$channel$((bit + 1))=b$n.io0"
    printf '  - {id: b%s, port: /dev/ttyUSB%s, lines: {controller: ftdi-bitbang, chip: "FTRESET:%s", en: %s, boot: %s}}\n' \
        "$n" $((n - 1)) "$(echo $channel | tr ab AB)" $bit $((bit + 1)) >>bench.yaml
    if [ $((n % 4)) -eq 0 ]; then
        set -- "$@" --device "ft4232h,serial=FTSHELF$((n / 4))$uarts"
        uarts=''
    fi
done
start_ftdi "$@" --device "ft4232h,serial=FTRESET$pins"
attach 1-1
wait_ttys 4
attach 1-2
wait_ttys 8
attach 1-3
wait_ttys 12
run_suite "$suite"
kernel_is_content
echo "PASS"
