#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The ptrace backend where a tracer has it harder than BPF: calls that connect and send in one, calls
# that pass it by, and programs that it must not keep from running.

load helper

trace=("$SOCKFIXTURE" --backend ptrace)
setpriv=() # or what a command is run by

# What waits for a file system that nobody serves any more, ends with whoever served it.
teardown() {
    [ ! -e "$work/fuse.pid" ] || kill -KILL "$(cat "$work/fuse.pid")" || true
    stop_background
}

# A client opens a connection to a server by sending, in each of the ways in which it can be done.
write_fast_open() {
    cat > fast_open.py << 'EOF'
import os, socket, sys
TCP_FASTOPEN = 23

def serve(listener, times):
    for _ in range(times):
        connection = listener.accept()[0]
        while asked := connection.recv(100):
            connection.sendall(asked.upper())

def send_lazily(client, address):
    client.setblocking(False)
    try:
        client.sendto(b"three", socket.MSG_FASTOPEN, address)
    except BlockingIOError: # it is connecting, and has taken nothing
        client.setblocking(True)
        client.sendall(b"three")
    client.setblocking(True)

def talk(address):
    for send in (
            lambda client: client.sendto(b"one", socket.MSG_FASTOPEN, address),
            lambda client: client.sendmsg([b"t", b"wo"], [], socket.MSG_FASTOPEN, address),
            lambda client: send_lazily(client, address)):
        client = socket.socket()
        send(client)
        client.recv(100)
        client.sendall(b"again")
        client.recv(100)
        client.close()

listener = socket.socket()
listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
listener.bind(("127.0.0.1", int(sys.argv[2])))
listener.listen()
if sys.argv[1] == "serve":
    open("ready", "w").close()
    serve(listener, 3)
elif sys.argv[1] == "both":
    if os.fork() == 0:
        serve(listener, 3)
        os._exit(0)
    talk(listener.getsockname())
    os.wait()
EOF
    sed -e '/^listener = /,$d' fast_open.py > client.py
    echo 'talk(("127.0.0.1", int(sys.argv[1])))' >> client.py
}

# The three conversations, each once, with who listens at the port.
are_three() { # PORT
    equal "$(jq -r 'select(.data) | "\(.conversation) \(.direction) \(.text)"' "$recording" | sort |
        paste -sd,)" "$(for number in 1 2 3; do
        word=$(cut -d' ' -f $number <<< 'one two three')
        printf '%s\n' "$number request again" "$number request $word" "$number response AGAIN" \
            "$number response ${word^^}"
    done | paste -sd,)"
    equal "$(jq -r 'select(.data) | if (.direction == "request") == (.call == "send")
        then .peer.address else .address end' "$recording" | sort -u)" "tcp:127.0.0.1:$1"
}

@test "a connection that is opened by sending has its server, and stands once" {
    local port round
    (($(cat /proc/sys/net/ipv4/tcp_fastopen) & 1)) || skip 'TCP Fast Open is off'
    port=$(free_port)
    write_fast_open
    background python3 fast_open.py serve "$port"
    wait_until 30 test -e ready
    "${trace[@]}" -q -s "tcp:127.0.0.1:$port" -w "$recording" python3 client.py "$port"
    are_three "$port"
    finish "$pid"
    for round in 1 2 3; do
        port=$(free_port)
        "${trace[@]}" -q -w "$recording.$round" python3 fast_open.py both "$port"
        recording=$recording.$round are_three "$port"
    done
}

# Each runs as root, under the filter that stops at files from the beginning, and under the one that
# does so only from when there is a socket: tests/programs/bypass.c says what the scenarios are.
twice() { # COMMAND...
    "$@"
    local setpriv=(setpriv --no-new-privs)
    "$@"
}

# The program says "hello", and all of it is recorded.
is_whole() { # SCENARIO
    "${setpriv[@]}" "${trace[@]}" -q -w "$recording" "$programs/bypass" "$1"
    equal "$(jq -r 'select(.data) | .text + " " + .call' "$recording" | paste -sd,)" 'hello send'
}

# It does, and so many calls are told to be missing, and why.
is_counted() { # SCENARIO COUNT WHY
    run -3 --separate-stderr "${setpriv[@]}" "${trace[@]}" -q -w "$recording" \
        "$programs/bypass" "$1"
    equal "$(tail -n 1 "$recording" | jq .end.lost.unfollowed)" "$2"
    run -3 --separate-stderr "${setpriv[@]}" "${trace[@]}" -o out.json "$programs/bypass" "$1"
    equal "$(grep -cF "sockfixture: bypass $3" <<< "$stderr")" 1 'how often it is said why, and 1,'
}

@test "Linux AIO on sockets is counted, elsewhere it is not" {
    twice is_counted aio 2 'uses asynchronous I/O'
    twice is_whole aio-elsewhere
}

@test "a filter that asks about calls is counted, when it may" {
    twice is_counted listener 1 'asks a process of its own'
    twice is_whole listener-elsewhere
}

@test "a ring (io_uring) is counted, when there is one and its process is recorded" {
    twice is_counted uring 1 'uses io_uring'
    twice is_whole uring-elsewhere
    "${trace[@]}" -q -e sh -w "$recording" sh -c '"$1" uring; true' sh "$programs/bypass"
}

@test "a process that is to have no tracer has one" {
    twice is_whole clone
    twice is_whole clone3
}

@test "a process that is to have no tracer can talk when the recording is over" {
    "${trace[@]}" -q -c 1 -w "$recording" "$programs/bypass" later
    wait_until 10 test -e finished
}

@test "a file system that the command serves is not asked while its server waits for us" {
    unshare -m sh -c 'mkdir try && "$1/fuse" try "$1/bypass" && umount try' sh "$programs" ||
        skip 'FUSE cannot be had' # which in CI is a failure
    rm fuse.pid
    cat > pass.py << 'EOF'
import socket
one, other = socket.socketpair()
program = open("folder/program")
socket.send_fds(one, [b"a file"], [program.fileno()])
socket.recv_fds(other, 10, 1)
EOF
    cat > serve.sh << 'EOF'
mkdir -p folder
"$1/fuse" folder "$1/bypass" || exit
folder/program clone && cat folder/program > copy && python3 pass.py
status=$?
umount -l folder
rm fuse.pid
exit $status
EOF
    for setpriv in '' 'setpriv --no-new-privs'; do
        # shellcheck disable=SC2086 # it is several words, or none
        background unshare -m $setpriv "${trace[@]}" -q -w "$recording" sh serve.sh "$programs"
        finish "$pid" 10
        equal "$(jq -r 'select(.data) | .text' "$recording" | paste -sd,)" 'hello,a file'
        equal "$(jq -r '.ancillary[]?.descriptors[]?' "$recording" | sort -u)" file
        cmp copy "$programs/bypass"
    done
}

@test "a program that loses its user or its group is named" {
    local mode
    [ "$(id -u)" = 0 ] || skip 'only root can make such programs'
    cp /bin/true program
    for mode in 4755 2755; do
        chown nobody:nogroup program
        chmod "$mode" program
        run --separate-stderr -0 setpriv --no-new-privs "${trace[@]}" -o out.json ./program
        [[ $stderr == *'program would run with privileges, but cannot under ptrace'* ]] ||
            fail "mode $mode: $stderr"
        # Nothing is lost: root may trace such a program, and this bit means another thing.
        run --separate-stderr -0 "${trace[@]}" -o out.json ./program
        [[ $stderr != *'with privileges'* ]] || fail "as root, mode $mode: $stderr"
    done
    chmod 2745 program
    run --separate-stderr -0 setpriv --no-new-privs "${trace[@]}" -o out.json ./program
    [[ $stderr != *'with privileges'* ]] || fail "mode 2745: $stderr"
}

@test "a glob of paths finds a server that binds a relative one" {
    mkdir there
    cat > pair.py << 'EOF'
import os, socket
os.chdir("there")
server = socket.socket(socket.AF_UNIX)
server.bind("socket")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("socket")
accepted = server.accept()[0]
client.sendall(b"ask")
accepted.recv(100)
accepted.sendall(b"answer")
client.recv(100)
EOF
    "${trace[@]}" -q -s "$work/there/*" -w "$recording" python3 -SEs pair.py
    equal "$(jq -r 'select(.text) | .text' "$recording" | xargs)" 'ask answer'
    rm there/socket
    "${trace[@]}" -q -x "$work/there/*" -w "$recording" python3 -SEs pair.py
    equal "$(jq -r 'select(.text) | .text' "$recording" | xargs)" ''
}
