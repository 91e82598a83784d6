#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The command line: options, errors in one line each, exit statuses, and files that are whole or left alone.

load helper

# Runs it with nothing but errors on standard error; output, stderr and status are then run's.
try() { # STATUS ARG...
    run "-$1" --separate-stderr "${sockfixture[@]}" -q "${@:2}"
}

on_closed_output() { # COMMAND [ARG...]
    "$@" >&-
}

setup() {
    begin_test
    # A short conversation to record.
    talk=("$programs/talk" --path "$path" --exchanges 3)
}

# Usage

@test "no command: what is missing, and where to read on" {
    try 2
    says '*command*--help*'
    equal "$output" ''
}

@test "a command and a recording" {
    try 2 -r some.jsonl true
    says '*-r*'
}

@test "an unknown option" {
    run -2 --separate-stderr "${sockfixture[@]}" --no-such-option true
    [[ ${stderr_lines[0]} == *no-such-option* ]]
    equal "$output" ''
}

@test "an unknown language names the nearest" {
    try 2 --lang pyton touch ran
    says '*pyton*python*'
    try 2 --lang Go touch ran
    says '*Go*go*'
    try 2 --lang brainfuck touch ran
    says '*brainfuck*'
    only_files
}

@test "an unknown backend" {
    run -2 --separate-stderr "$SOCKFIXTURE" --backend sycall touch ran
    says '*sycall*syscall*'
    only_files
}

@test "language and template exclude each other" {
    touch mine.mustache
    try 2 --lang go --template mine.mustache touch ran
    says '*--lang*--template*'
    only_files mine.mustache
}

@test "a template that is not there, or not a template" {
    try 2 --template nowhere.mustache touch ran
    says '*nowhere.mustache*'
    echo '{{#open}}' > broken.mustache
    try 2 --template broken.mustache touch ran
    says 'broken.mustache:1:*'
    only_files broken.mustache
}

@test "recording and fixture cannot both be standard output" {
    try 2 --lang go -w - touch ran
    says '*standard output*'
    only_files
}

@test "a buffer size that is none" {
    local size
    for size in 0 -1 x 1T 64KB 2G ''; do
        run -2 --separate-stderr "${sockfixture[@]}" -q --buffer-size "$size" touch ran
        [[ ${stderr_lines[0]} == *buffer-size* ]]
    done
    only_files
}

@test "a path that is no socket" {
    touch plain
    try 2 -s "$work/plain" touch ran
    says "*$work/plain*"
    only_files plain
}

@test "--version" {
    run -0 --separate-stderr "$SOCKFIXTURE" --version
    [[ $output =~ ^sockfixture\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    equal "$stderr" ''
}

@test "--help names every option, as the manual does, and every exit status" {
    local option
    run -0 --separate-stderr "$SOCKFIXTURE" --help
    equal "$stderr" ''
    [[ $output == *'--list [NAME...]'* ]]
    # And sockfixture(1) has the same.
    sed -n 's/^ \{2,6\}\(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' <<< "$output" | sort > helped
    grep '^\.It Fl' "$tests/../sockfixture.1" | grep -o 'Fl Fl [a-z-]*' | cut -d ' ' -f 3 | sort > described
    equal "$(< helped)" "$(< described)" 'the options of --help, and those of the manual,'
    [ "$(wc -l < helped)" -gt 50 ]
    for option in 0 2 3 4 5; do
        [[ $output =~ [^0-9]$option\  ]] || fail "--help does not name status $option"
    done
    [[ $output != *$'\t'* ]]
}

@test "--list-langs" {
    local lang
    run -0 --separate-stderr "$SOCKFIXTURE" --list-langs
    for lang in go rust python json; do
        grep -qw "^$lang" <<< "$output" || fail "$lang is not listed"
    done
    equal "$stderr" ''
}

@test "every language that is listed can be used" {
    local lang
    record 0 "${talk[@]}"
    for lang in $("$SOCKFIXTURE" --list-langs | cut -d' ' -f1); do
        run -0 --separate-stderr "$SOCKFIXTURE" --lang "$lang" -r "$recording" -o "out.$lang"
        [ -s "out.$lang" ] || fail "$lang gave nothing"
        equal "$stderr" ''
    done
}

@test "options end where the command begins" {
    touch file
    try 0 -o out.json ls --color=never -l --help
    [[ $output == *'Usage: ls'* ]]
    try 0 -o out.json -- ls --color=never
    [[ $output == *file* ]]
}

@test "the language comes from the ending of -o" {
    record 0 "${talk[@]}"
    "$SOCKFIXTURE" -r "$recording" -o x.go
    "$SOCKFIXTURE" -r "$recording" --lang go > y.go
    "$SOCKFIXTURE" -r "$recording" -o x.py
    cmp x.go y.go
    python3 x.py
}

@test "an ending that no language has is said, a file without one is JSON" {
    local file
    record 0 "${talk[@]}"
    mkdir x.y
    run -0 --separate-stderr "$SOCKFIXTURE" -r "$recording" -o x.y/x.unknown
    equal "$stderr" 'sockfixture: x.y/x.unknown: no language has files that end in .unknown, so this is json (--lang)'
    for file in x.y/plain x.y/dot. /dev/stdout; do
        run -0 --separate-stderr "$SOCKFIXTURE" -r "$recording" -o "$file"
        equal "$stderr" ''
    done
    run -0 --separate-stderr "$SOCKFIXTURE" -q -r "$recording" -o x.y/quiet.unknown
    equal "$stderr" ''
    for file in x.unknown plain dot. quiet.unknown; do
        python3 -m json.tool "x.y/$file" > /dev/null
    done
}

@test "a template of one's own" {
    printf '{{#tables}}{{#exchanges}}{{name}}\n{{/exchanges}}{{/tables}}' > mine.mustache
    record 0 "${talk[@]}"
    run -0 --separate-stderr "$SOCKFIXTURE" --template mine.mustache -r "$recording"
    equal "${#lines[@]}" 3
}

# Which backend

@test "the backend that was taken is said, but not with -q" {
    run -0 --separate-stderr "$SOCKFIXTURE" -o out.json "${talk[@]}"
    [[ $stderr == 'sockfixture: backend: '* ]]
    equal "${#stderr_lines[@]}" 1
    run -0 --separate-stderr "$SOCKFIXTURE" -q -o out.json true
    equal "$stderr" ''
}

@test "nothing can record here" {
    run -5 --separate-stderr setpriv --bounding-set -all --inh-caps -all \
        "$SOCKFIXTURE" -q --backend syscall -o out.json touch ran
    says '*syscall*'
    only_files
}

# The command

@test "command not found" {
    try 4 -o out.json no-such-command
    says 'no-such-command: command not found'
    try 4 -o out.json ./no-such-command
    says './no-such-command: No such file or directory'
    local option
    for option in -q --init; do
        try 2 $option ''
        says 'the command is an empty word *'
    done
    only_files
}

@test "a command that cannot be run" {
    echo '#!/no/such/interpreter' > script
    try 4 -o out.json ./script
    says './script: Permission denied'
    chmod +x script
    try 4 -o out.json ./script
    says './script: what it is run by is not there (its #! line or its ELF header names it)'
    mkdir elsewhere
    try 4 -o out.json --chdir elsewhere ../script
    says '../script: what it is run by is not there *'
    try 4 -o out.json --chdir elsewhere ./script
    says './script: No such file or directory'
    rmdir elsewhere
    mv script nowhere-else
    PATH=$work:$PATH try 4 -o out.json nowhere-else
    says 'nowhere-else: what it is run by is not there *'
    try 4 -o out.json -E "PATH=/none::$work" nowhere-else
    says 'nowhere-else: what it is run by is not there *'
    try 4 -o out.json nowhere-else
    says 'nowhere-else: command not found'
    try 4 -o out.json "$work"
    says "*$work*"
    only_files nowhere-else
}

@test "a command that fails: its status is said, and the files are as they were" {
    echo old > out.json
    echo old > rec.jsonl
    try 4 -o out.json -w rec.jsonl sh -c 'exit 7'
    says '*status 7*'
    equal "$(cat out.json rec.jsonl)" $'old\nold'
    only_files out.json rec.jsonl
}

@test "a command that is killed: its signal is said" {
    echo old > out.json
    try 4 -o out.json sh -c 'kill -KILL $$'
    says '*signal 9*'
    equal "$(cat out.json)" old
    only_files out.json
}

@test "a command that fails, with --ignore-status" {
    local conversation
    conversation="${talk[*]}; exit 7"
    record 0 -q --ignore-status sh -c "$conversation"
    equal "$(jq '.conversations | length' fixture.json)" 1
}

@test "a command that fails gives nothing on standard output" {
    try 4 --lang json sh -c "${talk[*]}; exit 1"
    equal "$output" ''
}

@test "the command's input is its own" {
    equal "$(echo hello | "${sockfixture[@]}" -q -o out.json cat)" hello
}

@test "the command's output is its own with -o, and goes to standard error without" {
    try 0 -o out.json sh -c 'echo out; echo err >&2'
    equal "$output" out
    equal "$stderr" err
    try 0 --lang json sh -c 'echo out; echo err >&2'
    equal "$stderr" $'out\nerr'
    equal "$(jq -r '.command' <<< "$output")" "sh -c 'echo out; echo err >&2'"
}

@test "the command sees no descriptor, signal mask or directory that it would not see without us" {
    local look='ls /proc/self/fd | wc -l; grep -E "^Sig(Blk|Ign)" /proc/self/status; pwd; id; env | grep -v ^_='
    sh -c "$look" > without 3>&-
    "${sockfixture[@]}" -q -o out.json sh -c "$look" > with 3>&-
    diff without with
    "${sockfixture[@]}" -v -o out.json sh -c "$look" > with 3>&-
    diff without with
}

@test "a standard file that is closed is the command's to find closed, and no file of ours" {
    local output
    for output in '-o x.go' '-o x.json' '-o x.pcapng' '-w x.jsonl -o x.go'; do
        # shellcheck disable=SC2086 # several words
        "${sockfixture[@]}" $output "${talk[@]}" 2>&-
        run -1 grep -a 'sockfixture: ' x.*
        rm x.* "$path"
    done
    "${sockfixture[@]}" -q -o x.json sh -c 'cd /proc/$$/fd && ! [ -e 0 ] && ! [ -e 1 ] && ! [ -e 2 ]' \
        <&- >&- 2>&-
    for output in '-o -' '-w -'; do
        # shellcheck disable=SC2086 # several words
        run -2 --separate-stderr on_closed_output "${sockfixture[@]}" -q $output touch ran
        says 'standard output: Bad file descriptor'
    done
    run -2 --separate-stderr on_closed_output "$SOCKFIXTURE" --list-langs
    says 'standard output: Bad file descriptor'
    only_files x.json
}

@test "arguments reach the command as they are" {
    try 0 -o out.json printf '%s|' '' ' ' $'a\nb' '*' '$HOME' '\' "'" '"' é
    equal "$output" $'| |a\nb|*|$HOME|\\|\'|"|é|'
}

@test "a socket that the command was given" {
    background python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
server.accept()[0].sendall(b"from outside")' "$path"
    wait_until 30 test -S "$path"
    python3 -c '
import os, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[1])
os.dup2(there.fileno(), 0)
os.execvp(sys.argv[2], sys.argv[2:])' "$path" "${sockfixture[@]}" -q -w "$recording" cat > out
    equal "$(cat out)" 'from outside'
    equal "$(jq -r 'select(.data) | .call + " " + .text' "$recording")" 'receive from outside'
}

# Signals

# A command that talks, says so, and then waits.
waiting() { # TRAP
    echo "trap '$1' INT TERM; ${talk[*]} --log $log; touch ready; while :; do sleep 0.05; done"
}

interrupt() { # SIGNAL
    background "${sockfixture[@]}" -q -o fixture.json -w "$recording" sh -c "$(waiting "$2")"
    wait_until 30 test -e ready
    kill "-$1" "$pid"
    finish "$pid"
    equal "$("$tests/witness.py" both "$log" "$recording")" whole
    same_rows
}

@test "SIGTERM reaches the command, and what was recorded until then is emitted" {
    interrupt TERM 'touch caught; exit 0'
    [ -e caught ]
}

@test "SIGINT reaches the command, and what was recorded until then is emitted" {
    interrupt INT 'touch caught; exit 0'
    [ -e caught ]
}

@test "a command that ends by the signal that was sent: the same" {
    interrupt TERM -
}

@test "kill -9 leaves no file behind that is not whole" {
    echo old > out.json
    background "${sockfixture[@]}" -q -o out.json sh -c "$(waiting 'exit 0')"
    wait_until 30 test -e ready
    kill -KILL "$pid"
    finish "$pid" || true
    equal "$(cat out.json)" old
}

# Files

@test "-o in a directory that is not there" {
    try 2 -o missing/out.json true
    says '*missing/out.json*'
    try 2 -w missing/rec.jsonl true
    says '*missing/rec.jsonl*'
    only_files
}

@test "-o is a directory" {
    mkdir directory
    try 2 -o directory true
    says '*directory*'
    only_files directory
}

@test "no room for the output" {
    try 2 -o /dev/full true
    says '*/dev/full*No space left*'
    try 2 -w /dev/full true
    says '*/dev/full*No space left*'
    # shellcheck disable=SC2016 # the inner shell's
    run -2 --separate-stderr sh -c '"$@" > /dev/full' sh "${sockfixture[@]}" -q --lang json true
    says '*No space left*'
    only_files
}

@test "what is printed is printed whole, or it is said" {
    local option
    for option in --list-langs --backends '--completion zsh' '--print-template go' --help --usage --version; do
        # shellcheck disable=SC2016 # the inner shell's
        run -2 --separate-stderr sh -c '"$@" > /dev/full' sh "$SOCKFIXTURE" $option
        says 'standard output: No space left on device'
    done
}

@test "a file that is open already is gone on with, and the link that leads to it stays" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r one.jsonl --lang text > alone
    ln -s /proc/self/fd/1 one
    ln -s one two
    local to
    for to in "$work/two" /dev/fd/1 /proc/self/fd/1 /dev/stdout; do
        [ "$to" != /dev/stdout ] || [ "$(readlink "$work/two")" = one ] # or that link would go
        { echo before && "$SOCKFIXTURE" -r one.jsonl --lang text -o "$to" && echo after; } > all
        diff all <(echo before; cat alone; echo after)
    done
    { echo before && "$SOCKFIXTURE" -r one.jsonl --lang text -o /dev/fd/3 3>&1 && echo after; } > all
    diff all <(echo before; cat alone; echo after)
    equal "$(readlink one two | xargs)" '/proc/self/fd/1 one'
    try 2 -r one.jsonl -o /dev/fd/77
    says '/dev/fd/77: No such file or directory'
    # Whatever it is called, the command's own output does not get into it.
    equal "$("${sockfixture[@]}" -q -w /dev/stdout echo output 2> said | grep -c output)" 1
    equal "$(cat said)" output
    for to in - /dev/stdout; do
        try 2 -w "$to" -o - true
        says 'recording and fixture cannot both go to standard output *'
    done
    only_files one.jsonl one two alone all said
}

@test "what would be lost by writing something else is not" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    ln one.jsonl same.jsonl
    mkdir folder
    cp one.jsonl before
    try 2 -r one.jsonl -o one.jsonl
    says 'the fixture (-o) would take the place of what it is made of (-r) *'
    try 2 -r one.jsonl -o same.jsonl
    try 2 -r one.jsonl -o folder/../one.jsonl
    cmp one.jsonl before
    try 2 -w new -o new touch ran
    says 'recording (-w) and fixture (-o) cannot be one file *'
    try 2 -w new -o "$work/new" touch ran
    only_files one.jsonl same.jsonl folder before
    try 0 -w /dev/null -o /dev/null true
    try 0 -w folder/new -o new true
}

@test "options that have nothing to be about" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    local option
    for option in '--chdir /' '-E A=b' --ignore-status; do
        try 2 -r one.jsonl $option
        says '--env, --chdir and --ignore-status are for a command, and there is none to run *'
    done
    for option in --no-follow '-B 64K'; do
        try 2 -r one.jsonl $option
        says '--no-follow and --buffer-size are for recording*'
    done
    try 2 -s path --no-follow -T 1
    says '--no-follow leaves out what a command or the processes of -p start, and there is neither *'
    try 2 -r one.jsonl --timing now
    says '--timing goes with --serve or --replay *'
    for option in '--style test' '--call f' '--bytes hex' '--package p' '--embed-above 1' '--template-dir .'; do
        try 2 -w new.jsonl $option touch ran
        says '--style, *there is none to write (-o names one) *'
    done
    try 2 -r one.jsonl --lang go --call f
    says '--call: that is for tests (--style test makes some)'
    try 2 -r one.jsonl --lang json --call f
    says '--call: json has no tests that would call it'
    for option in '' '=b'; do
        try 2 -E "$option" touch ran
        says '-E needs the name of a variable*'
    done
    # shellcheck disable=SC2046 # words
    try 2 -o new.json $(printf -- '-s /run/%d ' {1..65}) touch ran
    [[ $stderr == *'--socket was given more than 64 times'* ]]
    # shellcheck disable=SC2046 # words
    try 0 -q -r one.jsonl $(printf -- '--template-dir . %.0s' {1..64})
    for option in '--list-langs touch ran' '--backends -w new.jsonl' '--print-template go -o new.go' \
        '--completion bash --list-langs'; do
        # shellcheck disable=SC2086 # words
        try 2 $option
        says '--backends, --list-langs, * are asked one at a time, and beside them nothing is *'
    done
    try 2 --print-template pcapng
    says 'pcapng: there is no template of it *'
    only_files one.jsonl
}

@test "a new file is its owner's alone, as bytes can be secrets; an old one keeps its rights" {
    umask 022
    touch rec.jsonl
    chmod 640 rec.jsonl
    try 0 -o out.json -w rec.jsonl true
    equal "$(stat -c %a out.json rec.jsonl | paste -s)" $'600\t640'
}

@test "a place that cannot be written is found before the command runs" {
    try 2 -o missing/out.json touch ran
    says '*missing/out.json: No such file or directory'
    try 2 -w missing/rec.jsonl touch ran
    [ ! -e ran ]
    mkdir removed
    cd removed
    rmdir ../removed
    try 2 -o out.json touch ../ran
    says 'out.json: No such file or directory'
    [ ! -e ../ran ]
}

@test "below a root without /proc a recording can be read, and all be made of it" {
    local lang
    "${sockfixture[@]}" -q -w rec.jsonl "${talk[@]}"
    if ldd "$SOCKFIXTURE" | grep -q libasan; then return; fi # sanitizers cannot do without
    for lang in go raw; do
        "$SOCKFIXTURE" -r rec.jsonl --lang "$lang" -o "out.$lang"
        # shellcheck disable=SC2016 # what is inside is expanded there
        unshare --mount sh -c 'umount -l /proc && exec "$@"' - \
            "$SOCKFIXTURE" -r rec.jsonl --lang "$lang" -o "bare.$lang"
        diff -r "out.$lang" "bare.$lang"
        equal "$(stat -c %a "bare.$lang")" "$(stat -c %a "out.$lang")"
    done
    rm "$path"
    only_files rec.jsonl out.{go,raw} bare.{go,raw}
}

@test "files are replaced as a whole, and nothing else is left" {
    echo old > out.json
    echo old > rec.jsonl
    try 0 -o out.json -w rec.jsonl "${talk[@]}"
    python3 -m json.tool out.json > /dev/null
    equal "$(jq -r .format rec.jsonl | head -n 1)" sockfixture-recording
    rm -f "$path"
    only_files out.json rec.jsonl
}

@test "-w - and -r -" {
    "${sockfixture[@]}" -q -w - -o direct.json "${talk[@]}" > "$recording"
    python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import recording
recording.Recording(sys.argv[2])' "$tests" "$recording"
    run -0 --separate-stderr "$SOCKFIXTURE" -r - --lang json < "$recording"
    diff - direct.json <<< "$output"
    # Through a pipe, in which the first line cannot be written again.
    "${sockfixture[@]}" -q -w - "${talk[@]}" | "$SOCKFIXTURE" -r - --lang json > piped.json
    equal "$(jq '.conversations[0].exchanges | length' piped.json)" 3
}

@test "a recording is read into the same recording" {
    record 0 "${talk[@]}"
    "$SOCKFIXTURE" -r "$recording" -w again.jsonl
    cmp "$recording" again.jsonl
}

# Recordings that cannot be read: the line and the column

unreadable() { # PATTERN, for what is in bad.jsonl
    try 2 -r bad.jsonl -o out.json
    says "bad.jsonl:$1"
    [ ! -e out.json ]
}

@test "a recording that is not there" {
    try 2 -r nowhere.jsonl
    says '*nowhere.jsonl*No such file*'
}

@test "what is no recording" {
    : > bad.jsonl
    unreadable ' is empty'
    echo '{"a":' > bad.jsonl
    unreadable '1:*'
    echo '{}' > bad.jsonl
    unreadable '1:*'
    echo '[1,2]' > bad.jsonl
    unreadable ' neither*--from*'
    head -c 4096 "$programs/talk" > bad.jsonl
    unreadable ' neither*--from*'
    head -c 100000 /dev/zero > bad.jsonl
    unreadable ' neither*--from*'
    mkdir directory
    try 2 -r directory
    says '*directory*'
}

@test "a recording with one line that is wrong" {
    local change
    record 0 "${talk[@]}"
    for change in 's/"direction":"[a-z]*"/"direction":"sideways"/' 's/"conversation":1/"conversation":7/' \
        's/"conversation":1/"conversation":0/' 's/"conversation":1/"conversation":-1/' \
        's/"data":"/"data":"!/' 's/"length":[0-9]*/"length":99999/' 's/"length":[0-9]*/"length":"1"/' \
        's/"length":[0-9]*/"length":-1/' 's/"time":"[0-9.]*"/"time":"noon"/' \
        's/"type":"[a-z]*"/"type":"raw"/' 's/,"data":"[^"]*"//' 's/}$//' 's/^/x/' 's/.*/[]/' 's/.*/{}/'; do
        sed "4$change" "$recording" > bad.jsonl
        echo "the change is: $change" >&2
        run -1 cmp -s "$recording" bad.jsonl
        try 2 -r bad.jsonl -o out.json
        says 'bad.jsonl:4:[0-9]*: *'
        [ ! -e out.json ]
        try 2 -r bad.jsonl -w copy.jsonl
        says 'bad.jsonl:4:[0-9]*: *'
        [ ! -e copy.jsonl ]
        try 2 --check -r "$recording" -w bad.jsonl
        says 'bad.jsonl:4:[0-9]*: *'
    done
}

@test "a recording's field that is not there is told from one that is wrong" {
    record 0 "${talk[@]}"
    sed '2s/"tid":[0-9]*,//' "$recording" > bad.jsonl
    unreadable '2:*"tid" is missing'
    sed '2s/"tid":[0-9]*,/"tid":"one",/' "$recording" > bad.jsonl
    unreadable '2:*"tid" is wrong'
    sed '1s/"backend":"[a-z]*",//' "$recording" > bad.jsonl
    unreadable '1:*"backend" is missing'
}

@test "a recording of a version to come" {
    record 0 "${talk[@]}"
    sed '1s/"version":1/"version":2/' "$recording" > bad.jsonl
    unreadable '1:*version*'
}

@test "a recording that was cut short is incomplete" {
    record 0 "${talk[@]}"
    sed '$d' "$recording" > cut.jsonl
    try 3 -r cut.jsonl -o out.json
    says '*cut.jsonl*'
    equal "$(jq .incomplete out.json)" true
}

@test "a recording that says what was lost is incomplete" {
    record 0 "${talk[@]}"
    sed -E 's/"lost":\{"messages":0/"lost":{"messages":5/' "$recording" > lossy.jsonl
    try 3 -r lossy.jsonl -o out.json
    [[ $stderr == *5* ]]
    equal "$(jq '.incomplete, .lost' out.json | paste -s)" $'true\t5'
}
