# SPDX-License-Identifier: Apache-2.0
# Eight boards at once on two FT4232H, each on an interface of its own with the classic circuit, over the kernel's driver.
# shellcheck shell=sh
. /rig/lib.sh

{
    echo 'rig: 1'
    echo 'boards:'
} >bench.yaml
devices='' wires=''
for n in 1 2 3 4 5 6 7 8; do
    start_board "b$n" $((4000 + n)) --mac "$(board_mac "$n")"
    letter=$(echo 'abcdabcd' | cut -c "$n")
    wires="$wires,$letter=127.0.0.1:$((4000 + n))"
    printf '  - {id: b%s, port: /dev/ttyUSB%s, mac: "%s"}\n' "$n" $((n - 1)) "$(board_mac "$n")" >>bench.yaml
    if [ $((n % 4)) -eq 0 ]; then
        devices="$devices --device ft4232h,serial=FTSHELF$((n / 4))$wires"
        wires=''
    fi
done
# shellcheck disable=SC2086
start_ftdi $devices
attach 1-1
wait_ttys 4
attach 1-2
wait_ttys 8
run_suite "${1:-smoke}"
kernel_is_content
echo "PASS"
