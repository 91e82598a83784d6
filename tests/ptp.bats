#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# pmc and ptp4l over their Unix socket, with strace as the witness of the same run.

load helper

setup() {
    begin_test
    start_ptp4l
}

get() { # COMMAND...
    start_strace "$ptp4l"
    record 0 "${pmc[@]}" "$@"
    stop_strace
    "$tests/strace_messages.py" server "$work/strace" "$recording" "$ptp"
    same_rows
}

# bats test_tags=kernel
@test "pmc GET of one data set each" {
    local set
    for set in CURRENT_DATA_SET DEFAULT_DATA_SET PARENT_DATA_SET TIME_PROPERTIES_DATA_SET \
        TIME_STATUS_NP PORT_DATA_SET GRANDMASTER_SETTINGS_NP; do
        get "GET $set"
        equal "$(jq '[.conversations[].exchanges[]] | length' "$work/fixture.json")" 1 "$set"
    done
}

responses() {
    jq '[.conversations[].exchanges[].responses[]] | length' "$work/fixture.json"
}

# The real pmc asks all at once, which the patient one does not; so it may end without an answer, and is
# run again then.
@test "pmc GET of several data sets in one conversation" {
    pmc[0]=/usr/sbin/pmc
    for _ in {1..20}; do
        get 'GET CURRENT_DATA_SET' 'GET DEFAULT_DATA_SET' 'GET PORT_DATA_SET'
        [ "$(responses)" -lt 3 ] || break
    done
    equal "$(jq '.conversations | length' "$work/fixture.json")" 1
    equal "$(jq '[.conversations[].exchanges[].requests[]] | length' "$work/fixture.json")" 3
    equal "$(responses)" 3
}

@test "pmc and ptp4l know each other by these addresses" {
    get 'GET CURRENT_DATA_SET'
    equal "$(jq -r 'select(.data) | .address + " " + .peer.address' "$recording" | sort -u)" \
        "$work/pmc $ptp"
}

@test "strace inside the observed tree saw the same" {
    if [ "${SOCKFIXTURE_BACKEND:-}" = ptrace ]; then
        skip 'a process has one tracer'
    fi
    record 0 strace -f -yy -xx -s 65536 -o "$work/strace" "${pmc[@]}" 'GET PARENT_DATA_SET'
    "$tests/strace_messages.py" client "$work/strace" "$recording" "$work"
}

# Its time stamps come back to it through the error queues of its sockets: no messages.
@test "ptp4l itself" {
    mkdir own
    sed "s|$ptp|$work/own/ptp4l|" ptp4l.conf > own.conf
    record 0 -s "$work/own/ptp4l" sh -c '
        ptp4l -f "$1" -i lo -S & daemon=$!
        until [ -S "$2" ]; do sleep 0.1; done
        pmc -u -b 0 -s "$2" -i "$2.pmc" "GET CURRENT_DATA_SET"
        kill $daemon
        wait $daemon || true' sh "$work/own.conf" "$work/own/ptp4l"
    equal "$(jq -r 'select(.data) | .call + " " + .direction' "$recording" | paste -s)" \
        $'send request\tsend response'
}
