#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What can go wrong around it: what the user then sees, that nothing is left behind, and that no
# recording is wrong without saying so.

load helper

setup() {
    begin_test
    hardships=$programs/hardships
}

teardown() {
    stop_background
    cd /
    mountpoint -q "$work/small" && umount "$work/small"
    return 0
}

# A disk that is soon full, or memory in which no test waits for a disk.
small_disk() { # SIZE
    mkdir small
    mount -t tmpfs -o "size=$1" none small
}

end_of() { # RECORDING FILTER
    tail -n 1 "$1" | jq -c ".end | $2"
}

# A library to be loaded before the C library, of one file in preload/.
preload() { # NAME
    cc -shared -fPIC -O1 -o "$work/$1.so" "$tests/preload/$1.c"
}

# Disks

@test "no space for the recording: what is in it is kept, and is known to be cut short" {
    small_disk 64k
    record_many() {
        run "-$1" --separate-stderr "${sockfixture[@]}" -q -w small/rec.jsonl "${@:2}" \
            sh -c 'exec "$0" forks 500 2> /dev/null' "$hardships" # it is cut off, and says so
        [[ $stderr == 'sockfixture: small/rec.jsonl: No space left on device
sockfixture: incomplete: small/rec.jsonl'*' holds what was recorded before that'* ]] || fail "$stderr"
    }
    record_many 3
    only_files small
    equal "$(stat -c %a small/rec.jsonl)" 600
    run -3 --separate-stderr "$SOCKFIXTURE" -q -r small/rec.jsonl -o read.json
    says 'small/rec.jsonl: incomplete: it ends before its last line'
    equal "$(jq .incomplete read.json)" true
    # What is there is the beginning of what was said.
    "$SOCKFIXTURE" -q -r small/rec.jsonl -w whole.jsonl || [ $? -eq 3 ]
    jq -r 'select(.data) | .text' whole.jsonl > said
    [ "$(wc -l < said)" -gt 50 ]
    cmp said <(for i in {0..499}; do printf 'question %s\nanswer %s\n' "$i" "$i"; done | head -n "$(wc -l < said)")
    # One that is there stays what it is.
    rm small/rec.jsonl
    echo old > small/rec.jsonl
    record_many 3
    equal "$(cat small/rec.jsonl)" old
    run -3 "$SOCKFIXTURE" -q -r small/rec.jsonl.part -o read.json
    equal "$(cd small && echo *)" 'rec.jsonl rec.jsonl.part'
}

@test "no space for the recording of one run of several: nothing of it is kept" {
    small_disk 64k
    run -2 --separate-stderr "${sockfixture[@]}" -q --repeat 3 -w small/rec.jsonl \
        sh -c 'exec "$0" forks 500 2> /dev/null' "$hardships"
    says 'small/rec.jsonl: No space left on device'
    equal "$(ls -A small)" ''
}

# A command that says so many things, and then waits to be let go.
again=(sh -c '"$0" forks "$(cat count)"; : > asked; until [ -e go ]; do sleep 0.02; done')

has_messages() { # FILE COUNT
    [ "$(grep -c '"data":' "$1")" -ge "$2" ]
}

@test "a recording made again can be read meanwhile, and is there when we are killed" {
    echo 20 > count
    : > go
    "$SOCKFIXTURE" -q -w rec.jsonl "${again[@]}" "$hardships"
    cp rec.jsonl old.jsonl
    rm go asked
    echo 30 > count
    background "$SOCKFIXTURE" -q -w rec.jsonl "${again[@]}" "$hardships"
    wait_until 60 test -e asked
    wait_until 60 has_messages rec.jsonl.part 60
    kill -KILL "$pid"
    wait_until 60 ended "$pid"
    cmp rec.jsonl old.jsonl
    run -3 --separate-stderr "$SOCKFIXTURE" -q -r rec.jsonl.part -o read.json
    equal "$(jq '.conversations | length' read.json)" 30
    # Nothing but what it is called in the end stays of one that was not killed.
    : > go
    "$SOCKFIXTURE" -q -w rec.jsonl "${again[@]}" "$hardships"
    equal "$(grep -c '"data":' rec.jsonl)" 60
    equal "$(echo rec*)" 'rec.jsonl rec.jsonl.part'
}

# A kind of file system may be given, as a library to be loaded.
made_again_without_space() { # [LIBRARY]
    small_disk 100k
    : > go
    echo 60 > count
    "$SOCKFIXTURE" -q -w small/rec.jsonl "${again[@]}" "$hardships"
    cp small/rec.jsonl old.jsonl
    [ "$(stat -c %s old.jsonl)" -gt 34000 ] && [ "$(stat -c %s old.jsonl)" -lt 50000 ]
    echo 61 > count
    LD_PRELOAD=${1:-} run -2 --separate-stderr "$SOCKFIXTURE" -q -w small/rec.jsonl "${again[@]}" "$hardships"
    equal "$stderr" 'sockfixture: small/rec.jsonl: No space left on device
sockfixture: small/rec.jsonl.part holds what was recorded'
    cmp small/rec.jsonl old.jsonl
    "$SOCKFIXTURE" -q -r small/rec.jsonl.part -o read.json
    equal "$(jq '.conversations | length' read.json)" 61
    equal "$(cd small && echo *)" 'rec.jsonl rec.jsonl.part'
}

@test "no space for a recording that is made again: it stays, and what was recorded is kept" {
    made_again_without_space
}

@test "the same where each file has a name from the beginning: no other is said to hold it" {
    preload named
    ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} made_again_without_space ./named.so
}

@test "no space for the fixture: the old one stays, and the recording is whole" {
    small_disk 16k
    echo old > small/fixture.json
    run -2 --separate-stderr "${sockfixture[@]}" -q -o small/fixture.json -w rec.jsonl \
        "$hardships" forks 100
    says 'small/fixture.json: No space left on device'
    equal "$(cat small/fixture.json)" old
    equal "$(cd small && echo *)" fixture.json
    equal "$(end_of rec.jsonl .messages)" 200
}

# Limits

@test "no memory, at any moment of reading: told, and no other file" {
    local n=0 status
    "${sockfixture[@]}" -q -w "$recording" "$hardships" moves 2
    "$SOCKFIXTURE" -r "$recording" -o good.json
    small_disk 4m
    cp "$recording" small/rec.jsonl
    if is_sanitized; then
        # Of allocations that are too large alone can a sanitizer tell the program.
        "$tests/compose.py" <<< '> b"x" * 5000000' > small/rec.jsonl || true
        ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=2 \
            run -2 --separate-stderr "$SOCKFIXTURE" -r small/rec.jsonl -o small/out.json
        [[ $stderr == *'sockfixture: '*'Cannot allocate memory'* ]] || fail "$stderr"
        [ ! -e small/out.json ]
        return
    fi
    preload scarce
    while :; do
        n=$((n + (n < 100 ? 1 : 7))) # of two thousand allocations each is like its neighbours
        status=0
        rm -f small/told small/out.json
        SCARCE=$n SCARCE_TOLD=small/told LD_PRELOAD=./scarce.so \
            "$SOCKFIXTURE" -r small/rec.jsonl -o small/out.json 2> small/error || status=$?
        [ -e small/told ] || break
        if [ "$status" -eq 0 ]; then
            cmp small/out.json good.json
        else
            [ -s small/error ] || fail "allocation $n: ends with status $status and says nothing"
            [ ! -e small/out.json ]
        fi
    done
    equal "$status" 0
    [ "$n" -gt 300 ]
}

# bats test_tags=memory
@test "no memory, at any moment of writing: told, or the fixture is whole" {
    local n file status
    printf '%s\n' '> b"ask"' '< b"answer"' | "$tests/compose.py" > rec.jsonl
    mkdir good
    preload scarce
    for file in fixture.pcapng Fixture.java; do # what is named by its file, too
        "$SOCKFIXTURE" -q -r rec.jsonl -o "good/$file"
        n=0
        while :; do
            n=$((n + 1))
            status=0
            rm -f told "$file"
            SCARCE=$n SCARCE_TOLD=told LD_PRELOAD=./scarce.so \
                "$SOCKFIXTURE" -q -r rec.jsonl -o "$file" 2> error || status=$?
            [ -e told ] || break
            if [ "$status" -eq 0 ]; then
                cmp "$file" "good/$file" || fail "allocation $n: the fixture is another"
            else
                [ -s error ] || fail "allocation $n: ends with status $status and says nothing"
                [ ! -e "$file" ]
            fi
        done
        equal "$status" 0
        [ "$n" -gt 300 ]
    done
}

# A sanitizer has its own allocations.
# bats test_tags=memory
@test "no memory, at any moment of a check in JSON: told, or the report is whole" {
    local n=0 status=0
    "$tests/compose.py" <<< '> bytes(range(64))' > old.jsonl
    "$tests/compose.py" <<< '> bytes(b ^ b % 2 for b in range(64))' > now.jsonl
    check=("$SOCKFIXTURE" -q --check --diff-format json -w old.jsonl -r now.jsonl)
    "${check[@]}" > good.json || equal $? 1
    equal "$(jq '.differences[0].bytes | length' good.json)" 32
    preload scarce
    while :; do
        n=$((n + 1))
        status=0
        rm -f told
        SCARCE=$n SCARCE_TOLD=told LD_PRELOAD=./scarce.so "${check[@]}" > out.json 2> error || status=$?
        [ -e told ] || break
        if [ "$status" -eq 1 ]; then
            cmp out.json good.json || fail "allocation $n: the report is another"
        else
            [ "$status" -gt 1 ] || fail "allocation $n: ends with status 0"
            [ -s error ] || fail "allocation $n: ends with status $status and says nothing"
        fi
    done
    equal "$status" 1
    [ "$n" -gt 300 ]
}

# Runs the command with memory refused at each allocation, one after the other: it says so, or does
# as without.
starve() { # STATUS COMMAND...
    local n=0 status=0 expected=$1
    shift
    [ -e scarce.so ] || preload scarce
    "$@" > good 2> error || equal "$?" "$expected"
    while :; do
        n=$((n + 1))
        status=0
        rm -f told
        SCARCE=$n SCARCE_TOLD=told LD_PRELOAD=./scarce.so "$@" > out 2> error || status=$?
        [ -e told ] || break
        if [ "$status" -eq "$expected" ]; then
            cmp out good || fail "allocation $n of $*: what it prints is another"
        else
            [ "$status" -gt 1 ] || fail "allocation $n of $*: ends with status $status"
            [ -s error ] || fail "allocation $n of $*: ends with status $status and says nothing"
        fi
    done
    equal "$status" "$expected"
    [ "$n" -gt 50 ]
}

# bats test_tags=memory
@test "no memory, at any moment of reading a dump: told, or all of it is there" {
    local dump options
    for dump in strace/{several-datagrams-on-their-way,passed-in-a-message} bpftrace/server-is-traced; do
        read -ra options < "$tests/dumps/$dump/options"
        # For a long line there is not room from the beginning.
        { [[ $dump == strace/* ]] || printf '%300s\n' ''; cat "$tests/dumps/$dump/dump"; } > dump
        starve 0 "$SOCKFIXTURE" -q "${options[@]}" -l json
    done
    "$tests/compose.py" <<< $'> b"ask"\ncredentials 1 2 3\n< b"answer"' > rec.jsonl
    "$SOCKFIXTURE" -q -r rec.jsonl -o rec.pcapng
    starve 0 "$SOCKFIXTURE" -q -r rec.pcapng -l json
}

# bats test_tags=memory
@test "no memory, at any moment of looking at a fixture or a manifest: told, or the answer is right" {
    "$tests/compose.py" <<< '> bytes(range(256)) * 20' > rec.jsonl
    "$SOCKFIXTURE" -q -r rec.jsonl -o fixture.json
    [ "$(stat -c %s fixture.json)" -gt 20000 ]
    starve 0 "$SOCKFIXTURE" -q --check -r rec.jsonl -o fixture.json
    "$SOCKFIXTURE" -q --init -o out.json sh -c 'echo "so many words"'
    starve 0 "$SOCKFIXTURE" --list
}

# Looking for one pattern takes some dozen allocations, so each seventh will do.
# bats test_tags=memory
@test "no memory, at any moment of redacting: told, or no secret is left" {
    local n=0 status=0
    "$tests/compose.py" <<< '> b"PIN 1234"' > rec.jsonl
    redact=("$SOCKFIXTURE" -q -r rec.jsonl --redact 'PIN ([0-9]+)' -w out.jsonl)
    preload scarce
    while :; do
        n=$((n + 7))
        status=0
        rm -f told out.jsonl
        SCARCE=$n SCARCE_TOLD=told LD_PRELOAD=./scarce.so "${redact[@]}" 2> error || status=$?
        [ -e told ] || break
        if [ "$status" -eq 0 ]; then
            grep -q 'PIN XXXX' out.jsonl || fail "allocation $n: the secret is there"
        else
            [ -s error ] || fail "allocation $n: ends with status $status and says nothing"
            [ ! -e out.jsonl ]
        fi
    done
    equal "$status" 0
    [ "$n" -gt 300 ]
}

@test "no memory, at any moment of recording: told, and known from the recording" {
    local n=1 status step=101 backend=syscall # auto would try others, at length
    is_sanitized && return # the test before says why
    preload scarce
    [ "${SOCKFIXTURE_BACKEND:-}" != ptrace ] || { backend=ptrace; step=7; }
    while :; do
        status=0
        rm -f told rec*
        background env SCARCE="$n" SCARCE_TOLD=told LD_PRELOAD=./scarce.so "$SOCKFIXTURE" -q \
            --backend "$backend" -w rec.jsonl env -u LD_PRELOAD "$hardships" moves 2
        finish "$pid" || status=$?
        stop_background || true
        if [ ! -e told ]; then # the end is gone through in small steps
            [ "$step" -gt 7 ] || break
            n=$((n - step)) step=7
            continue
        fi
        echo "allocation $n: status $status" >&2
        if [ "$status" -eq 0 ]; then
            equal "$(end_of rec.jsonl .messages)" 4
        elif [ "$status" -eq 3 ]; then
            run -3 "$SOCKFIXTURE" -q -r rec.jsonl -o out.json
        else
            equal "$(find . -name 'rec*')" ''
        fi
        n=$((n + step))
    done
    equal "$status" 0
    [ "$n" -gt 200 ]
}

@test "bpf() fails once, at any moment: told, or all is recorded" {
    local n=0 count status
    [ "${SOCKFIXTURE_BACKEND:-syscall}" = syscall ] || return 0 # socket does the same, at length
    is_sanitized && return # the look for leaks cannot be traced
    record=("$SOCKFIXTURE" -q --backend syscall -w rec.jsonl "$hardships" moves 2)
    strace -qq -e trace=bpf -o calls "${record[@]}"
    count=$(wc -l < calls)
    [ "$count" -gt 20 ]
    while [ $((n += 1)) -le "$count" ]; do
        status=0
        rm -f rec.jsonl
        strace -qq -e trace=bpf -e "inject=bpf:error=ENOMEM:when=$n" -o calls "${record[@]}" 2> error || status=$?
        if [ "$status" -eq 0 ]; then
            equal "$(end_of rec.jsonl .messages)" 4 "call $n, $(grep INJECTED calls): the messages, and those expected,"
        else
            [ -s error ] || fail "call $n: ends with status $status and says nothing"
        fi
    done
}

@test "too many open files: told, or done without" {
    local n status
    for n in {3..40}; do
        status=0
        rm -f out.json rec.jsonl
        prlimit --nofile="$n:$n" "${sockfixture[@]}" -q -o out.json -w rec.jsonl true \
            2> error || status=$?
        if [ "$status" -eq 0 ]; then
            equal "$(end_of rec.jsonl .messages)" 0
        elif [ "$status" -ne 127 ]; then
            grep -qE '^sockfixture: |error while loading|Too many open files' error || fail "$n: $(cat error)"
            [ ! -e out.json ] && [ ! -e rec.jsonl ]
        fi
    done
    equal "$status" 0
}

@test "a file that may grow no longer is a full disk, and no end by a signal" {
    run -3 --separate-stderr prlimit --fsize=20000:20000 "${sockfixture[@]}" -q -w rec.jsonl \
        "$hardships" forks 200
    [[ $stderr == 'sockfixture: rec.jsonl: File too large'* ]] || fail "$stderr"
    run -3 "$SOCKFIXTURE" -q -r rec.jsonl -o out.json
}

# Signals

# Whatever the moment: a fixture is whole or not there, a recording whole or known not to be.
@test "signals at any moment" {
    local seed each delay status
    for seed in {1..16}; do
        RANDOM=$seed
        each=(KILL TERM HUP PIPE)
        each=${each[seed % 4]}
        delay=0.$(printf '%03d' $((RANDOM % 200)))
        rm -f out.json rec.jsonl
        background "${sockfixture[@]}" -q -o out.json -w rec.jsonl "$hardships" forks 100
        sleep "$delay"
        kill "-$each" "$pid" 2> /dev/null || true
        finish "$pid" || true
        stop_background || true
        echo "$each after $delay s: $(ls -s out.json rec.jsonl 2>&1 | paste -s)" >&2
        [ ! -e out.json ] || jq .incomplete out.json > /dev/null
        equal "$(find . -name 'out.json?*' -o -name 'rec.jsonl?*')" ''
        [ -s rec.jsonl ] || continue
        status=0
        "$SOCKFIXTURE" -q -r rec.jsonl -o read.json 2> error || status=$?
        if [ "$status" -eq 3 ]; then
            grep -q '^sockfixture: .*incomplete' error
        else
            equal "$status" 0
            [ "$(end_of rec.jsonl .messages)" -le 200 ]
        fi
        rm -f read.json
    done
}

@test "a signal while files are put in place: they all are, and nothing else is left" {
    local signal
    is_sanitized && return # the look for leaks cannot be traced
    "$tests/compose.py" <<< $'> b"question"\n< b"answer"' > rec.jsonl
    for signal in HUP INT TERM; do
        # It comes when all is written and nothing is there.
        interrupt=(env --default-signal="$signal" strace -qq -o calls -e trace=syncfs
            -e "inject=syncfs:signal=$signal" "$SOCKFIXTURE" -q -r rec.jsonl)
        rm -rf corpus fixture*
        run "${interrupt[@]}" --lang raw -o corpus
        equal "$status" $((128 + $(kill -l "$signal")))
        run "${interrupt[@]}" --embed-above 2 -o fixture.go
        equal "$status" $((128 + $(kill -l "$signal")))
        only_files rec.jsonl calls corpus fixture.go fixture.01-request.bin fixture.01-response.bin
        equal "$(cd corpus && echo *)" '01-request.bin 01-response.bin README'
    done
}

# The kernel's verifier gives up when a signal is waiting; what ptrace is tried on stops as well when
# the whole group does.
@test "stopped and let go on over and over while it begins: it records" {
    local whom end
    is_sanitized && return # what looks for leaks has threads of its own, which do not go on
    for whom in "" - "" - - -; do
        rm -f out.json
        # auto would take another.
        background "$SOCKFIXTURE" -q --backend "${SOCKFIXTURE_BACKEND:-syscall}" -o out.json "$hardships" moves 1
        end=$((SECONDS + 10)) # by then it has begun, however slow the machine is
        while [ ! -e out.json ] && [ "$SECONDS" -lt "$end" ] && kill -0 "$pid"; do # which has no group at first
            kill -TSTP -- "$whom$pid" && kill -CONT -- "$whom$pid" || true
        done 2> /dev/null
        finish "$pid"
        equal "$(jq -c '[.conversations[].exchanges[]] | length' out.json)" 1
    done
}

@test "a recording can be read while it grows, and after a kill up to there" {
    background "${sockfixture[@]}" -q -w rec.jsonl sh -c "'$hardships' moves 7; touch said; sleep 600"
    wait_until 60 test -e said
    lines() { [ "$(wc -l < rec.jsonl)" -eq 15 ]; }
    wait_until 60 lines
    equal "$(stat -c %a rec.jsonl)" 600
    kill -KILL "$pid"
    finish "$pid" || true
    stop_background || true
    run -3 --separate-stderr "$SOCKFIXTURE" -r rec.jsonl -l json
    says 'rec.jsonl: incomplete: it ends before its last line'
    equal "$(jq '[.conversations[].exchanges[]] | length' <<< "$output")" 7
    # Killed in the middle of a line, all lines before are read.
    head -c -9 rec.jsonl > cut.jsonl
    run -3 "$SOCKFIXTURE" -q -r cut.jsonl -w again.jsonl
    equal "$(jq -c 'select(.data)' again.jsonl)" "$(head -n -1 rec.jsonl | jq -c 'select(.data)')"
}

@test "what is made of a recording that has lost its end has none, either" {
    local made
    printf '%s\n' '> b"ask"' '< b"answer"' | "$tests/compose.py" > whole.jsonl
    sed '$d' whole.jsonl > cut.jsonl
    for made in made.jsonl made.pcapng; do
        run -3 "$SOCKFIXTURE" -r cut.jsonl -w "$made"
        run -3 --separate-stderr "$SOCKFIXTURE" -r "$made" -w again.jsonl
        says "$made: incomplete: it ends before its *"
        run -3 --separate-stderr "$SOCKFIXTURE" -r again.jsonl -o again.json
        says 'again.jsonl: incomplete: it ends before its last line'
        equal "$(jq '.conversations[].exchanges | length' again.json)" 1
        rm again.jsonl
    done
    # Beside a recording that is there already, too, until one is whole.
    "$SOCKFIXTURE" -q -r whole.jsonl -w golden.jsonl
    run -3 "$SOCKFIXTURE" -q -r cut.jsonl -w golden.jsonl
    run -3 "$SOCKFIXTURE" -q -r golden.jsonl -o again.json
    "$SOCKFIXTURE" -q -r whole.jsonl -w golden.jsonl
    "$SOCKFIXTURE" -q -r golden.jsonl -o again.json
}

@test "-w - is read as it comes" {
    mkfifo pipe
    background sh -c '"$@" > pipe' sh "${sockfixture[@]}" -q -w - \
        sh -c "'$hardships' moves 3; until [ -e read ]; do sleep 0.05; done"
    exec 7< pipe
    head -n 7 <&7 > first
    touch read
    cat <&7 > rest
    exec 7<&-
    finish "$pid"
    equal "$(jq -r 'select(.data) | .text' first | paste -sd,)" \
        'question 0,answer 0,question 1,answer 1,question 2,answer 2'
    equal "$(jq -c .end.messages rest)" 6
}

@test "a reader of -w - that stops for a while" {
    local status=0
    mkfifo pipe
    background sh -c '"$@" > pipe' sh "${sockfixture[@]}" -q --buffer-size 64K -w - \
        "$hardships" forks 1000
    exec 7< pipe
    sleep 2
    cat <&7 > rec.jsonl
    exec 7<&-
    finish "$pid" || status=$?
    equal "$(end_of rec.jsonl '.messages + .lost.messages')" 2000
    equal "$(end_of rec.jsonl '.lost.messages > 0')" "$([ "$status" -eq 3 ] && echo true || echo false)"
}

@test "the program itself stands still for a while" {
    local status=0
    background "${sockfixture[@]}" -q --buffer-size 64K -w rec.jsonl \
        sh -c "'$hardships' forks 20; touch begun
            until test -e begin; do sleep 0.1; done; '$hardships' forks 1000"
    wait_until 60 test -e begun
    kill -STOP "$pid"
    touch begin
    sleep 2
    kill -CONT "$pid"
    finish "$pid" || status=$?
    equal "$(end_of rec.jsonl '.messages + .lost.messages')" 2040
    equal "$(end_of rec.jsonl '.lost.messages > 0')" "$([ "$status" -eq 3 ] && echo true || echo false)"
}

# What is observed

@test "a buffer of the least size: each message is there, or known to be lost" {
    local status=0
    "${sockfixture[@]}" -q --buffer-size 4K -w rec.jsonl "$hardships" forks 500 2> error || status=$?
    equal "$(end_of rec.jsonl '.messages + .lost.messages')" 1000
    equal "$(end_of rec.jsonl '.lost.messages > 0')" "$([ "$status" -eq 3 ] && echo true || echo false)"
}

@test "a message that does not fit into the buffer, though its name or its descriptors did" {
    local status=0
    cat > large.py << 'PYTHON'
import socket

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
client = socket.socket(type=socket.SOCK_DGRAM)
client.sendto(b"small", server.getsockname())
server.recv(10)
client.sendto(b"x" * 60000, server.getsockname())
PYTHON
    cat > passing.py << 'PYTHON'
import socket

a, b = socket.socketpair(type=socket.SOCK_SEQPACKET)
a.send(b"small")
socket.send_fds(a, [b"z" * 100000], [0])
PYTHON
    for script in large passing; do
        status=0
        "${sockfixture[@]}" --buffer-size 64K -o "$script.json" -w "$script.jsonl" python3 "$script.py" 2> err || status=$?
        [ "$(backend_of "$script.jsonl")" != ptrace ] || continue # that has no such buffer
        equal "$status $(tail -n 1 "$script.jsonl" | jq -c '.end | [.messages, .lost.messages]')" '3 [1,1]'
        grep -q '1 message was lost, the buffer was full' err
        equal "$(jq .incomplete "$script.json")" true
    done
}

@test "5,000 processes, one after the other" {
    "${sockfixture[@]}" -q -w rec.jsonl "$hardships" forks 5000
    equal "$(jq -s -c '[.[] | select(.data)] | [length, ([.[].conversation] | unique | length),
        ([.[].text | select(startswith("question"))] | unique | length)]' rec.jsonl)" '[10000,5000,5000]'
}

@test "a socket that moves from number to number, in a program that execs over and over" {
    "${sockfixture[@]}" -q -w rec.jsonl "$hardships" moves 300
    equal "$(jq -r 'select(.data) | .text' rec.jsonl | paste -sd, | cksum)" \
        "$(for i in {0..299}; do echo "question $i,answer $i"; done | paste -sd, | cksum)"
    equal "$(jq -s '[.[] | select(.data).conversation] | unique | length' rec.jsonl)" 1
}

@test "processes that have one number, one after the other" {
    "${sockfixture[@]}" -q -w rec.jsonl "$hardships" pids 20
    equal "$(jq -r 'select(.data and .direction == "request") | "\(.comm) \(.text)"' rec.jsonl | sort)" \
        "$(for i in {0..19}; do echo "life-$i life $i"; done | sort)"
    equal "$(jq -r 'select(.data and .direction == "request") | .pid' rec.jsonl | sort -u | wc -l)" 1
}

@test "a process that gets the number of an observed one is not observed" {
    background "${sockfixture[@]}" -q -w rec.jsonl "$hardships" leaves number
    wait_until 60 test -s number
    "$hardships" inherits "$(cat number)"
    rm number
    finish "$pid"
    equal "$(jq -r 'select(.data) | .text' rec.jsonl | paste -sd,)" 'first 0,answer 0'
}

@test "a server that is killed in the middle of what it says" {
    local status=0 got recorded
    "${sockfixture[@]}" -q -w rec.jsonl -o out.json "$hardships" dies > got 2> error || status=$?
    got=$(cat got)
    recorded=$(jq -s '[.[] | select(.data and .direction == "response") | .length] | add' rec.jsonl)
    if [ "$status" -eq 0 ]; then
        equal "$recorded" "$got" 'the bytes recorded, and those that came,'
    else
        equal "$status" 3
        [ "$recorded" -le "$got" ]
        grep -q '^sockfixture: incomplete: ' error
    fi
}

@test "a clock that somebody sets back: messages go on in time" {
    local before after
    preload clock
    before=$(date +%s)
    ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} LD_PRELOAD=./clock.so \
        "${sockfixture[@]}" -q -w rec.jsonl "$hardships" moves 20
    after=$(date +%s)
    jq -r 'select(.time) | .time' rec.jsonl > times
    equal "$(wc -l < times)" 40
    sort -nc times
    [ "$(head -n 1 times | cut -d. -f1)" -ge $((before - 1)) ]
    [ "$(tail -n 1 times | cut -d. -f1)" -le $((after + 1)) ]
}
