# SPDX-License-Identifier: Apache-2.0
# A port in use is refused with the name and number of the process that has it, whether that is another rig on the tty, a
# rig on the same interface by libftdi1, or a program that knows no locks; a killed rig leaves no lock, and its interface
# goes back to the kernel.
# shellcheck shell=sh
. /rig/lib.sh

start_board b1 4001 --mac "$(board_mac 1)"
start_board b2 4002 --mac "$(board_mac 2)"
start_ftdi --device ft232r,serial=FTLOCK1,a=127.0.0.1:4001 --device ft4232h,serial=FTLOCK2,a=127.0.0.1:4002
attach 1-1
wait_ttys 1
attach 1-2
wait_ttys 5

refused() { # refused WORDS ADDRESS: the reset must fail so
    rig reset "$2" >/tmp/refused 2>&1 && fail "$2 was taken although it is in use"
    grep -q "$1" /tmp/refused || fail "wanted '$1', got: $(cat /tmp/refused)"
    cat /tmp/refused
}

echo "--- a rig on the tty"
rig monitor /dev/ttyUSB0 >/tmp/monitor 2>&1 &
holder=$!
within 20 sh -c "ls -l /proc/$holder/fd | grep -q ttyUSB0" || fail "the monitor does not open its port"
sleep 0.5
refused "process $holder (rig)" /dev/ttyUSB0
refused "process $holder (rig)" usb://FTLOCK1
refused "process $holder (rig)" ftdi://FTLOCK1
kill -9 "$holder"
wait "$holder" 2>/dev/null
rig reset /dev/ttyUSB0 || fail "the lock of a killed rig is still there"

echo "--- a program without locks"
sleep 1000 </dev/ttyUSB0 &
holder=$!
within 20 sh -c "ls -l /proc/$holder/fd | grep -q ttyUSB0" || fail "sleep does not open the port"
refused "process $holder (sleep)" /dev/ttyUSB0
refused "process $holder (sleep)" ftdi://FTLOCK1
kill "$holder"
wait "$holder" 2>/dev/null

echo "--- a rig on libftdi1, killed"
rig monitor ftdi://FTLOCK2:A >/tmp/monitor 2>&1 &
holder=$!
wait_ttys 4
refused "process $holder (rig)" ftdi://FTLOCK2:A
kill -9 "$holder"
wait "$holder" 2>/dev/null
rig boards || fail "rig boards"
wait_ttys 5
rig reset usb://FTLOCK2:A || fail "the tty does not work after it was given back"
rig monitor ftdi://FTLOCK2:A >/tmp/monitor 2>&1 &
holder=$!
wait_ttys 4
kill -9 "$holder"
wait "$holder" 2>/dev/null
rig reset usb://FTLOCK2:A || fail "the next start does not repair the port"
wait_ttys 5
kernel_is_content
echo "PASS"
