# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What every .bats file loads: where things are, processes that never outlive their test, servers.
#
# SOCKFIXTURE: the program to test (build/sockfixture)
# SOCKFIXTURE_BACKEND: the backend to record with (the one that the program takes by itself)
# SOCKFIXTURE_KEEP: a folder in which to keep the recordings that same.py compares (none)

bats_require_minimum_version 1.5.0

tests=$BATS_TEST_DIRNAME
# The languages' tools are the distribution's, whatever else this machine has.
export PATH=$tests/patient:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
unset CDPATH PYTHONPATH

programs=${PROGRAMS:-$tests/../build/tests/programs}
: "${SOCKFIXTURE:=$tests/../build/sockfixture}"

# To record with; the backend's choice is told on standard error, so -q where that is looked at.
# shellcheck disable=SC2034 # used by the tests
sockfixture=("$SOCKFIXTURE" ${SOCKFIXTURE_BACKEND:+--backend "$SOCKFIXTURE_BACKEND"})

# A directory for the test alone; bats has files of its own above it.
begin_test() {
    work=$BATS_TEST_TMPDIR/work
    mkdir "$work"
    recording=$work/recording.jsonl
    log=$work/log
    # shellcheck disable=SC2034 # used by the tests
    path=$work/socket
    cd "$work" || return 1
}

setup() {
    begin_test
}

teardown() {
    stop_background
}

fail() { # WHY...
    echo "$*" >&2
    return 1
}

equal() { # ONE OTHER [WHAT]
    [ "$1" = "$2" ] || fail "${3:-these} differ: $(printf '%q, %q' "$1" "$2")"
}

# Standard error of the last `run --separate-stderr`: one line, from us, that says this (a pattern).
says() { # PATTERN
    # shellcheck disable=SC2154 # set by run
    if [ "${#stderr_lines[@]}" -ne 1 ]; then
        fail "not one line on standard error: $stderr"
        return 1
    fi
    # shellcheck disable=SC2053 # it is a pattern
    [[ $stderr == "sockfixture: "$1 ]] || fail "it says: $stderr, and not: sockfixture: $1"
}

# No file here but these, so nothing half-written was left behind.
only_files() { # NAME...
    equal "$(find "$work" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)" \
        "$(printf '%s\n' "$@" | sort)" 'the files here, and those expected,'
}

# The backend that made a recording.
backend_of() { # RECORDING
    head -n 1 "$1" | jq -r .backend
}

# Waiting.

# CI's machine is busy with guests, browsers and fuzzers; an emulated guest on it is slower still:
# loading the BPF programs alone takes it a while.
patience=4
[ "${SOCKFIXTURE_SUITE:-}" != guest ] || patience=8

wait_until() { # SECONDS COMMAND [ARG...]
    local end=$((SECONDS + $1 * patience))
    shift
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { fail "waited in vain for: $*"; return 1; }
        sleep 0.02
    done
}

is_sanitized() {
    ldd "$SOCKFIXTURE" | grep -q libasan
}

# Processes that a test leaves running while it goes on. Each has a process group of its own, whose
# number is kept, so that the group can be ended whatever happened to the test.

background() { # COMMAND [ARG...]; its pid is then in $pid
    setsid env --default-signal=INT,QUIT,HUP "$@" >> "$work/background.out" 2>&1 3>&- &
    pid=$!
    groups+=("$pid")
}

ended() { # PID
    ! kill -0 "$1" 2> /dev/null
}

# Waits for a background process to end by itself; the status is its own.
finish() { # PID [SECONDS]
    wait_until "${2:-120}" ended "$1" || return 1
    wait "$1"
}

group_ended() { # PID
    ! kill -0 -- "-$1" 2> /dev/null
}

stop_background() {
    local group
    for group in "${groups[@]}"; do
        kill -TERM -- "-$group" 2> /dev/null || kill -TERM "$group" 2> /dev/null || continue
        kill -CONT -- "-$group" 2> /dev/null || true
        wait_until 2 group_ended "$group" 2> /dev/null || kill -KILL -- "-$group" || true
        wait "$group" 2> /dev/null || true
    done
    groups=()
    return 0
}

groups=()
kept=0

# A port, and the one after it, that nobody uses for TCP or UDP.
free_port() {
    python3 -SEs - << 'PYTHON'
import os
import socket

def random_ports():
    while True:
        yield 20000 + int.from_bytes(os.urandom(2), "little") % 12000

def free(port):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
            with socket.socket(family, kind) as probe:
                try:
                    probe.bind((host, port))
                except OSError:
                    return False
    return True

print(next(port for port in random_ports() if free(port) and free(port + 1)))
PYTHON
}

# Test programs.

# Observes one end, or both, of a conversation that a test program has, and compares the recording
# with the program's own log; $told is then whole or incomplete, and the status has said the same.
# $other is the pid of the end that was not observed.
observe() { # client|server|both PROGRAM [ARG...]
    local view=$1 program=$programs/$2 status=0
    local arguments=("${@:3}" --log "$log")
    local command=("${sockfixture[@]}" --lang json -o "$work/fixture.json" -w "$recording"
        "$program" "${arguments[@]}" --role "$view")
    rm -f "$log".* "$recording" "$path"*
    case $view in
        both) "${command[@]}" >&2 || status=$? ;;
        client)
            background "$program" "${arguments[@]}" --role server
            other=$pid
            wait_until 30 test -e "$log.server"
            "${command[@]}" >&2 || status=$?
            finish "$other"
            ;;
        server)
            background "${command[@]}"
            other=$pid
            wait_until 30 test -e "$log.server"
            "$program" "${arguments[@]}" --role client
            finish "$other" || status=$?
            cat "$work/background.out" >&2
            ;;
    esac
    told=$("$tests/witness.py" "$view" "$log" "$recording" "$work/fixture.json")
    case $told in
        whole) equal "$status" 0 'the status, and the one expected,' ;;
        incomplete) equal "$status" 3 'the status, and the one expected,' ;;
    esac
    keep_recording "$view-$2"
}

# Keeps a copy to be compared with the ones that other backends make of the same, as same.py does.
keep_recording() { # WHAT
    local test=$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_DESCRIPTION
    [ -n "${SOCKFIXTURE_KEEP:-}" ] || return 0
    kept=$((kept + 1))
    cp "$recording" "$SOCKFIXTURE_KEEP/${test//[^a-zA-Z0-9]/-}-$kept-$1.jsonl"
}

# Records; the status must be this. What the command and we say goes to standard error of the test.
record() { # STATUS [OPTION...] COMMAND...
    local expected=$1 status=0
    shift
    "${sockfixture[@]}" --lang json -o "$work/fixture.json" -w "$recording" "$@" >&2 || status=$?
    equal "$status" "$expected" 'the status, and the one expected,'
}

# The fixture has the exchanges that the recording's messages make.
same_rows() {
    "$tests/rows.py" same "$recording" "$work/fixture.json"
}

# Real servers, with all that they own in the test's directory.

# Two chronyd, one the other's source of time, that touch no clock. The one to be asked has its
# socket at $chrony, and its UDP port is $chrony_port; its pid is $chronyd, the other's $source.
start_chronyd() { # [MAXPOLL]
    local ntp_port
    ntp_port=$(free_port)
    chrony_port=$(free_port)
    chrony=$work/chrony/chronyd.sock
    mkdir -m 0750 "$work/chrony"
    cat > "$work/source.conf" << CONF
port $ntp_port
allow 127.0.0.1
local stratum 5
cmdport 0
bindcmdaddress /
pidfile $work/source.pid
CONF
    cat > "$work/chrony.conf" << CONF
server 127.0.0.1 port $ntp_port minpoll 0 maxpoll ${1:-2} iburst
port 0
cmdport $chrony_port
bindcmdaddress $chrony
bindcmdaddress 127.0.0.1
pidfile $work/chrony.pid
CONF
    background chronyd -n -x -u root -f "$work/source.conf"
    # shellcheck disable=SC2034 # used by the tests
    source=$pid
    background chronyd -n -x -u root -f "$work/chrony.conf"
    # shellcheck disable=SC2034 # used by the tests
    chronyd=$pid
    wait_until 30 chronyc -n -h "$chrony" ntpdata
}

# A ptp4l on loopback, in software and off the clock; its socket is $ptp, its pid $ptp4l.
start_ptp4l() {
    ptp=$work/ptp4l
    printf '[global]\nfree_running 1\nuds_address %s\n' "$ptp" > "$work/ptp4l.conf"
    background ptp4l -f "$work/ptp4l.conf" -i lo -S -m
    # shellcheck disable=SC2034 # used by the tests
    ptp4l=$pid
    wait_until 30 test -S "$ptp"
    # shellcheck disable=SC2034 # used by the tests
    pmc=(pmc -u -b 0 -s "$ptp" -i "$work/pmc")
}

# Lets strace watch a server from outside, so that what is observed is left alone; stop_strace ends it.
start_strace() { # PID
    background strace -f -yy -xx -s 65536 -o "$work/strace" -p "$1"
    strace=$pid
    wait_until 30 grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$1/status"
}

stop_strace() {
    kill -INT "$strace"
    finish "$strace" || true
}
