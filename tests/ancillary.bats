#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What messages carry beside their bytes: in the recording, in the fixture, and when it is cut.

load helper

everywhere() { # SCENARIO
    local view
    for view in client server both; do
        observe "$view" ancillary "$1" --path "$path"
        equal "$told" whole "seen from $view"
    done
}

# What the messages of the recording carry, a line each.
carried() { # LINE...
    equal "$(jq -c 'select(.ancillary or .ancillary_cut) | [.text, .ancillary, .ancillary_cut]' \
        "$recording")" "$(printf '%s\n' "$@")"
}

# The comments of the fixture in that language, about what is said.
comments() { # LANGUAGE LINE...
    equal "$("$SOCKFIXTURE" -r "$recording" -l "$1" | grep -oE ' [0-9]+ bytes?\b.*')" \
        "$(printf ' %s\n' "${@:2}")"
}

all_languages() { # LINE...
    local language
    for language in go rust python; do
        comments "$language" "$@"
    done
}

# bats test_tags=kernel
@test "a descriptor of each kind" {
    everywhere kinds
    carried '["one of each",[{"descriptors":["file","directory","pipe","device","socket","eventfd","epoll","memfd","pidfd","timerfd","signalfd","inotify","other"]}],null]'
}

# bats test_tags=kernel
@test "as many descriptors as a message can pass" {
    everywhere most
    equal "$(jq -c 'select(.ancillary) | .ancillary[0].descriptors | [length, .[0], .[252]]' \
        "$recording")" '[253,"pipe","file"]'
    all_languages '10 bytes; with 253 file descriptors (pipe, 252 x file)' '6 bytes'
}

# bats test_tags=kernel
@test "descriptors in a stream stand at the byte that they came with" {
    everywhere several
    all_languages '8 bytes; at byte 5 with 1 file descriptor (pipe)' '4 bytes' \
        '8 bytes; with 2 file descriptors (file, socket); at byte 3 with 3 file descriptors (socket, eventfd, file)' \
        '6 bytes'
    equal "$(jq -c '.conversations[].exchanges[].requests[].descriptors' "$work/fixture.json")" \
        '[{"offset":5,"kinds":["pipe"]}]
[{"offset":0,"kinds":["file","socket"]},{"offset":3,"kinds":["socket","eventfd","file"]}]'
    python3 -m json.tool "$work/fixture.json" | diff "$work/fixture.json" -
}

@test "descriptors without a byte of a stream are passed to nobody" {
    everywhere nothing
    carried ''
    equal "$(jq 'select(.data) | .length' "$recording" | paste -sd ' ')" '16 14'
}

# bats test_tags=kernel
@test "credentials between descriptors" {
    everywhere together
    observe client ancillary together --path "$path"
    equal "$(jq -c 'select(.ancillary) | .pid as $pid | .ancillary | map(
        if .credentials then .credentials.pid == $pid else .descriptors end)' "$recording")" \
        '[["pipe"],true,["eventfd","file"]]'
    all_languages "8 bytes; with 1 file descriptor (pipe); with credentials (uid $(id -u), gid $(id -g)); with 2 file descriptors (eventfd, file)" \
        '6 bytes'
}

# bats test_tags=kernel
@test "MSG_CTRUNC: what the receiver had no room for is told to be missing" {
    local status=0
    observe client ancillary cut --path "$path"
    equal "$told" whole
    observe both ancillary cut --path "$path"
    equal "$told" whole
    observe server ancillary cut --path "$path"
    equal "$told" incomplete
    carried '["three",[{"descriptors":["pipe"]}],true]' '["one",null,true]'
    equal "$(tail -n 1 "$recording" | jq -c '[.end.lost.cut, .end.lost.bytes]')" '[2,0]'
    "$SOCKFIXTURE" -r "$recording" -l go > fixture.go || status=$?
    equal "$status" 3
    all_languages '5 bytes; with 1 file descriptor (pipe); incomplete: ancillary data is missing' \
        '4 bytes' '3 bytes; incomplete: ancillary data is missing' '6 bytes'
    grep -q 'Incomplete: not everything' fixture.go
    equal "$(jq -c '[.incomplete] + [.conversations[].exchanges[] | .incomplete,
        .requests[].ancillary_cut]' "$work/fixture.json")" '[true,true,true,true,true]'
}

# bats test_tags=kernel
@test "credentials of which the receiver gets a part are missing" {
    observe both ancillary cut-credentials --path "$path"
    equal "$told" whole
    observe server ancillary cut-credentials --path "$path"
    equal "$told" incomplete
    carried '["it is me",null,true]'
}

# bats test_tags=kernel
@test "a datagram, or a record, of ancillary data alone" {
    everywhere alone
    carried '["",[{"descriptors":["socket","pipe"]}],null]'
    everywhere alone-record
    carried '["",[{"descriptors":["socket","pipe"]}],null]'
    all_languages '0 bytes; with 2 file descriptors (socket, pipe)' '6 bytes'
}

# bats test_tags=kernel
@test "a record of ancillary data alone, received when the sender has gone" {
    everywhere alone-last
}

# bats test_tags=kernel
@test "each message of a call carries its own" {
    everywhere batch
}

# bats test_tags=kernel
@test "credentials that were passed, and those that the kernel adds" {
    everywhere credentials
    # Observed where it is sent, a message carries what its sender passed.
    equal "$(jq -c 'select(.ancillary) | .text' "$recording")" '"it is me"'
    all_languages "8 bytes; with credentials (uid $(id -u), gid $(id -g))" '4 bytes' '14 bytes' \
        '6 bytes'
    observe server ancillary credentials --path "$path"
    equal "$(jq -c 'select(.ancillary) | [.text, .ancillary[0].credentials.uid]' \
        "$recording")" "[\"it is me\",$(id -u)]
[\"it is still me\",$(id -u)]"
}

@test "other control messages are told by what they are" {
    everywhere sender
    carried ''
    observe server ancillary sender --path "$path"
    # Each kernel tells what it can; the log knows what that was.
    equal "$(jq -c 'select(.ancillary) | .ancillary[] | keys[0]' "$recording" | sort -u)" \
        "$(grep -q other: "$log.server" && echo '"other"')"
}

# bats test_tags=kernel
@test "descriptors with a message that takes many records" {
    everywhere long
}

@test "ancillary data on an internet socket is the kernel's" {
    local path
    path=$(free_port)
    everywhere inet
    observe client ancillary inet --path "$path"
    carried '["from afar",[{"other":{"level":0,"type":2,"length":4}}],null]'
    all_languages '9 bytes' '4 bytes' '5 bytes' '6 bytes'
}

@test "-v says what a message carries" {
    run --separate-stderr -0 "${sockfixture[@]}" -v -w "$recording" \
        "$programs/ancillary" together --path "$path"
    # shellcheck disable=SC2154 # set by run
    grep -qE "seqpacket 8, with 1 file descriptor \(pipe\), with credentials \(pid [1-9][0-9]*, uid $(id -u), gid $(id -g)\), with 2 file descriptors \(eventfd, file\)$" \
        <<< "$stderr"
}

@test "a template can choose how to say it" {
    observe client ancillary several --path "$path"
    cat > template << 'MUSTACHE'
{{#conversations}}{{#exchanges}}{{#request.messages}}
{{#descriptors}}{{count}} at {{offset}}: {{kinds}}{{#count.plural}} ={{#kinds}} {{name}}{{^last}},{{/last}}{{/kinds}}{{/count.plural}}{{^last}}; {{/last}}{{/descriptors}}
{{/request.messages}}{{/exchanges}}{{/conversations}}
MUSTACHE
    "$SOCKFIXTURE" -r "$recording" --template template > said
    printf '\n1 at 5: pipe\n\n%s; %s\n\n' '2 at 0: file, socket = file, socket' \
        '3 at 3: socket, eventfd, file = socket, eventfd, file' | diff - said
}

# The consumer is stopped while more is said than the buffer holds, again and again, so that it is full
# with a control message and not with its message, and the other way round.
@test "where the buffer overflows, no descriptor goes with another message" {
    local status=0 cycle
    cat > flood.py << 'PYTHON'
import os, random, socket, time
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
fds = list(os.pipe()) + [left.fileno()]
random.seed(7)
open("ready", "w").close()
for cycle in range(20):
    while not os.path.exists(f"begin{cycle}"):
        time.sleep(0.01)
    for _ in range(1000):
        number = random.choice((0, 0, 0, 1, 2, 3))
        socket.send_fds(left, [b"%d" % number], fds[:number])
        for fd in socket.recv_fds(right, 10, 4)[1]:
            os.close(fd)
    open(f"done{cycle}", "w").close()
PYTHON
    background "${sockfixture[@]}" -q --buffer-size 64K -w "$recording" python3 flood.py
    wait_until 30 test -e ready
    # It is not stopped when it ends: the check for leaks of a program under ASan would wait for ever.
    for cycle in {0..19}; do
        kill -STOP "$pid"
        touch "begin$cycle"
        # A tracer that stops, stops whom it traces; everyone else goes on.
        [ "${SOCKFIXTURE_BACKEND:-}" = ptrace ] || wait_until 60 test -e "done$cycle"
        kill -CONT "$pid"
        wait_until 60 test -e "done$cycle"
    done
    finish "$pid" || status=$?
    equal "$(jq -c 'select(.data and (.ancillary_cut | not)) |
        (.text | tonumber) == ([.ancillary[]?.descriptors[]?] | length)' "$recording" | sort -u)" true
    if [ "$(backend_of "$recording")" = ptrace ]; then
        equal "$status" 0
    else
        equal "$status" 3
    fi
    equal "$(jq -c 'select(.end) | .end.lost.messages + .end.messages' "$recording")" 20000
    equal "$(jq -c 'select(.end) | .end.lost.cut' "$recording")" \
        "$(jq -c 'select(.ancillary_cut)' "$recording" | wc -l)"
}

# Programs that are not ours.

@test "python passes descriptors" {
    cat > server.py << 'PYTHON'
import os, socket
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("server")
    listener.listen()
    peer, _ = listener.accept()
    data, fds, _, _ = socket.recv_fds(peer, 100, 8)
    os.write(fds[0], b"through the pipe")
    peer.send(b"%d" % len(fds))
PYTHON
    cat > client.py << 'PYTHON'
import os, socket
with socket.socket(socket.AF_UNIX) as server, open("/dev/null") as null:
    server.connect("server")
    reader, writer = os.pipe()
    socket.send_fds(server, [b"take them"], [writer, null.fileno(), server.fileno()])
    assert server.recv(100) == b"3"
    assert os.read(reader, 100) == b"through the pipe"
PYTHON
    background python3 server.py
    wait_until 30 test -S server
    record 0 python3 client.py
    carried '["take them",[{"descriptors":["pipe","device","socket"]}],null]'
    same_rows
}

@test "systemd-notify passes its parent's credentials, and a pipe" {
    cat > receiver.py << 'PYTHON'
import os, socket
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("notify")
while True: # the second message passes a pipe, and waits for us to close it
    for fd in socket.recv_fds(receiver, 1000, 8)[1]:
        os.close(fd)
PYTHON
    background python3 receiver.py
    wait_until 30 test -S notify
    record 0 env NOTIFY_SOCKET="$work/notify" systemd-notify --ready
    equal "$(jq -c 'select(.ancillary) | [.text[:8], .ancillary[0]] |
        del(.[1].credentials.pid)' "$recording")" \
        "[\"READY=1\",{\"credentials\":{\"uid\":$(id -u),\"gid\":$(id -g)}}]
[\"BARRIER=\",{\"descriptors\":[\"pipe\"]}]"
}

@test "every scenario has its test" {
    local scenario
    while read -r scenario _; do
        grep -qw -- "$scenario" "$BATS_TEST_FILENAME" || fail "no test of $scenario"
    done < <("$programs/ancillary" --list)
}
