#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# chronyc and chronyd, over their Unix socket and over UDP, with strace as the witness of the same run.

load helper

setup() {
    begin_test
    start_chronyd
}

# Records chronyc while strace watches chronyd from outside.
ask() { # STATUS SOCKET COMMAND [OPTION...]
    start_strace "$chronyd"
    record "$1" chronyc -n "${@:4}" "$3"
    stop_strace
    "$tests/strace_messages.py" server "$work/strace" "$recording" "$2"
    same_rows
}

exchanges() {
    jq '[.conversations[].exchanges[]] | length' "$work/fixture.json"
}

# bats test_tags=kernel
@test "chronyc ntpdata: three exchanges" {
    ask 0 "$chrony" ntpdata -h "$chrony"
    equal "$(exchanges)" 3
    equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording" | uniq)" "$chrony"
    equal "$(jq -r 'select(.data) | .comm' "$recording" | uniq)" chronyc
}

@test "chronyc tracking" {
    ask 0 "$chrony" tracking -h "$chrony"
    equal "$(exchanges)" 1
}

@test "chronyc sources, sourcestats, activity, serverstats" {
    local command
    for command in sources sourcestats activity serverstats; do
        ask 0 "$chrony" "$command" -h "$chrony"
        [ "$(exchanges)" -ge 1 ] || fail "nothing was said for $command"
    done
}

@test "chronyc tracking and sources over UDP" {
    local command
    for command in tracking sources; do
        ask 0 "127.0.0.1:$chrony_port" "$command" -h 127.0.0.1 -p "$chrony_port"
        equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording" | uniq)" \
            "udp:127.0.0.1:$chrony_port"
        equal "$(jq -r 'select(.data) | .family + " " + .type' "$recording" | uniq)" 'inet dgram'
    done
}

@test "chronyc ntpdata over UDP is refused, and that is recorded when asked for" {
    run -4 --separate-stderr "${sockfixture[@]}" -q -o refused.json \
        chronyc -n -h 127.0.0.1 -p "$chrony_port" ntpdata
    says '*1*'
    [ ! -e refused.json ]
    start_strace "$chronyd"
    record 0 --ignore-status chronyc -n -h 127.0.0.1 -p "$chrony_port" ntpdata
    stop_strace
    "$tests/strace_messages.py" server "$work/strace" "$recording" "127.0.0.1:$chrony_port"
}

@test "the Unix socket fails, and chronyc goes to UDP" {
    start_strace "$chronyd"
    record 0 chronyc -n -h "$work/nobody.sock,127.0.0.1" -p "$chrony_port" tracking
    stop_strace
    "$tests/strace_messages.py" server "$work/strace" "$recording" "127.0.0.1:$chrony_port"
}

# strace cannot trace what is traced already.
@test "strace inside the observed tree saw the same" {
    if [ "${SOCKFIXTURE_BACKEND:-}" = ptrace ]; then
        skip 'a process has one tracer'
    fi
    record 0 strace -f -yy -xx -s 65536 -o "$work/strace" chronyc -n -h "$chrony" ntpdata
    "$tests/strace_messages.py" client "$work/strace" "$recording" "$work"
    equal "$(exchanges)" 3
}

@test "-s keeps the conversation with chronyd" {
    record 0 -s "$chrony" sh -c '
        "$1" --path "$2" --type dgram
        chronyc -n -h "$3" tracking' sh "$programs/talk" "$work/other" "$chrony"
    equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording" | uniq)" "$chrony"
}

# The daemon itself, both ends of everything that is said in the tree.
# bats test_tags=kernel
@test "chronyd and chronyc in one observed tree" {
    mkdir -m 0750 "$work/own"
    printf 'port 0\ncmdport 0\nlocal stratum 5\nbindcmdaddress %s\npidfile %s\n' \
        "$work/own/chronyd.sock" "$work/own.pid" > "$work/own.conf"
    record 0 -s "$work/own/chronyd.sock" sh -c '
        chronyd -n -x -u root -f "$1" & daemon=$!
        until chronyc -n -h "$2" tracking > /dev/null 2>&1; do sleep 0.1; done
        chronyc -n -h "$2" tracking
        status=$?
        kill $daemon
        wait $daemon
        exit $status' sh "$work/own.conf" "$work/own/chronyd.sock"
    equal "$(jq -r 'select(.data) | .call' "$recording" | sort -u)" send
    [ "$(exchanges)" -ge 2 ]
}
