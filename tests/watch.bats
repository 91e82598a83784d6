#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What a user sees while it records, what ends a recording, and what is left out because that was asked.

load helper

ask=$BATS_TEST_DIRNAME/ask.py
terminal=$BATS_TEST_DIRNAME/terminal.py

setup() {
    begin_test
    export TERM=xterm
    unset NO_COLOR
}

# Records until it ends by itself; the status must be this, and what it said is then in $work/said.
stops() { # STATUS [OPTION...] COMMAND...
    local status=0
    rm -f "$work/background.out"
    background "${sockfixture[@]}" -l json -o "$work/fixture.json" -w "$recording" "${@:2}"
    finish "$pid" || status=$?
    cp "$work/background.out" "$work/said"
    cat "$work/said" >&2
    equal "$status" "$1" 'the status, and the one expected,'
    same_rows
}

said() { # PATTERN, of a whole line behind our name
    grep -qE "^sockfixture: $1\$" "$work/said" || fail "it does not say: $1"
}

exchanges() {
    jq '[.conversations[].exchanges | length] | add // 0' "$work/fixture.json"
}

texts() { # of the messages, with commas
    jq -r 'select(.text) | .text' "$recording" | paste -sd,
}

# -c

@test "-c N ends once N exchanges are complete, without a request more" {
    stops 0 -c 3 "$ask" "$path" --on-term caught
    equal "$(exchanges)" 3
    equal "$(texts)" 'ask 0,to ,ask 0.,ask 1,to ,ask 1.,ask 2,to ,ask 2.'
    [ -e caught ] || fail 'the command was not sent SIGTERM'
}

@test "-c N takes no part of the exchange after" {
    stops 0 -c 2 "$ask" "$path" --asks 1000
    equal "$(texts)" 'ask 0,to ,ask 0.,ask 1,to ,ask 1.'
}

@test "-c N counts over all conversations" {
    stops 0 -c 7 "$programs/many" --path "$path" --clients 10 --exchanges 100000
    equal "$(exchanges)" 7
    equal "$(jq '[.conversations[].exchanges[] | select(.requests == [] or .responses == [])] | length' \
        fixture.json)" 0
}

@test "-c N does not wait for what is never answered" {
    stops 0 -c 2 "$ask" "$path" --log
    equal "$(texts)" 'ask 0,to ,ask 0.,ask 1,to ,ask 1.'
    said '1 message that had no answer was left out when 2 exchanges were complete'
}

@test "-c N counts those selected by -s alone" {
    stops 0 -c 2 -s "$path" "$ask" "$path" --log
    equal "$(texts)" 'ask 0,to ,ask 0.,ask 1,to ,ask 1.'
    run -1 grep 'left out' said
}

@test "-c N, and the command ends before: said, and all there is is written" {
    stops 0 -c 5 "$programs/talk" --path "$path" --exchanges 3
    equal "$(exchanges)" 3
    said '3 of 5 exchanges were recorded'
    stops 0 -q -c 5 "$programs/talk" --path "$path" --exchanges 3
    run -1 grep 'of 5' said
}

@test "-c N of a recording: the first N exchanges" {
    record 0 "$programs/talk" --path "$path" --exchanges 9
    "$SOCKFIXTURE" -r "$recording" -c 4 -l json -o fixture.json -w first.jsonl
    equal "$(exchanges)" 4
    "$SOCKFIXTURE" -r first.jsonl -l json -o again.json
    cmp fixture.json again.json
}

@test "-c with chronyc, a command that asks a real server" {
    start_chronyd
    stops 0 -c 2 chronyc -n -h "$chrony" -m tracking ntpdata sources
    equal "$(exchanges)" 2
}

@test "numbers that are none" {
    local option value
    while read -r option value; do
        run -2 --separate-stderr "${sockfixture[@]}" -q "$option" "$value" touch ran
        [[ ${stderr_lines[0]} == *"'$value'"* ]] || fail "$option $value: $stderr"
    done << 'OPTIONS'
-c 0
-c -1
-c x
-c 1x
-c 99999999999999999999
-c
-T 0
-T -1
-T x
-T 1.2.3
-T 1e9
-T inf
-T .
-T
--max-message -1
--max-message x
--max-message 1T
--max-message 99999999999999999999
--max-message
OPTIONS
    [ ! -e ran ]
}

# -T

@test "-T ends it when the time is up" {
    stops 0 -T 4.5 sh -c "
        trap 'touch caught; exit 1' TERM
        $programs/talk --path $path --exchanges 3
        sleep 600 & wait"
    equal "$(exchanges)" 3
    [ -e caught ] || fail 'the command was not sent SIGTERM'
}

@test "-T with a command that ends before: as without" {
    stops 0 -T 600 "$programs/talk" --path "$path" --exchanges 3
    equal "$(exchanges)" 3
    run -4 "${sockfixture[@]}" -q -T 600 -o out.json sh -c 'exit 7'
}

@test "-T with -r" {
    run -2 --separate-stderr "$SOCKFIXTURE" -T 1 -r "$recording"
    says '*--duration*'
}

@test "a command that ignores SIGTERM keeps nobody waiting" {
    stops 0 -c 3 "$ask" "$path" --on-term ignore
    equal "$(exchanges)" 3
    said ".*ask.py: still runs, although it was sent SIGTERM"
}

# --max-message

# What is recorded with a limit is the beginning of what is recorded without.
limited() { # VIEW SIZE TALK-ARG...
    local view size=$2
    for view in ${1//,/ }; do
        observe "$view" talk "${@:3}" --path "$path"
        equal "$told" whole
        "$SOCKFIXTURE" -q -r "$recording" --max-message "$size" -w cut.jsonl
        if [ "$view" = client ]; then
            background "$programs/talk" "${@:3}" --path "$path" --role server --log again
            wait_until 30 test -e again.server
        fi
        record 0 --max-message "$size" "$programs/talk" "${@:3}" --path "$path" --role "$view"
        [ "$view" = both ] || finish "$pid"
        same_rows
        rm -f again.server
        for file in cut.jsonl "$recording"; do
            jq -c 'select(.data) | [.direction, .length, .missing, .data]' "$file" > "$file.what"
            jq -c 'select(.end) | .end' "$file" >> "$file.what"
        done
        diff cut.jsonl.what "$recording.what"
        equal "$(jq 'select(.data) | .length - (.missing // 0)' "$recording" | sort -nu | tail -n 1)" \
            "$size" 'the length of the longest, and the limit,'
    done
}

@test "--max-message keeps the beginning, whatever the call: streams" {
    limited both 16 --type stream --size 40 # a receiver gets a stream in other pieces each time
}

@test "--max-message keeps the beginning, whatever the call: datagrams" {
    limited client,both 16 --type dgram --size 40
    limited client,both 16 --type dgram --size 40 --unconnected
}

@test "--max-message keeps the beginning, whatever the call: records" {
    limited client,both 30 --type seqpacket --size 40
}

@test "a message longer than the buffer, but not the part that is wanted of it" {
    record 0 --buffer-size 64K --max-message 1K "$programs/talk" --path "$path" --size $((8 << 20)) \
        --exchanges 3 --send send --recv read
    equal "$(jq -c 'select(.data) | [.length - .missing, .length]' "$recording" | head -n 1)" \
        '[1024,8388608]'
}

@test "what --max-message left out is said and marked, and is no loss" {
    stops 0 --max-message 10 "$programs/talk" --path "$path" --exchanges 1 --send send --recv read
    said '2 messages were cut short, as asked: 61 bytes were left out \(--max-message\)'
    equal "$(jq -c '.incomplete, [.conversations[].exchanges[] | .requests[], .responses[] | .missing]' \
        fixture.json | paste -s)" $'true\t[30,31]'
    equal "$(jq -c 'select(.end) | .end.lost | [.cut, .bytes, .shortened, .left_out]' "$recording")" \
        '[0,0,2,61]'
    # The same when it is read, now and cut once more.
    run -0 --separate-stderr "$SOCKFIXTURE" -r "$recording" -l go
    says '2 messages were cut short*61 bytes*'
    [[ $output == *'10 bytes; incomplete: 30 more not recorded'* ]]
    run -0 --separate-stderr "$SOCKFIXTURE" -r "$recording" --max-message 9 -l json
    says '2 messages were cut short*63 bytes*'
    run -0 --separate-stderr "$SOCKFIXTURE" -q -r "$recording" --max-message 9 -l json
    equal "$stderr" ''
}

@test "--max-message 0 is all" {
    stops 0 --max-message 0 "$programs/talk" --path "$path" --exchanges 2
    equal "$(jq 'select(.missing)' "$recording")" ''
}

# -v

# The bytes of the messages that -v showed, in hexadecimal, a line each.
shown() {
    sed -nE 's/^[0-9:.]{15} .*/|/p; s/^\t0x[0-9a-f]*:  (.{39}) .*/\1/p' | tr -d ' \n' | tr '|' '\n' |
        tail -n +2
    echo
}

@test "-v shows each message like tcpdump -X" {
    stops 0 -v -c 1 "$ask" "$path"
    local end='ask.py\[[0-9]+\]' time='[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}'
    grep -qE "^$time ($end) > ($end) $path stream 5\$" said
    grep -qxF $'\t0x0000:  6173 6b20 30                             ask 0' said
    run -1 grep $'\033' said
}

@test "-v shows every byte" {
    stops 0 -v "$programs/talk" --path "$path"
    shown < said > view
    jq -r 'select(.data) | .data' "$recording" | while read -r line; do
        base64 -d <<< "$line" | od -An -tx1 -v | tr -d ' \n'
        echo
    done > bytes
    diff view bytes
}

@test "-v of a recording" {
    record 0 "$programs/talk" --path "$path" --exchanges 3
    run -0 --separate-stderr "$SOCKFIXTURE" -v -r "$recording" -l json -o out.json
    equal "$(shown <<< "$stderr" | wc -l)" "$(jq -s 'map(select(.data)) | length' "$recording")"
}

@test "-v does not show the log of libbpf, -vv does" {
    [ "${SOCKFIXTURE_BACKEND:-}" != ptrace ] || return 0
    stops 0 -v --backend syscall true
    run -1 grep libbpf said
    stops 0 -vv --backend syscall true
    grep -q libbpf said
}

colored() { # ENVIRONMENT...
    env "$@" "$terminal" "${sockfixture[@]}" -v -o fixture.json "$programs/talk" --path "$path" \
        --exchanges 1 > screen
    grep -q "stream" screen || fail "nothing is shown: $(cat screen)"
    grep -q $'\033\\[' screen
}

@test "-v has colours on a terminal, unless it is dumb or NO_COLOR is set" {
    colored NO_COLOR=
    # Each direction has one of its own.
    equal "$(grep -oP '\d{6} \e\[\K\d+(?=m)' screen | sort -u | wc -l)" 2
    grep -qP '^\t\e\[2m0x0000:\e\[0m ' screen
    run ! colored NO_COLOR=1
    run ! colored TERM=dumb
    run ! colored -u TERM
}

# How far it is

@test "SIGUSR1 shows how far it is, and nothing ends" {
    local count bytes
    background "${sockfixture[@]}" -q -o fixture.json -w "$recording" "$ask" "$path" --done done
    wait_until 30 test -e done
    wait_until 30 asked
    kill -TERM "$pid"
    finish "$pid"
    count=$(jq -s 'map(select(.data)) | length' "$recording")
    bytes=$(jq -s 'map(select(.data) | .length) | add' "$recording")
    grep -qE "^sockfixture: $count messages, $bytes bytes, 0 lost, 00:[0-9]{2}\$" background.out
}

# Asks until all of the messages are there.
asked() {
    kill -USR1 "$pid"
    sleep 0.2
    grep -q '9 messages' background.out
}

@test "SIGUSR1 shows how many of the exchanges there are" {
    background "${sockfixture[@]}" -c 100 -o fixture.json "$ask" "$path" --done done
    wait_until 30 test -e done
    wait_until 30 asked
    grep -qF 'sockfixture: 3 of 100 exchanges, 9 messages' background.out
}

@test "SIGUSR1 shows what is being lost" {
    [ "${SOCKFIXTURE_BACKEND:-}" != ptrace ] || return 0 # it never loses
    local status=0 script
    script="$programs/many --path $path --clients 20 --exchanges 500 --begin begin; touch done; sleep 600"
    background "${sockfixture[@]}" --backend syscall --buffer-size 64K -w "$recording" sh -c "$script"
    wait_until 30 test -S "$path"
    kill -STOP "$pid"
    touch begin
    wait_until 60 test -e done
    kill -CONT "$pid"
    losing() {
        kill -USR1 "$pid"
        sleep 0.2
        grep -qE ', [1-9][0-9]* lost, ' background.out
    }
    wait_until 30 losing
    kill -TERM "$pid"
    finish "$pid" || status=$?
    equal "$status" 3
    grep -qE " $(grep -oE '[0-9]+ lost' background.out | tail -n 1 | cut -d' ' -f1) messages? (was|were) lost" \
        background.out
}

@test "a launched command has the terminal to itself" {
    local said
    "$terminal" --when done USR1 "${sockfixture[@]}" -o fixture.json \
        sh -c "echo from the command; $programs/talk --path $path; touch done
            timeout 60 sh -c 'until grep -q messages screen; do sleep 0.1; done'" > screen
    said=$(tr -d '\r' < screen | grep -v '^sockfixture: backend: ')
    [[ $said == 'from the command'$'\n''sockfixture: '[0-9]*' messages, '*' bytes, 0 lost, 00:'[0-9][0-9] ]]
    run -1 grep $'\033' screen
}

@test "SIGUSR1 before it records, or after, is no harm" {
    local i
    for i in 1 2 3; do
        rm -f background.out
        background "${sockfixture[@]}" --backend syscall -vv -o fixture.json "$programs/talk" \
            --path "$path" --exchanges 3
        wait_until 30 test -s background.out # libbpf's log begins before the backend is open
        while kill -USR1 "$pid" 2> /dev/null; do
            sleep 0.01
        done
        wait "$pid"
        rm "$path"
    done
}

# The end of the terminal, and of the reader

@test "Ctrl-C reaches the command once, and what was recorded is emitted" {
    "$terminal" --when done interrupt "${sockfixture[@]}" -q -o fixture.json -w "$recording" \
        sh -c "trap 'echo caught >> caught; exit 1' INT; $ask $path --done done"
    equal "$(cat caught)" caught
    equal "$(exchanges)" 3
}

@test "Ctrl-Z stops the command as it is stopped without us, and it goes on from there" {
    # What is on the screen is put right before, and after, as editors do.
    cat > editor.py << 'PYTHON'
import os, pathlib, signal, socket

def stop(*_):
    pathlib.Path("saved").touch()
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    pathlib.Path("back").touch()
    one.sendall(b"I am back")
    other.recv(100)
    raise SystemExit

one, other = socket.socketpair()
signal.signal(signal.SIGTSTP, stop)
pathlib.Path("ready").write_text(str(os.getpid()))
while True:
    signal.pause()
PYTHON
    # A shell that goes on to its next command when this one is stopped. Who types takes a moment to
    # do so; what is not stopped yet when it is to continue would stop then.
    # shellcheck disable=SC2016 # that shell's
    timeout 100 "$terminal" --when ready suspend bash -mc '"$@"
        until [ -e saved ]; do sleep 0.02; done
        until [ -e back ]; do sleep 0.1; kill -CONT "$(cat ready)"; done &
        fg %1' bash "${sockfixture[@]}" -q -o fixture.json -w "$recording" python3 editor.py
    equal "$(texts)" 'I am back'
}

@test "the terminal is closed: the files are whole" {
    "$terminal" --when done hang-up "${sockfixture[@]}" -o fixture.json -w "$recording" \
        "$ask" "$path" --done done
    equal "$(exchanges)" 3
    same_rows
}

@test "SIGTERM twice in a moment, as from timeout, is one: what the command says upon it is there" {
    background "${sockfixture[@]}" -l json -o fixture.json -w "$recording" \
        "$ask" "$path" --done done --on-term ask
    wait_until 30 test -e done
    kill -TERM "$pid"
    sleep 0.05 # two at once would be one
    kill -TERM -- "-$pid"
    finish "$pid"
    equal "$(exchanges)" 4
    run -1 grep 'still runs' background.out
}

# What runs in the background, and has come as far as `done`, is ended by a signal, and says so.
interrupted() { # written|compared
    local status=0
    wait_until 30 test -e done
    kill -TERM "$pid"
    finish "$pid" || status=$?
    equal "$status" 4
    equal "$(cat background.out)" "sockfixture: sh: interrupted; nothing was $1"
}

@test "a signal ends --repeat in any run: part of one is compared with no other, and nothing is written" {
    local run
    for run in '[ -e before ]' true; do
        rm -f before done background.out
        background "${sockfixture[@]}" -q --repeat 3 -o fixture.json -w "$recording" sh -c "
            $programs/talk --path $path --exchanges 3
            if $run; then touch done; sleep 600; fi; touch before"
        interrupted written
        equal "$(echo ./*.json*)" './*.json*'
    done
}

@test "a signal ends --check: what was not said yet is no difference" {
    local talk="$programs/talk --path $path --exchanges 3" files=(-w "$recording" -o fixture.json)
    "${sockfixture[@]}" "${files[@]}" sh -c "$talk; $talk"
    background "${sockfixture[@]}" -q --check "${files[@]}" sh -c "$talk; touch done; sleep 600; $talk"
    interrupted compared
}

@test "-c and -T end every run of --repeat, and what --check compares: that is no signal of the user" {
    local files=(-w "$recording" -o fixture.json) anew=(sh -c "rm -f $path; exec $ask $path")
    "${sockfixture[@]}" -c 3 --repeat 2 "${files[@]}" "${anew[@]}"
    equal "$(exchanges)" 3
    "${sockfixture[@]}" -c 3 --check "${files[@]}" "${anew[@]}"
    "${sockfixture[@]}" -T 0.3 --repeat 2 -o none.json sleep 600
    equal "$(jq .incomplete none.json)" false
}

@test "a signal reaches the command once a moment; a second one ends the recording, which is said" {
    background "${sockfixture[@]}" -l json -o fixture.json -w "$recording" sh -c "
        trap 'echo caught >> caught' TERM
        $programs/talk --path $path --exchanges 3; touch done
        until [ -e go ]; do sleep 0.05; done"
    wait_until 30 test -e done
    kill -TERM "$pid"
    sleep 0.1
    kill -TERM "$pid"
    sleep 0.5
    equal "$(cat caught)" caught
    [ ! -e fixture.json ]
    kill -TERM "$pid"
    finish "$pid"
    grep -qx 'sockfixture: sh: still runs, as a second signal ended the recording' background.out
    equal "$(exchanges)" 3
    touch go
}

@test "who talks to a command that lives on after Ctrl-C may type it again" {
    "$terminal" --when first interrupt --when second interrupt "${sockfixture[@]}" -l json -o fixture.json \
        sh -c "trap 'echo caught >> caught' INT
            touch first; until [ -s caught ]; do sleep 0.05; done; sleep 2.5
            touch second; until [ \$(wc -l < caught) = 2 ]; do sleep 0.05; done; sleep 1
            $programs/talk --path $path --exchanges 3" > screen
    equal "$(exchanges)" 3
    run -1 grep 'still runs' screen
}

@test "SIGHUP twice, as from a shell: the files are whole" {
    background "${sockfixture[@]}" -o fixture.json -w "$recording" "$ask" "$path" --done done
    wait_until 30 test -e done
    kill -HUP "$pid"
    kill -HUP "$pid" 2> /dev/null || true
    finish "$pid"
    equal "$(exchanges)" 3
}

@test "under nohup, SIGHUP ends nothing" {
    local ask="touch begun; until [ -e go ]; do sleep 0.05; done; $programs/talk --path $path --exchanges 3"
    background env --ignore-signal=HUP "${sockfixture[@]}" -o fixture.json -w "$recording" sh -c "$ask"
    wait_until 30 test -e begun
    kill -HUP "$pid"
    sleep 0.2 # two at once would be one
    kill -HUP "$pid"
    touch go
    finish "$pid"
    equal "$(exchanges)" 3
    same_rows
}

@test "nobody reads the recording any more: said, no other file, and the command is ended" {
    local status=0
    echo old > fixture.json
    { "${sockfixture[@]}" -q -w - -o fixture.json sh -c "
        trap 'touch caught; exit' TERM
        $programs/many --path $path --clients 4 --exchanges 5000 & wait; sleep 600 & wait" 2> said ||
        echo $? > status; } | head -n 1 > first
    equal "$(cat status)" 2
    equal "$(tail -n 1 said)" 'sockfixture: standard output: Broken pipe'
    equal "$(cat fixture.json)" old
    equal "$(jq -r .format first)" sockfixture-recording
    wait_until 30 test -e caught
}

@test "nobody reads the fixture any more" {
    record 0 "$programs/many" --path "$path" --clients 10 --exchanges 500
    { "$SOCKFIXTURE" -r "$recording" -l json 2> said || echo $? > status; } | head -n 1
    equal "$(cat status)" 2
    equal "$(cat said)" 'sockfixture: standard output: Broken pipe'
}

@test "the command gets SIGPIPE and SIGUSR1 as they are without us" {
    local ignored look='grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status'
    for ignored in '' 'PIPE' 'USR1 PIPE'; do
        # shellcheck disable=SC2086 # each is a signal
        (
            [ -z "$ignored" ] || trap '' $ignored
            sh -c "$look" > without
            "${sockfixture[@]}" -q -o out.json sh -c "$look" > with
        )
        diff without with
    done
}

# Memory

@test "memory does not grow with a recording that is only written" {
    export ASAN_OPTIONS=quarantine_size_mb=0:$ASAN_OPTIONS
    peak() { # EXCHANGES
        python3 - "${sockfixture[@]}" -q --buffer-size 1M -w "$recording" "$programs/many" \
            --path "$path" --clients 4 --exchanges "$1" << 'PYTHON'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
    }
    local few many
    few=$(peak 50)
    rm "$recording" # one that is there is compared with, and for that kept
    many=$(peak 5000)
    [ "$(stat -c %s "$recording")" -gt 10000000 ]
    # Kept, they would take more than 10000 KiB; what sanitizers keep for themselves is about 2000.
    [ $((many - few)) -lt 5000 ] || fail "$few KiB for 400 messages, $many KiB for 40000"
}
