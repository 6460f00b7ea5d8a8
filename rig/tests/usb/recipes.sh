# SPDX-License-Identifier: Apache-2.0
# Reset recipes as the board model saw them: every change of the lines in the recipe's order, and no delay shorter than it
# says, over the kernel's driver, by libftdi1, and on bit-bang pins without a circuit between.
# shellcheck shell=sh
. /rig/lib.sh

# saw STATS WANTED...: the changes of EN and IO0 that the board saw, from its first fall of EN on, each as EN IO0; a number
# between two is the least time from one to the next in milliseconds. EN rises by its capacitor 10 ms after it was let go.
saw() {
    saw_file=$1
    shift
    echo "$*" >/tmp/wanted
    sed -n 's/.*"t_ns": \([0-9]*\), "dtr": [01], "rts": [01], "en": \([01]\), "io0": \([01]\)}.*/\1 \2 \3/p' "$saw_file" |
        awk -v wanted_file=/tmp/wanted '
        BEGIN { getline line <wanted_file; n = split(line, wanted, " "); at = 1 }
        { state = $2 $3 }
        state == last || done { next }
        !started && $2 == 1 { last = state; next }
        {
            started = 1
            if (wanted[at] == state && least != "" && ($1 - since) / 1e6 < least) {
                printf "%s came %.1f ms after the change before it, wanted %s ms\n", state, ($1 - since) / 1e6, least
                bad = 1
            }
            if (wanted[at] != state) {
                printf "change %d is %s, wanted %s\n", at, state, wanted[at]
                bad = 1
            }
            at++
            least = ""
            if (wanted[at] ~ /ms$/) { least = wanted[at] + 0; at++ }
            since = $1
            last = state
            if (at > n || bad) done = 1
        }
        END { if (!bad && at <= n) { print "the board saw only the first changes of: " line; bad = 1 } exit bad }' ||
        fail "the board did not see the recipe, $saw_file: $(cat "$saw_file")"
}

classic='D0|R1|W0.1|D1|R0|W0.05|D0'
# without the circuit's capacitor between, only a change of both lines at once goes from reset to the strap
tight='U1,1|U0,1|W0.1|U1,0|W0.05|U0,0'
start_board b1 4001 --mac "$(board_mac 1)"
start_board b2 4002 --mac "$(board_mac 2)"
start_board b3 4003 --mac "$(board_mac 3)" --wiring direct
start_ftdi --board b1=127.0.0.1:4001 --board b2=127.0.0.1:4002 --board b3=127.0.0.1:4003 \
    --device ft232r,serial=FTRECIPE1,a=b1 --device ft232r,serial=FTRECIPE2,a=b2 \
    --device ft2232h,serial=FTRECIPE3,a=b3,b0=b3.en,b1=b3.io0
attach 1-1
wait_ttys 1
attach 1-2
wait_ttys 2
attach 1-3
wait_ttys 4
cat >bench.yaml <<END
rig: 1
boards:
  - {id: b1, port: /dev/ttyUSB0, reset: ["$classic"]}
  - {id: b2, port: "ftdi://FTRECIPE2:A", reset: ["$classic"]}
  - {id: b3, port: /dev/ttyUSB2, reset: ["$tight"], lines: {controller: ftdi-bitbang, chip: "FTRECIPE3:B", en: 0, boot: 1}}
END
for board in b1 b2 b3; do
    rig reset --bench bench.yaml "$board" --download >"/out/$board.log" 2>&1 || fail "rig reset $board: $(cat "/out/$board.log")"
    kill "$(cat "/tmp/$board.pid")"
    within 10 test -s "/out/$board.stats" || fail "$board left no counters"
    within 10 sh -c "! kill -0 $(cat "/tmp/$board.pid") 2>/dev/null" || fail "$board does not end"
    # reset for 100 ms, then IO0 is low as EN rises, and stays so
    saw "/out/$board.stats" 01 100ms 00 10 40ms 11
    echo "$board: as the recipe says"
done
kernel_is_content
echo "PASS"
