#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What comes from outside drives no terminal, ends no comment or literal, and leads nowhere; files are
# their owner's alone, and no planted link is followed. SECURITY.md says what is promised.

load helper

# Names for processes (15 bytes count), sockets and messages.
hostile=('*/"; evil(); /*' $'\e[2J\e[31mred' $'a\nevil(1)\n#' "'''\"\"\"" '</script><b>x' $'\u202eevil' '\'
    '{{{command}}}' '`${evil}`' $'\xff\xfe\x9b1m' '../../etc/evil' "--> ']]>")

# Records a process of this name that says the name itself at an abstract address that holds it.
record_hostile() { # NAME OPTION...
    "${sockfixture[@]}" -w "$recording" "${@:2}" python3 -c '
import ctypes, os, socket, sys
name = os.fsencode(sys.argv[1])
ctypes.CDLL(None).prctl(15, name[:15], 0, 0, 0)
listener = socket.socket(socket.AF_UNIX)
listener.bind(b"\0" + b"%d" % os.getpid() + name)
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(listener.getsockname())
server = listener.accept()[0]
client.send(name)
server.send(server.recv(100))
client.recv(100)' "$1"
}

# Nothing but lines of printable characters, none of which turns the line around.
is_tame() { # FILE...
    run -1 env LC_ALL=C grep -aPn '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xc2[\x80-\x9f]' "$@"
    run -1 grep -avn '^.*$' "$@" # what is no UTF-8
}

@test "names and bytes reach no terminal as they are" {
    local name
    for name in "${hostile[@]}"; do
        printf 'the name is: %q\n' "$name" >&2
        record_hostile "$name" -v -l json -o out.json 2> said
        is_tame said out.json "$recording"
        "$SOCKFIXTURE" -v -r "$recording" -o again.json 2> said
        is_tame said again.json
    done
    for name in $'\e[2J\e[31mred' $'\xff\xfe\x9b1m'; do
        # As files to read and to write, options and languages, none of which there is.
        for option in -r --lang --template --backend --frame --bytes --style -s -u --template-dir -o; do
            "$SOCKFIXTURE" "$option" "/nowhere/$name" -w "/nowhere/$name" true > said 2>&1 && fail "$option"
            is_tame said
        done
    done
}

@test "a recording that somebody made up reaches no terminal as it is" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    # Names with escape sequences as JSON spells them, which a recorder would not write.
    sed 's/"comm": *"[^"]*"/"comm":"\\u001b[31m\\u009b"/; s/"address": *"[^"]*"/"address":"\\u001b]0;x\\u0007\\u202e"/g' \
        one.jsonl > evil.jsonl
    run -1 cmp -s one.jsonl evil.jsonl
    for lang in go rust python json html; do
        "$SOCKFIXTURE" -v -r evil.jsonl --lang "$lang" -o out 2> said || [ $? -eq 2 ]
        is_tame said
        [ ! -e out ] || is_tame out
        rm -f out
    done
}

@test "names and bytes end no comment and no literal" {
    local name
    for name in "${hostile[@]}"; do
        printf 'the name is: %q\n' "$name" >&2
        record_hostile "$name" -q
        for lang in go rust python json html; do
            "$SOCKFIXTURE" -q -r "$recording" --lang "$lang" --name "$name" -o "out.$lang"
            is_tame "out.$lang"
        done
        equal "$(gofmt -l < out.go)" ''
        rustfmt --check --edition 2021 < out.rust
        python3 -W error -c 'import ast, sys
for node in ast.walk(ast.parse(open(sys.argv[1]).read())):
    assert not (isinstance(node, ast.Name) and node.id == "evil")' out.python
        python3 -m json.tool out.json > /dev/null
        run -1 grep -E '<b>x|^ *evil\(' out.html
        # The names of files are made of numbers alone.
        "$SOCKFIXTURE" -q -r "$recording" --lang raw -o folder
        equal "$(cd folder && find . -type f | sort | paste -sd' ')" \
            './01-request.bin ./01-response.bin ./README'
        is_tame folder/README
        rm -r folder
    done
}

# Perl takes a comment of a line's number and a file's name for where it is.
@test "a command leads a fixture to no other files than its own" {
    printf '%s\n' 'command line 7 elsewhere/x' '> b"x" * 100' | "$tests/compose.py" > long.jsonl
    "$SOCKFIXTURE" -r long.jsonl --embed-above 10 --name talk -o Talk.pm
    equal "$(perl -e 'require "./Talk.pm"; print length($Fixture::talk[0]{request})')" 100
}

@test "new files and folders are their owner's alone" {
    umask 0
    "$tests/compose.py" <<< '> b"x" * 100' > long.jsonl
    "$SOCKFIXTURE" -r long.jsonl --lang go --embed-above 10 -o fixture_test.go -w again.jsonl
    "$SOCKFIXTURE" -r long.jsonl --lang raw -o folder
    "${sockfixture[@]}" -q -w live.jsonl -o live.json sh -c 'stat -c %a live.jsonl' > mode
    equal "$(cat mode)" 600
    equal "$(stat -c %a fixture_test*.* again.jsonl live.* folder/* | sort -u)" 600
    [ "$(find . -name 'fixture_test*' | wc -l)" -eq 2 ]
    equal "$(stat -c %a folder)" 700
    umask 0777 # which root alone could write below
    "$SOCKFIXTURE" -r long.jsonl --lang raw -o own
    equal "$(stat -c %a own own/* | sort | paste -sd ' ')" "600 600 700"
}

# In a folder where anybody may write, somebody else has put links where our files are to be.
@test "no planted link is followed" {
    "$tests/compose.py" <<< '> b"x" * 100' > long.jsonl
    mkdir -m 1777 shared
    echo precious > precious
    mkdir precious.d
    plant() { # NAME TARGET
        ln -s "$2" "shared/$1"
        chown -h nobody "shared/$1"
    }
    plant out_test.go ../precious
    plant out_test.01-request.bin ../precious
    plant rec.jsonl ../precious
    plant rec.jsonl.part ../precious
    plant folder ../precious.d
    ln precious shared/hard_test.go
    ln precious shared/hard.jsonl
    plant device /dev/null
    mkfifo -m 666 shared/pipe
    chown nobody shared/pipe
    "$SOCKFIXTURE" -q -r long.jsonl --lang go --embed-above 10 -o shared/out_test.go
    "$SOCKFIXTURE" -q -r long.jsonl --lang go -o shared/hard_test.go
    "${sockfixture[@]}" -q -w shared/rec.jsonl true
    "${sockfixture[@]}" -q -w shared/hard.jsonl true
    run -2 "$SOCKFIXTURE" -q -r long.jsonl --lang raw -o shared/folder
    equal "$(cat precious)" precious
    equal "$(ls precious.d)" ''
    equal "$(stat -c '%F %U' shared/{out_test.go,out_test.01-request.bin,hard_test.go,rec.jsonl,hard.jsonl} | sort -u)" \
        "regular file $(id -un)"
    for name in device pipe; do
        run -2 --separate-stderr "$SOCKFIXTURE" -q -r long.jsonl -o "shared/$name"
        says "shared/$name: Operation not permitted (immutable, or another user's in a folder where anybody can write[?])"
    done
}

@test "what takes the place of what somebody else put there has no mode of that" {
    local name
    "$tests/compose.py" <<< '> b"x" * 100' > long.jsonl
    mkdir -m 1777 shared
    mkdir -m 777 shared/folder
    : | tee shared/{out_test.go,out_test.01-request.bin,rec.jsonl,own.json}
    chmod 666 shared/*.*
    ln -s own.json shared/link.json
    chown -h nobody shared/{folder,out_test.*,rec.jsonl,link.json}
    "$SOCKFIXTURE" -q -r long.jsonl --embed-above 10 -o shared/out_test.go
    "$SOCKFIXTURE" -q -r long.jsonl --lang raw -o shared/folder
    "${sockfixture[@]}" -q -w shared/rec.jsonl true
    for name in link own; do
        "$SOCKFIXTURE" -q -r long.jsonl -o "shared/$name.json"
    done
    equal "$(stat -c %a shared/{out_test.go,out_test.01-request.bin,rec.jsonl,link.json} | sort -u)" 600
    equal "$(stat -c %a shared/folder shared/own.json)" $'700\n666'
}

# Whoever runs a server may write to its folder, and put a link where our own socket is a moment later.
@test "what has taken the place of our own socket keeps its mode" {
    printf '%s\n' 'type dgram' '> b"ask"' '< b"answer"' | "$tests/compose.py" > talk.jsonl
    mkdir served
    echo precious > precious
    chmod 600 precious
    background python3 -c '
import os, socket, time
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("served/socket")
os.symlink("../precious", "link")
while os.listdir("served") == ["socket"]:
    time.sleep(0.001)
other = "served/" + next(name for name in os.listdir("served") if name != "socket")
with open("mode", "w") as mode:
    print("%o" % os.stat(other).st_mode, file=mode)
os.rename("link", other)
time.sleep(600)'
    wait_until 30 test -S served/socket
    # It is held up until it was seen. Who is traced cannot look for leaks.
    run -1 --separate-stderr env "ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}" \
        strace -o calls -e trace=bind -e inject=bind:delay_exit=2000000 \
        "$SOCKFIXTURE" --replay served/socket -r talk.jsonl -T 0.1
    equal "$(cat mode)" 140666
    equal "$(stat -c %a precious)" 600
}

@test "what has taken the place of our own socket is not given to another user" {
    printf '%s\n' '> b"ask"' '< b"answer"' | "$tests/compose.py" > talk.jsonl
    mkdir served
    echo precious > precious
    background sh -c 'until [ -S served/socket ]; do sleep 0.01; done; mv precious served/socket'
    # Who is traced cannot look for leaks.
    run -2 --separate-stderr env "ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}" \
        strace -o calls -e trace=bind -e inject=bind:delay_exit=2000000 \
        "$SOCKFIXTURE" --serve served/socket -u nobody -r talk.jsonl true
    says 'serving: Socket operation on non-socket'
    equal "$(cat served/socket)" precious
    equal "$(stat -c %u served/socket)" "$(id -u)"
}

@test "what differs is told to programs without a command, a tag or a line of an observed one" {
    local evil=$'::error::x%0A\n::set-output name=a::b\r]]></failure><script>"\e[31m' format
    record_hostile "$evil" -q
    mv "$recording" golden.jsonl
    record_hostile "${evil}2" -q
    for format in text json junit github; do
        "$SOCKFIXTURE" -q --check --diff-format "$format" -w golden.jsonl -r "$recording" \
            > "said.$format" 2> said || equal $? 1
        [ -s "said.$format" ]
        is_tame "said.$format"
        is_tame said
    done
    # Each line is an annotation of ours, in which no other percent sign is as it was.
    run -1 grep -avE '^::error file=golden.jsonl,line=1,title=[^:]*::' said.github
    run -1 grep -aE '%([^023]|0[^AD]|2[^5C]|3[^A])' said.github
    python3 -c '
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
assert not [e for e in suite.iter() if e.tag == "script"]' said.junit
    python3 -m json.tool said.json > /dev/null
}

@test "names and bytes reach no reader of a page, a text or a capture as they are" {
    local name lang
    for name in "${hostile[@]}"; do
        printf 'the name is: %q\n' "$name" >&2
        record_hostile "$name" -q
        for lang in html markdown text yaml; do
            "$SOCKFIXTURE" -q -r "$recording" --lang "$lang" --name "$name" -o "out.$lang"
            is_tame "out.$lang"
        done
        # What a capture says of itself, names of processes and addresses among it.
        "$SOCKFIXTURE" -q -r "$recording" -o out.pcapng
        "$tests/pcapng_text.py" out.pcapng > comments
        [ -s comments ]
        is_tame comments
    done
}

# Records what a client asks a datagram server here; its pid is then in $server.
ask_datagrams() { # [OPTION...]
    background python3 -c '
import socket
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("served")
while True:
    data, address = server.recvfrom(100)
    server.sendto(b"re: " + data, address)'
    server=$pid
    wait_until 30 test -S served
    ask_again "$@"
}

ask_again() { # [OPTION...]
    rm -f "$recording"
    record 0 "$@" python3 -c '
import socket
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
client.bind("")
client.sendto(b"ask", "served")
client.recv(100)'
}

servers_pids() {
    jq -r 'select(.data) | .peer.pid' "$recording" | sort -u
}

@test "a path that reads like a line of /proc/net/unix makes nobody a server" {
    background python3 -c '
import os, socket, time
def new():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
pairs = [(new(), new()) for _ in range(200)]
for number, (bound, other) in enumerate(pairs):
    inode = os.fstat(other.fileno()).st_ino
    bound.bind(f"{number}\n0: 00000002 00000000 00000000 0002 01 {inode} served")
open("forged", "w")
time.sleep(600)'
    wait_until 30 test -e forged
    ask_datagrams
    equal "$(servers_pids)" "$server"
}

@test "who has the same name elsewhere is no server, and who is cannot be told from elsewhere" {
    background python3 -c '
import os, socket, time
bound = []
for number in range(100):
    os.mkdir(f"{number}")
    os.chdir(f"{number}")
    kind = socket.SOCK_STREAM if number % 2 else socket.SOCK_DGRAM
    bound.append(socket.socket(socket.AF_UNIX, kind))
    bound[-1].bind("served")
    os.chdir("..")
open("bound", "w")
time.sleep(600)'
    wait_until 30 test -e bound
    ask_datagrams
    equal "$(servers_pids)" "$server"
    mkdir elsewhere
    cd elsewhere
    ask_again --chdir "$work"
    equal "$(servers_pids)" 0
}

@test "a file that is called like an abstract name, or like a port, is neither" {
    local name
    for name in @named tcp:127.0.0.1:80; do
        ask_file "$name"
        equal "$(jq -r 'select(.data) | .peer.address' "$recording")" "./$name"
        ask_file "$name" -s "$name"
        equal "$(jq -c 'select(.data)' "$recording")" ''
    done
}

# Records what is said at a socket that is a file of this name.
ask_file() { # NAME [OPTION...]
    rm -f "$1" "$recording"
    record 0 "${@:2}" python3 -c '
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
server = listener.accept()[0]
client.send(b"ask")
server.recv(100)' "$1"
}
