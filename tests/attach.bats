#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Watching what runs already: by process and by address, whoever the others on the machine are.
#
# ATTACH_SECONDS: of the load and the flood (10; 3 with SOCKFIXTURE_SUITE=guest)

load helper
load servers

seconds=${ATTACH_SECONDS:-10}
[ "${SOCKFIXTURE_SUITE:-}" != guest ] || seconds=3

# Starts to watch; $watcher is then its pid.
watch() { # OPTION...
    background "${sockfixture[@]}" -l json -o "$work/fixture.json" -w "$recording" "$@"
    watcher=$pid
    watches=$((watches + 1))
    wait_until 60 watches_begun
}

watches=0

watches_begun() {
    [ "$(grep -c 'watching (Ctrl-C' "$work/background.out")" -eq "$watches" ]
}

# A program in Python that goes on; it comes on standard input.
background_python() { # [ARG...]
    cat > "$work/program$watches.py"
    background python3 -SEs "$work/program$watches.py" "$@"
}

# Ends that as Ctrl-C does; the status must be this.
end_watch() { # STATUS
    local status=0
    kill -INT "$watcher"
    finish "$watcher" || status=$?
    equal "$status" "$1" 'the status, and the one expected,'
}

# What was said, a line a message: direction, the client's text, and so on by a filter of jq.
said() { # FILTER
    jq -r "select(.data) | $1" "$recording"
}

exchanges() {
    jq '[.conversations[].exchanges[]] | length' "$work/fixture.json"
}

# A server that gives back what it gets, at a path, an abstract name or a port.
start_echo() { # ADDRESS OF SOCAT
    background socat -t 20 "$1" EXEC:cat
    echo_server=$pid
}

# Says one line to it and waits for the echo.
say_line() { # ADDRESS OF SOCAT, TEXT
    equal "$(echo "$2" | socat -t 20 - "$1")" "$2" 'what came back, and what was said,'
}

# The texts that were recorded, requests as they are, responses after a <.
texts() {
    said '(if .direction == "response" then "<" else "" end) + .text' | sed 's/\\x0a//g' | paste -sd' '
}

# pmc and ptp4l

three_pmc() { # OPTION...
    local i
    start_ptp4l
    watch "$@"
    for i in 1 2 3; do
        "${pmc[@]}" 'GET CURRENT_DATA_SET'
    done
    end_watch 0
    equal "$(exchanges)" 3 'the exchanges'
    equal "$(said 'if .direction == "request" then .peer else . end | "\(.comm) \(.pid)"' |
        sort -u)" "ptp4l $ptp4l" 'the server'
    # Whichever end saw it: the request's sender.
    equal "$(said 'select(.direction == "request") |
        (if .call == "send" then . else .peer end) | .comm' | sort -u)" pmc 'the client'
    equal "$(said 'select(.direction == "request") |
        (if .call == "send" then . else .peer end) | .pid' | sort -u | wc -l)" 3 'its processes'
}

@test "-s with a glob: three runs of pmc, with the names and pids of both ends" {
    three_pmc -s "$work/pt*"
}

@test "-s with the path of a server that runs" {
    three_pmc -s "$work/ptp4l"
}

@test "-p with the pid of a server that runs" {
    start_ptp4l
    watch -p "$ptp4l"
    "${pmc[@]}" 'GET CURRENT_DATA_SET'
    end_watch 0
    equal "$(exchanges)" 1
    equal "$(said .comm | sort -u)" ptp4l
}

# Addresses

one_echo() { # ADDRESS OF SOCAT'S SERVER, OF ITS CLIENT, OPTION...
    start_echo "$1"
    wait_until 30 eval "echo probe | socat -t 20 - '$2' | grep -q probe"
    watch "${@:3}"
    say_line "$2" hello
    end_watch 0
    equal "$(texts)" 'hello <hello' 'what was recorded, and what was said,'
}

@test "-p with a datagram server: clients at one path, and at files of one number, are told apart" {
    local client clients=() server
    background_python "$work/server" << 'PYTHON'
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
    server.bind(sys.argv[1])
    while True:
        said, client = server.recvfrom(100)
        server.sendto(said, client)
PYTHON
    server=$pid
    wait_until 30 test -S "$work/server"
    watch -p "$server"
    for client in one one other; do
        background_python "$work/server" "$work/$client" << 'PYTHON'
import signal, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
    client.bind(sys.argv[2])
    client.sendto(b"question", sys.argv[1])
    client.recv(100)
    signal.pause()
PYTHON
        clients+=("$pid")
        wait_until 30 grep -q "\"pid\":$pid," "$recording"
        wait_until 30 eval "[ \$(wc -l < $recording) -gt $((2 * ${#clients[@]})) ]"
        kill "$pid"
        wait "$pid" || true
        rm "$work/$client"
    done
    end_watch 0
    equal "$(said '"\(.conversation) \(.direction) \(.peer.pid) \(.peer.address)"')" "$(
        printf '%s\n' \
            {"1 request","1 response"}" ${clients[0]} $work/one" \
            {"1 request","1 response"}" ${clients[1]} $work/one" \
            {"2 request","2 response"}" ${clients[2]} $work/other")"
}

@test "-s with a path, a link to it, a relative path, and through a process's root" {
    start_echo "UNIX-LISTEN:$path,fork"
    ln -s "$path" link
    wait_until 30 test -S "$path"
    watch -s link
    say_line "UNIX:$path" one
    end_watch 0
    equal "$(texts)" 'one <one'
    watch -s ./socket
    say_line "UNIX:$path" two
    end_watch 0
    equal "$(texts)" 'two <two'
    watch -s "/proc/$echo_server/root$path"
    say_line "UNIX:$path" three
    end_watch 0
    equal "$(texts)" 'three <three'
}

@test "-s and -x with a glob of paths that the server spells otherwise" {
    mkdir real real/below
    ln -s real link
    background socat -t 20 "UNIX-LISTEN:$work/link/below/s,fork" EXEC:cat
    background socat -t 20 UNIX-LISTEN:link/t,fork EXEC:cat
    wait_until 30 test -S real/below/s
    wait_until 30 test -S real/t
    watch -s "$work/real/*"
    say_line "UNIX:$work/link/below/s" one
    say_line UNIX:real/t two
    end_watch 0
    equal "$(texts)" 'one <one two <two'
    watch -s "$work/*" -x "$work/real/b*"
    say_line "UNIX:$work/link/below/s" three
    say_line "UNIX:$work/link/t" four
    end_watch 0
    equal "$(texts)" 'four <four'
    record 0 -s "$work/real/t*" socat -t 20 - UNIX:link/t <<< five
    equal "$(texts)" 'five <five'
}

@test "-s with the path of a server that bound a relative one" {
    background socat -t 20 UNIX-LISTEN:socket,fork EXEC:cat
    wait_until 30 test -S "$path"
    watch -s "$path"
    say_line UNIX:socket hello
    end_watch 0
    equal "$(texts)" 'hello <hello'
}

@test "-s with an abstract name, with odd bytes, and by a glob" {
    one_echo "ABSTRACT-LISTEN:attach-$$,fork" "ABSTRACT:attach-$$" -s "@attach-$$"
}

@test "-s with a glob of abstract names" {
    one_echo "ABSTRACT-LISTEN:attach-$$,fork" "ABSTRACT:attach-$$" -s '@att?ch-[0-9]*'
}

@test "-s with an abstract name that holds odd bytes" {
    background_python << PYTHON
import socket
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(b"\0attach\0\xff$$")
open("$work/ready", "w").close()
while True:
    data, client = server.recvfrom(100)
    server.sendto(b"<" + data, client)
PYTHON
    wait_until 30 test -e ready
    watch -s "@attach\\0\\xff$$"
    python3 -SEs - << PYTHON
import socket
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
client.bind("$work/client")
client.sendto(b"hello", b"\0attach\0\xff$$")
assert client.recv(100) == b"<hello"
PYTHON
    end_watch 0
    equal "$(said '.direction + " " + .text' | paste -sd,)" 'request hello,response <hello'
}

@test "-s with TCP: host and port, any host, and a port alone" {
    local port
    port=$(free_port)
    one_echo "TCP-LISTEN:$port,bind=127.0.0.1,fork" "TCP:127.0.0.1:$port" -s "tcp:127.0.0.1:$port"
    watch -s "tcp:*:$port"
    say_line "TCP:127.0.0.1:$port" again
    end_watch 0
    equal "$(texts)" 'again <again'
    watch -s ":$port"
    say_line "TCP:127.0.0.1:$port" more
    end_watch 0
    equal "$(texts)" 'more <more'
    watch -s "tcp:127.0.0.1:$((port + 1))" -s "udp:127.0.0.1:$port"
    say_line "TCP:127.0.0.1:$port" nothing
    end_watch 0
    equal "$(texts)" ''
}

@test "-s with UDP, and IPv6 in brackets" {
    local port
    port=$(free_port)
    one_echo "UDP6-LISTEN:$port,bind=[::1],fork" "UDP6:[::1]:$port" -s "udp:[::1]:$port"
}

# A socket that talks to whomever is chosen by its first message, in which it gets its address.
@test "-s with UDP: a client that is not connected, and has one answer" {
    local port
    port=$(free_port)
    cat > server.py << 'PYTHON'
import socket
import sys

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    asked, client = server.recvfrom(100)
    server.sendto(asked.upper(), client)
PYTHON
    background python3 server.py "$port"
    wait_until 30 grep -q ready background.out
    cat > client.py << 'PYTHON'
import socket
import sys

client = socket.socket(type=socket.SOCK_DGRAM)
for ask in b"one", b"two":
    client.sendto(ask, ("127.0.0.1", int(sys.argv[1])))
    client.recvfrom(100)
PYTHON
    cp "$(command -v python3)" asker
    watch -s "udp:127.0.0.1:$port" -e asker
    ./asker client.py "$port"
    end_watch 0
    equal "$(texts)" 'one <ONE two <TWO'
}

@test "-s with a server of datagrams that has yet to receive: what was sent to it stands once" {
    background_python << 'PYTHON'
import os, socket, time
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("late")
while not os.path.exists("go"):
    time.sleep(0.02)
for _ in range(5):
    server.recv(100)
open("done", "w")
server.recv(100)
open("over", "w")
time.sleep(1000)
PYTHON
    wait_until 30 test -S late
    watch -s "$PWD/late"
    send() { # TEXT...
        python3 -SEs -c 'import socket, sys
for text in sys.argv[1:]:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.connect("late")
    client.send(text.encode())' "$@"
    }
    send one two same same three
    : > go
    wait_until 60 test -e done
    send four
    wait_until 60 test -e over
    end_watch 0
    equal "$(texts)" 'one two same same three four'
}

@test "-s with a path in another mount namespace, which is not the one of the same name here" {
    mkdir private
    background unshare -m sh -c "mount -t tmpfs none '$work/private' && touch '$work/private/there' &&
        exec socat -t 20 UNIX-LISTEN:$work/private/s,fork EXEC:cat"
    local inside=$pid
    wait_until 30 test -S "/proc/$inside/root$work/private/s"
    background socat -t 20 "UNIX-LISTEN:$work/private/s,fork" EXEC:cat
    wait_until 30 test -S "$work/private/s"
    watch -s "/proc/$inside/root$work/private/s"
    say_line "UNIX:$work/private/s" here
    say_line "UNIX:/proc/$inside/root$work/private/s" there
    end_watch 0
    equal "$(texts)" 'there <there'
    watch -s "$work/private/s"
    say_line "UNIX:$work/private/s" here
    say_line "UNIX:/proc/$inside/root$work/private/s" there
    end_watch 0
    equal "$(texts)" 'here <here'
}

@test "-s waits for a server that has not started, and follows one that starts anew" {
    watch -s "$path"
    grep -q "waiting for $path (no such socket yet)" background.out
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    say_line "UNIX:$path" first
    kill "$echo_server"
    finish "$echo_server" || true
    rm -f "$path"
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    say_line "UNIX:$path" second
    end_watch 0
    equal "$(texts)" 'first <first second <second'
}

# A server whose path, as it spells it, says nothing: only its file tells, and that is new.
@test "-s follows a server that starts anew in a directory made anew, by a relative path" {
    watch -s "$work/made/later"
    mkdir made
    background sh -c "cd '$work/made' && exec socat -t 20 UNIX-LISTEN:later,fork EXEC:cat"
    wait_until 30 test -S made/later
    # It is noticed soon, but not at the same moment.
    heard() {
        say_line "UNIX:$work/made/later" hello
        grep -q '"direction":"request"' "$recording"
    }
    wait_until 30 heard
    end_watch 0
    [[ $(texts) == *'hello <hello' ]] || fail "$(texts)"
}

# Whose folder it is can put what he likes in its place; what is watched besides goes on.
@test "-s waits where a file or a link to itself is in the place of the directory" {
    local put
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    for put in 'echo > made' 'ln -s made made'; do
        rm -rf made "$recording"
        mkdir made
        watch -s "$path" -s "$work/made/later"
        rmdir made
        eval "$put"
        say_line "UNIX:$path" still
        rm made
        mkdir made
        background socat -t 20 "UNIX-LISTEN:$work/made/later,fork" EXEC:cat
        wait_until 30 test -S made/later
        heard() {
            say_line "UNIX:$work/made/later" hello
            grep -q '"hello' "$recording"
        }
        wait_until 30 heard
        end_watch 0
        [[ $(texts) == *'still <still'* ]] || fail "$(texts)"
    done
}

@test "-s waits for what a link leads to, by another link, and follows it" {
    local turn
    mkdir made
    ln -s made/link first
    ln -s "$work/made/later" made/link
    watch -s "$work/first"
    grep -q "waiting for $work/first (no such socket yet)" background.out
    # It is noticed soon, but not at the same moment.
    heard() {
        say_line "UNIX:$work/first" "$turn"
        grep -q "\"direction\":\"request\".*\"text\":\"$turn" "$recording"
    }
    for turn in one two; do
        start_echo "UNIX-LISTEN:$work/made/later,fork"
        wait_until 30 test -S made/later
        wait_until 30 heard
        kill "$echo_server"
        finish "$echo_server" || true
        rm -f made/later
    done
    end_watch 0
}

# What is narrowed

@test "-x leaves out an address, of what is watched and of what is run" {
    start_echo "UNIX-LISTEN:$path,fork"
    background socat -t 20 "UNIX-LISTEN:$path.other,fork" EXEC:cat
    wait_until 30 test -S "$path.other"
    watch -s "$work/*" -x "$path.o*"
    say_line "UNIX:$path.other" out
    say_line "UNIX:$path" in
    end_watch 0
    equal "$(texts)" 'in <in'
    record 0 -x "$path.other" sh -c "
        echo out | socat -t 20 - UNIX:$path.other; echo in | socat -t 20 - UNIX:$path"
    equal "$(texts | tr -d '\n')" 'in <in'
}

@test "-e and --uid choose processes" {
    local address="attach-$$"
    start_echo "ABSTRACT-LISTEN:$address,fork"
    wait_until 30 eval "echo probe | socat -t 20 - 'ABSTRACT:$address' | grep -q probe"
    watch -s "@$address" -e soca? -e no-such-name
    say_line "ABSTRACT:$address" hello
    end_watch 0
    equal "$(texts)" 'hello <hello'
    watch -s "@$address" -e cat
    say_line "ABSTRACT:$address" hello
    end_watch 0
    equal "$(texts)" ''
    watch -s "@$address" --uid 65533
    say_line "ABSTRACT:$address" hello
    echo mine | setpriv --reuid=65533 --clear-groups socat -t 20 - "ABSTRACT:$address"
    end_watch 0
    equal "$(texts)" 'mine <mine'
    equal "$(said '.call + " " + .comm' | paste -sd,)" 'send socat,receive socat'
}

@test "of a command -e and --no-follow choose processes, too" {
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    record 0 -e socat sh -c "echo hello | socat -t 20 - UNIX:$path"
    equal "$(texts)" 'hello <hello'
    record 0 -e dash -e sh sh -c "echo hello | socat -t 20 - UNIX:$path"
    equal "$(texts)" ''
    record 0 --no-follow sh -c "echo hello | socat -t 20 - UNIX:$path; true"
    equal "$(texts)" ''
}

@test "nothing is observed of processes and sockets that were not asked for" {
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    background sleep 600
    watch -p "$pid"
    say_line "UNIX:$path" unseen
    end_watch 0
    equal "$(texts)" ''
    watch -s "$path.no"
    say_line "UNIX:$path" unseen
    end_watch 0
    equal "$(texts)" ''
}

@test "-p takes descendants from then on, and ends with its processes" {
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    background sh -c "until [ -e '$work/go' ]; do sleep 0.05; done
        echo one | socat -t 20 - UNIX:$path; echo two | socat -t 20 - UNIX:$path"
    local first=$pid second
    background sleep 600
    second=$pid
    watch -p "$first,$second"
    touch go
    finish "$first"
    kill "$second"
    finish "$watcher" 60
    equal "$(texts)" 'one <one two <two'
}

# What had begun before

@test "a connection opened before is recorded from then on, client and server told apart" {
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    mkfifo line
    background sh -c "socat - UNIX:$path < '$work/line' > '$work/echoed'"
    exec 7> line
    echo before >&7
    wait_until 30 grep -q before echoed
    watch -s "$path"
    echo after >&7
    wait_until 30 grep -q after echoed
    end_watch 0
    exec 7>&-
    equal "$(texts)" 'after <after'
    equal "$(said 'select(.direction == "request") | .peer.address')" "$path"
}

# Both have names, and the server is the first to say something.
@test "of a connection opened before the server is told, though it speaks first and both have names" {
    background_python << PYTHON
import os, socket, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("$path")
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.bind("$path.client")
client.connect("$path")
server, _ = listener.accept()
inet = socket.create_server(("127.0.0.1", 0))
inet_client = socket.create_connection(inet.getsockname())
inet_server, _ = inet.accept()
open("$work/ready", "w").close()
while not os.path.exists("$work/go"):
    time.sleep(0.01)
for one, other in (server, client), (inet_server, inet_client):
    one.send(b"welcome")
    other.recv(100)
    other.send(b"question")
    one.recv(100)
open("$work/done", "w").close()
time.sleep(600)
PYTHON
    local python=$pid
    wait_until 30 test -e ready
    watch -p "$python"
    touch go
    wait_until 30 test -e done
    end_watch 0
    equal "$(texts)" '<welcome question <welcome question'
}

# A server that waits in a call when the watch begins gets its message in that call.
@test "what is received in a call that had begun before is recorded" {
    # For the socket backend the kernel function has been entered already.
    local sockfixture=("$SOCKFIXTURE" --backend syscall)
    background_python << PYTHON
import socket
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("$path")
open("$work/ready", "w").close()
server.recvfrom(100)
open("$work/done", "w").close()
server.recvfrom(100)
PYTHON
    local python=$pid
    wait_until 30 test -e ready
    wait_until 30 grep -q '^State:.*S' "/proc/$python/status"
    watch -p "$python"
    python3 -SEsc "
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'hello', '$path')"
    wait_until 30 test -e done
    end_watch 0
    equal "$(texts)" hello
}

# Its one thread was in some call when the recording began, and is in none that names a socket later.
@test "of a process that was there before, what passes by every system call is noticed" {
    local sockfixture=("$SOCKFIXTURE" --backend syscall) size
    background "$programs/talk" --role server --path "$path" --log "$log" --exchanges 1000000
    wait_until 30 test -e "$log.server"
    background "$programs/io_uring_client" --path "$path" --exchanges 1000000
    wait_until 30 test -s "$log.server"
    watch -p "$pid"
    size=$(stat -c %s "$log.server")
    wait_until 30 has_grown "$log.server" "$size"
    end_watch 3
    # How many bytes, nothing tells before Linux 6.3.
    tail -n 1 "$recording" | jq -e '.end.lost | .bypassed + .unfollowed > 0'
}

has_grown() { # FILE, SIZE
    [ "$(stat -c %s "$1")" -gt "$2" ]
}

# Everybody

# Real servers are asked all the time, and 10,000 messages a second are ours: those are known, so that
# each can be looked for.
@test "-s '*' under load: each message once, in order, with its ends" {
    local server clients=20 exchanges=$((seconds * 25)) paths=()
    for server in dbus redis postgres; do
        path=$work/$server
        "start_$server" > server.log 2>&1
        paths+=("$path")
    done
    watch -B 64M -s '*'
    background sh -c "while :; do ${dbus_send[*]} --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.ListNames; done"
    background sh -c "while :; do ${redis[*]} set key value; done"
    background sh -c "while :; do ${psql[*]} -c 'select 1'; done"
    "$programs/many" --path "$work/many" --clients $clients --exchanges $exchanges
    "$programs/flood" --path "$work/flood" --senders 2 --rate 5000 --seconds "$seconds"
    end_watch 0
    stop_background
    for path in "${paths[@]}"; do
        "$SOCKFIXTURE" -r "$recording" -s "$path" -w server.jsonl
        equal "$(jq -r 'select(.data) | .direction' server.jsonl | sort -u | paste -s)" \
            $'request\tresponse' "what is there of $path, and both directions,"
        rm server.jsonl
    done
    equal "$(said 'select(.pid == '"$watcher"' or .peer.pid == '"$watcher"') | .pid')" '' 'our own'
    "$SOCKFIXTURE" -r "$recording" -s "$work/many" -w many.jsonl
    equal "$("$tests/check_many.py" recording many.jsonl $clients $exchanges)" \
        "$((2 * clients * exchanges)) 0"
    "$SOCKFIXTURE" -r "$recording" -s "$work/flood" -w flood.jsonl
    equal "$("$tests/check_flood.py" flood.jsonl 2 $((5000 * seconds)))" "$((10000 * seconds)) 0"
    equal "$(jq -r 'select(.data) | [.comm, .peer.comm, .peer.address] | join(" ")' flood.jsonl | sort -u)" \
        "flood flood $work/flood"
}

@test "200,000 messages a second: lost is none or known to the message, in little memory" {
    local counts peak status=0
    background "${sockfixture[@]}" -w "$recording" -s "$path"
    watcher=$pid
    wait_until 60 grep -q 'watching (Ctrl-C' background.out
    "$programs/flood" --path "$path" --senders 2 --rate 100000 --seconds "$seconds"
    peak=$(awk '/^VmHWM/ {print $2}' "/proc/$watcher/status")
    kill -INT "$watcher"
    finish "$watcher" || status=$?
    read -r -a counts < <("$tests/check_flood.py" "$recording" 2 $((100000 * seconds)))
    echo "there: ${counts[0]}, lost: ${counts[1]}, peak: $peak KiB"
    if [ "${counts[1]}" -eq 0 ]; then
        equal "$status" 0
    else
        equal "$status" 3
        grep -E " ${counts[1]} messages? (was|were) lost" background.out
    fi
    if [[ $SOCKFIXTURE != *sanitized* ]]; then
        [ "$peak" -lt 65536 ] || fail "$peak KiB"
    fi
}

# What a user sees

@test "while it watches on a terminal, one line says how far it is, and is gone in the end" {
    local line=$'\rsockfixture: [0-9]+ messages?, [0-9]+ bytes?, 0 lost, 00:[0-9]{2}\e\\[K'
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    "$tests/terminal.py" env TERM=xterm "${sockfixture[@]}" -o fixture.json -s "$path" -T 3 > screen
    grep -qE "^($line)+"$'\r\e\\[K' screen
    equal "$(grep -c 'messages, ' screen)" 1
}

@test "while it watches in the background, the terminal is another's, and no line is drawn there" {
    start_echo "UNIX-LISTEN:$path,fork"
    wait_until 30 test -S "$path"
    # shellcheck disable=SC2016 # that shell's
    "$tests/terminal.py" env TERM=xterm bash -mc '"$@" & wait' bash \
        "${sockfixture[@]}" -o fixture.json -s "$path" -T 1 > screen
    grep -q 'watching' screen
    run -1 grep $'messages, \\|\e' screen
}

# Usage

@test "what cannot be watched is said" {
    try_watch() { # PATTERN OPTION...
        run -2 --separate-stderr "$SOCKFIXTURE" -q "${@:2}"
        says "$1"
    }
    try_watch '--pid 999999999: 999999999: no such process' -p 999999999
    try_watch "--pid 12x: '12x' is no process number" -p 12x
    try_watch '--uid nosuchuser: no such user' -s '*' --uid nosuchuser
    try_watch '--comm *: the kernel keeps 15 bytes*' -s '*' -e a-name-that-is-too-long
    try_watch '/etc/passwd: not a socket' -s /etc/passwd
    try_watch 'tcp:nonsense: an internet address is *' -s tcp:nonsense
    try_watch '-p watches processes*' -p $$ true
    try_watch '*no command to run, nothing to watch*' -x /run/x
}

@test "ptrace cannot watch, and says so" {
    run -5 --separate-stderr "$SOCKFIXTURE" --backend ptrace -s '*'
    says '*ptrace: records only a command that it launches'
}

@test "in fixture and recording stands what was watched" {
    start_ptp4l
    watch -p "$ptp4l" -s "$work/pt*"
    "${pmc[@]}" 'GET CURRENT_DATA_SET'
    end_watch 0
    equal "$(head -n 1 "$recording" | jq -r '.command | join(" ")')" \
        "sockfixture -p ptp4l -s $work/pt*"
    equal "$(jq -r .name fixture.json)" 'ptp4l pt'
    "$SOCKFIXTURE" -r "$recording" -l json -o again.json
    cmp fixture.json again.json
}
