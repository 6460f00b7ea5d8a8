# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For scripts that run inside of the machine of ci/usb-vm (busybox sh): source it with `. /rig/lib.sh`.

VFTDI_PORT=3240
VFTDI_CONTROL=/tmp/vftdi.control

fail() {
    echo "FAIL: $*"
    exit 1
}

# within SECONDS COMMAND...: until the command succeeds
within() {
    within_end=$(($(cut -d. -f1 /proc/uptime) + $1))
    shift
    until "$@"; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt "$within_end" ] || return 1
        sleep 0.05
    done
}

# start_board NAME PORT [OPTION]...: a vboard; its counters are in /out/NAME.stats
start_board() {
    board=$1
    board_port=$2
    shift 2
    vboard --name "$board" --listen "127.0.0.1:$board_port" --stats "/out/$board.stats" "$@" >"/tmp/$board.out" 2>"/out/$board.err" &
    echo $! >"/tmp/$board.pid"
    within 60 grep -qs '^rfc2217://' "/tmp/$board.out" || fail "$board does not start: $(cat "/out/$board.err")"
}

# board_mac NUMBER: a MAC of its own for each board
board_mac() {
    printf '24:0a:c4:00:01:%02x' "$1"
}

# start_ftdi OPTION...: vftdi with a control socket
start_ftdi() {
    vftdi --listen "127.0.0.1:$VFTDI_PORT" --control "$VFTDI_CONTROL" "$@" >/tmp/vftdi.out 2>/out/vftdi.err &
    echo $! >/tmp/vftdi.pid
    within 60 grep -qs '^usbip://' /tmp/vftdi.out || fail "vftdi does not start: $(cat /out/vftdi.err)"
}

# attach BUSID [PORT]: plugs a chip into the kernel's virtual controller
attach() {
    vhci-attach "127.0.0.1:$VFTDI_PORT" "$@" >/dev/null || fail "cannot attach $1"
}

plug() {
    vftdi --tell "$VFTDI_CONTROL" plug "$1" || fail "cannot plug $1"
}

unplug() {
    vftdi --tell "$VFTDI_CONTROL" unplug "$1" || fail "cannot unplug $1"
}

# wait_ttys N: until there are exactly N /dev/ttyUSB*
n_ttys() {
    [ "$(find /dev -name 'ttyUSB*' | wc -l)" -eq "$1" ]
}
wait_ttys() {
    within 30 n_ttys "$1" || fail "wanted $1 ttys, there are: $(find /dev -name 'ttyUSB*' | tr '\n' ' '); $(dmesg | tail -n 20)"
}

# run_suite SUITE [OPTION]...: on bench.yaml; every board has to pass
run_suite() {
    suite=$1
    shift
    rig run "/rig/suites/$suite.yaml" --bench bench.yaml --out /out/run --junit /out/junit.xml "$@" >/out/log 2>&1
    code=$?
    if [ "$code" -ne 0 ]; then
        cat /out/log
        fail "rig run ended with $code"
    fi
    sed -n '/^board  *device id/,$p' /out/log
}

# What the kernel has logged as a warning or worse since the script started. "vhci_device speed not set" is the virtual
# controller's own, at every attach: the hub asks for the port's state before the port has it. "interrupt took" says that the
# emulated machine stood still for a moment.
kernel_complaints() {
    dmesg -r | sed '1,/usb-vm: the script starts/d' | awk -F '[<>]' '$2 % 8 <= 4' |
        grep -vE 'vhci_hcd: vhci_device speed not set|hrtimer: interrupt took'
}
kernel_is_content() { # kernel_is_content [PATTERN]: lines that must be expected here, and say nothing
    if kernel_complaints | grep -vE "${1:-^$}" >/tmp/complaints; then
        cat /tmp/complaints
        fail "the kernel complains"
    fi
}
