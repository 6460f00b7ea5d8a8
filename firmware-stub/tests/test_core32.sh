#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the core for a 32-bit target and looks at what it needs: no libc function beyond those listed (all in
# newlib, none that allocates), no function with a large stack frame, no recursion.
# Usage: test_core32.sh INCLUDE_DIR SOURCE...
set -eu
allowed='memchr memcmp memcpy memmove memset strchr strcmp strlen'
frame_max_bytes=3072
include=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo 'int nothing;' >probe.c
if ! gcc -m32 -c probe.c 2>/dev/null || ! echo '#include <string.h>' | gcc -m32 -fsyntax-only -xc - 2>/dev/null; then
    echo 'SKIP: gcc -m32 has no 32-bit headers here (Debian: gcc-multilib)'
    exit 77
fi
for source in "$@"; do
    # not position-independent: a microcontroller's image is linked to its address
    gcc -m32 -std=c17 -Os -fno-pic -fno-stack-protector -U_FORTIFY_SOURCE -Wall -Wextra -Werror -Wconversion \
        -Wno-sign-conversion -fstack-usage -fcallgraph-info -I "$include" -c "$source"
done
failed=0
for symbol in $(nm -u ./*.o | awk '$1 == "U" { print $2 }' | sort -u); do
    case $symbol in
    agent_* | mbedtls_*) continue ;;
    __udivdi3 | __umoddi3 | __udivmoddi4 | __divdi3 | __moddi3) continue ;; # 64-bit division of libgcc
    esac
    case " $allowed " in
    *" $symbol "*) ;;
    *)
        echo "the core needs $symbol, which is not on the list of allowed functions"
        failed=1
        ;;
    esac
done
awk -F '\t' -v max="$frame_max_bytes" '$2 > max { print $1 " takes " $2 " bytes of stack, more than " max; bad = 1 }
    $3 == "dynamic" { print $1 " has a frame of unknown size"; bad = 1 } END { exit bad }' ./*.su || failed=1
# recursion: a loop in the call graph (tsort names its members), or an edge from a function to itself
grep -h '^edge:' ./*.ci | awk -F '"' '{ print $2, $4 }' | sort -u >edges
if awk '$1 == $2 { print $1 " calls itself"; bad = 1 } END { exit !bad }' edges; then
    failed=1
fi
if ! tsort edges >/dev/null 2>loops; then
    cat loops
    failed=1
fi
[ "$failed" -eq 0 ] && echo "$# sources, 32 bit, largest frame $(cut -f2 ./*.su | sort -n | tail -1) bytes"
exit "$failed"
