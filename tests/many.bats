#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Many clients at once: no exchange lost or mixed up, and where the buffer overflows, an exact count.
#
# MANY_CLIENTS, MANY_EXCHANGES: of the large run (1000 and 1000; 50 and 50 with SOCKFIXTURE_SUITE=guest)

load helper

setup_file() {
    if [ "${SOCKFIXTURE_SUITE:-}" = guest ]; then
        export MANY_CLIENTS=${MANY_CLIENTS:-50} MANY_EXCHANGES=${MANY_EXCHANGES:-50}
    fi
}

clients=${MANY_CLIENTS:-1000}
exchanges=${MANY_EXCHANGES:-1000}

many() { # TYPE CLIENTS EXCHANGES
    record 0 -q "$programs/many" --type "$1" --path "$path" --clients "$2" --exchanges "$3"
    equal "$("$tests/check_many.py" recording "$recording" "$2" "$3")" "$((2 * $2 * $3)) 0"
    equal "$("$tests/check_many.py" fixture "$work/fixture.json" "$2" "$3")" "$((2 * $2 * $3)) 0"
}

# bats test_tags=kernel
@test "100 clients at once: streams" {
    many stream 100 50
}

@test "100 clients at once: seqpackets" {
    many seqpacket 100 50
}

@test "100 clients at once: datagrams, all to one socket of the server" {
    many dgram 100 50
}

@test "1,000 clients at once, 1,000 exchanges each" {
    many stream "$clients" "$exchanges"
}

# The consumer is stopped on purpose while all is said, with a buffer that cannot hold it.
# bats test_tags=kernel
@test "what the buffer cannot hold is counted to the message and the byte" {
    local counts status=0 backend
    background "${sockfixture[@]}" -q --buffer-size 64K -w "$recording" "$programs/many" \
        --path "$path" --clients 20 --exchanges 500 --done "$work/done" --begin "$work/begin"
    wait_until 30 test -e "$work/ready"
    kill -STOP "$pid"
    touch "$work/begin"
    # A tracer that stops, stops whom it traces; everyone else goes on.
    wait_until 15 test -e "$work/done" || true
    kill -CONT "$pid"
    finish "$pid" || status=$?
    cat "$work/background.out" >&2
    backend=$(backend_of "$recording")
    read -r -a counts < <("$tests/check_many.py" lossy-recording "$recording" 20 500)
    if [ "$backend" = ptrace ]; then
        equal "${counts[1]} $status" '0 0'
    else
        [ "${counts[1]}" -gt 0 ] || fail 'nothing was lost: this shows nothing'
        equal "$status" 3
        grep -E " ${counts[1]} messages? (was|were) lost" "$work/background.out"
    fi
}
