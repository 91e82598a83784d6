#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What a recorder gets wrong, a scenario each, seen from either end and from both.

load helper

port_of() { # SCENARIO
    case $1 in
        refused | error-queue | zerocopy | urgent) free_port ;;
        *) echo "$path" ;;
    esac
}

# Every byte is told.
everywhere() { # PROGRAM SCENARIO
    local view
    for view in client server both; do
        observe "$view" "$1" "$2" --path "$(port_of "$2")"
        equal "$told" whole "seen from $view"
    done
}

# Bytes that are not in any process's memory may be missing, but then it is said how many.
told_or_counted() { # SCENARIO
    local view
    for view in client server both; do
        observe "$view" awkward "$1" --path "$path"
    done
}

# In the fixture: the exchanges as `request response` with names for what was said.
exchanges() { # LINE...
    equal "$("$tests/rows.py" json "$work/fixture.json" | python3 -c '
import sys
for line in sys.stdin:
    print("|".join(
        ",".join(m if m in ("none", "-") else bytes.fromhex(m).decode() for m in side.split(","))
        for side in line.split()))')" "$(printf '%s\n' "$@")"
}

# bats test_tags=kernel
@test "calls that fail move nothing" {
    everywhere awkward failed
    exchanges 'a plain question|a plain answer'
}

@test "a datagram that nobody gets was sent all the same" {
    everywhere awkward refused
    exchanges 'a plain question|a plain answer' 'is anybody there?|none'
}

# bats test_tags=kernel
@test "sends that take a part" {
    everywhere awkward partial
}

@test "MSG_PEEK on a stream" {
    everywhere awkward peek-stream
}

# bats test_tags=kernel
@test "MSG_PEEK on datagrams" {
    everywhere awkward peek-dgram
}

@test "MSG_PEEK | MSG_TRUNC to learn a datagram's length" {
    everywhere awkward peek-length
}

@test "a buffer that is too short for the datagram" {
    everywhere awkward truncate
}

# bats test_tags=kernel
@test "MSG_TRUNC: the bytes that never reached the process are told to be missing" {
    observe server awkward truncate-flag --path "$path"
    equal "$told" whole
    observe both awkward truncate-flag --path "$path"
    equal "$told" whole
    observe client awkward truncate-flag --path "$path"
    equal "$told" incomplete
    equal "$(jq 'select(.missing) | .missing' "$recording")" 30
}

# bats test_tags=kernel
@test "empty datagrams are messages, reading nothing is none" {
    everywhere awkward empty
    exchanges '-|-' '-|the end'
}

@test "half-closed streams, and the end of one" {
    everywhere awkward eof
    exchanges 'a plain question|a plain answer' 'my last words|noted'
}

@test "files, pipes and devices beside the conversation" {
    everywhere awkward files
    run -1 grep -F NOT-A-MESSAGE "$recording"
}

# bats test_tags=kernel
@test "the server speaks first" {
    everywhere awkward greeting
    exchanges 'none|220 welcome' 'a plain question|a plain answer'
}

@test "the server speaks unasked" {
    everywhere awkward push
    exchanges 'a plain question|a plain answernewsmore news' 'a plain question|a plain answer'
    everywhere awkward push-dgram
    exchanges 'a plain question|a plain answer,news,more news' 'a plain question|a plain answer'
}

@test "requests that are never answered" {
    everywhere awkward unanswered
    exchanges 'a plain question|a plain answer' 'nobody answers this,nor this|none'
}

@test "several requests before the first response" {
    everywhere awkward pipelined
    exchanges 'onetwothree|123'
    everywhere awkward pipelined-dgram
    exchanges 'one,two,three|1,2,3'
}

# bats test_tags=kernel
@test "as many pieces as a call can have" {
    everywhere awkward vectors
}

# bats test_tags=kernel
@test "many messages in a call" {
    everywhere awkward records
}

@test "memory that was never touched before" {
    everywhere awkward mapped
}

@test "credentials, and a socket handed over" {
    everywhere awkward ancillary
}

# bats test_tags=kernel
@test "sendfile" {
    told_or_counted sendfile
}

@test "splice to a socket" {
    told_or_counted splice-out
}

# bats test_tags=kernel
@test "splice from a socket" {
    told_or_counted splice-in
}

@test "the error queue's copies are no messages" {
    everywhere awkward error-queue
    exchanges 'a plain question|a plain answer'
}

@test "MSG_ZEROCOPY" {
    everywhere awkward zerocopy
}

@test "MSG_OOB" {
    everywhere awkward urgent
}

@test "one endpoint, two servers" {
    everywhere awkward two-servers
}

@test "one endpoint, connected to one server and then to another" {
    everywhere awkward redirect
}

@test "the same number and the same address, but another conversation" {
    local _
    everywhere awkward reconnect
    # The server may be slow to accept, and the client not wait for it.
    for _ in 1 2 3 4 5 6 7 8; do
        observe both awkward reconnect --path "$path"
        equal "$told" whole
    done
    exchanges 'a plain question|a plain answer' 'a plain question|a plain answer'
}

@test "names that are hard to write down" {
    everywhere awkward odd-names
    equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording")" \
        '@odd \x00\x0a"'"'"'\\\x7fé\xff\x09{{name}} */ '
    local path="$work/a 'quoted\" päth\\"
    observe client awkward greeting --path "$path"
    equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording")" \
        "$work/a 'quoted\" päth\\\\"
}

@test "one endpoint under many numbers" {
    everywhere processes dup
}

@test "a descriptor closed and used anew while a thread waits on it" {
    everywhere processes reuse
}

# bats test_tags=kernel
@test "exec in the middle of a conversation" {
    everywhere processes exec
}

@test "exec by a thread that is not the first" {
    everywhere processes exec-thread
}

@test "a vforked child goes on" {
    everywhere processes vfork
}

@test "parent, child and grandchild share a socket" {
    everywhere processes relay
}

@test "parent and child share both ends of a pair" {
    everywhere processes shared
}

# bats test_tags=kernel
@test "the answer comes before the call that asked has returned" {
    everywhere processes overtaken
}

# bats test_tags=kernel
@test "many threads send on one socket" {
    everywhere processes threads
    everywhere processes threads-stream
}

@test "the first thread is gone and the others talk on" {
    everywhere processes leaderless
}

@test "signals interrupt a call" {
    everywhere processes interrupted
}

# bats test_tags=kernel
@test "signals restart a call, and their handler talks" {
    everywhere processes restarted
}

@test "what is said last before the end" {
    everywhere processes last-words
}

# What was recorded of a script: conversation, direction and text of each message.
said_by() { # the script, on standard input
    local status=0
    cat > script.py
    "${sockfixture[@]}" -q -w "$recording" python3 script.py "$path" || status=$?
    equal "$status" 0 'the status, and the one expected,' || return 1
    jq -r 'select(.data) | "\(.conversation) \(.direction) \(.text)"' "$recording"
}

# bats test_tags=kernel
@test "a client that is gone before it is accepted" {
    equal "$(said_by << 'PYTHON'
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.send(b"hi")
client.close()
accepted, _ = server.accept()
assert accepted.recv(10) == b"hi"
PYTHON
)" '1 request hi'
}

# The client is not recorded.
# bats test_tags=kernel
@test "what came before a connection was reset, and is received after it" {
    local port
    port=$(free_port)
    background python3 -SEsc "
import socket, struct, time

client = socket.socket()
while client.connect_ex(('127.0.0.1', $port)):
    time.sleep(0.02)
client.send(b'hi')
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
client.close()"
    cat > server.py << PYTHON
import select, socket

server = socket.create_server(("127.0.0.1", $port))
accepted, _ = server.accept()
reset = select.poll()
reset.register(accepted, 0)
reset.poll()
assert accepted.recv(10) == b"hi"
PYTHON
    record 0 -s "tcp:127.0.0.1:$port" python3 server.py
    equal "$(jq -r 'select(.data) | "\(.direction) \(.address) \(.text)"' "$recording")" \
        "request tcp:127.0.0.1:$port hi"
}

# bats test_tags=kernel
@test "one endpoint of TCP, connected to one server, to none, to another, and to that one anew" {
    equal "$(said_by << 'PYTHON'
import ctypes
import socket
import struct

servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
servers.append(servers[1])
libc = ctypes.CDLL(None, use_errno=True)
client = socket.socket()
for i, server in enumerate(servers):
    client.connect(server.getsockname())
    accepted, _ = server.accept()
    client.send(b"to %d" % i)
    accepted.send(accepted.recv(10).upper())
    client.recv(10)
    nobody = struct.pack("H14x", socket.AF_UNSPEC)
    assert libc.connect(client.fileno(), nobody, len(nobody)) == 0
PYTHON
)" "$(printf '%s\n' '1 request to 0' '1 response TO 0' '2 request to 1' '2 response TO 1' \
    '3 request to 2' '3 response TO 2')"
}

# bats test_tags=kernel
@test "two network namespaces have the same addresses, each for itself" {
    said_by << 'PYTHON' > said
import ctypes
import fcntl
import os
import socket
import struct

def enter(flags):
    assert ctypes.CDLL(None).unshare(flags) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any:
        fcntl.ioctl(any, 0x8914, struct.pack("16sh22x", b"lo", 1)) # SIOCSIFFLAGS: up

def tcp():
    server = socket.create_server(("127.0.0.1", 7001))
    client = socket.create_connection(server.getsockname(), source_address=("127.0.0.1", 7002))
    return client, server.accept()[0], None

def udp():
    server, client = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    server.bind(("0.0.0.0", 7001))
    client.bind(("127.0.0.1", 7002))
    return client, server, ("127.0.0.1", 7001)

def abstract():
    server, client = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    server.bind("\0server")
    client.bind("\0client")
    return client, server, "\0server"

network, user = 0x40000000, 0 if os.geteuid() == 0 else 0x10000000
pairs = []
for flags in network | user, network:
    enter(flags)
    pairs.append([make() for make in (tcp, udp, abstract)])
for turn in range(2):
    for kind in range(3):
        for number, (client, server, address) in enumerate(pair[kind] for pair in pairs):
            text = b"%d of %d" % (kind, number)
            client.sendto(text, address) if address else client.send(text)
            _, asker = server.recvfrom(100)
            server.sendto(text, asker) if address else server.send(text)
            client.recv(100)
PYTHON
    local kind number expected=()
    for kind in 0 1 2; do
        for number in 0 1; do
            expected+=("$((2 * kind + number + 1)) "{request,response,request,response}" $kind of $number")
        done
    done
    equal "$(sort -s -n -k 1,1 said)" "$(printf '%s\n' "${expected[@]}")"
}

# The server's queue is full until the signal has come, and who is then let in is told first.
# bats test_tags=kernel
@test "a signal interrupts connect(), and the connection is made all the same" {
    equal "$(said_by << 'PYTHON'
import os
import signal
import socket

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
first = socket.create_connection(server.getsockname())
waiting, interrupted = os.pipe()
signal.signal(signal.SIGALRM, lambda *_: os.write(interrupted, b"!"))
if os.fork() == 0:
    os.read(waiting, 1)
    server.accept()
    accepted, _ = server.accept()
    accepted.send(b"hello")
    accepted.send(accepted.recv(10).upper())
    os._exit(0)
client = socket.socket()
signal.setitimer(signal.ITIMER_REAL, 0.2)
client.connect(server.getsockname())
client.recv(10)
client.send(b"ask")
client.recv(10)
PYTHON
)" "$(printf '%s\n' '1 response hello' '1 request ask' '1 response ASK')"
}

# bats test_tags=kernel
@test "a stream on which it was sent too early" {
    equal "$(said_by << 'PYTHON'
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
client = socket.socket(socket.AF_UNIX)
try:
    client.send(b"too early")
except OSError:
    pass
client.connect(sys.argv[1])
accepted, _ = server.accept()
client.send(b"ask")
accepted.send(accepted.recv(10).upper())
client.recv(10)
PYTHON
)" "$(printf '%s\n' '1 request ask' '1 response ASK')"
    equal "$(jq -r 'select(.direction == "request") | .peer.address' "$recording")" "$path"
}

# Who cannot record it says so.
# bats test_tags=kernel
@test "a socket in the hands of a process that is not recorded" {
    local status=0
    cat > daemon.py << 'PYTHON'
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
client, _ = server.accept()
_, passed, _, _ = socket.recv_fds(client, 10, 1)
stranger = socket.socket(fileno=passed[0])
stranger.sendall(b"from the daemon")
stranger.recv(10)
PYTHON
    background python3 daemon.py "$path"
    wait_until 30 test -S "$path"
    "${sockfixture[@]}" -w "$recording" python3 -c "
import socket
client = socket.socket(socket.AF_UNIX)
client.connect('$path')
a, b = socket.socketpair()
b.send(b'ready')
a.recv(10)
socket.send_fds(client, [b'x'], [b.fileno()])
b.close()
assert a.recv(100) == b'from the daemon'
a.send(b'bye')
client.recv(1)" 2> err || status=$?
    case $(backend_of "$recording") in
        ptrace) ;; # who is not traced is not seen: sockfixture(1) says so
        *)
            if grep -qa btf_trace_sock_send_length /sys/kernel/btf/vmlinux; then
                equal "$status $(tail -n 1 "$recording" | jq .end.lost.bypassed)" '3 15'
                grep -q 'incomplete: 15 bytes passed by' err
            fi
            ;;
    esac
}

# bats test_tags=kernel
@test "a raw socket, which is not recorded, leaves nothing out" {
    equal "$(said_by << 'PYTHON'
import ctypes
import fcntl
import os
import socket
import struct

network, user = 0x40000000, 0 if os.geteuid() == 0 else 0x10000000
assert ctypes.CDLL(None).unshare(network | user) == 0
echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
fcntl.ioctl(echo, 0x8914, struct.pack("16sh22x", b"lo", 1)) # SIOCSIFFLAGS: up
echo.sendto(bytes.fromhex("0800f7fe00000001"), ("127.0.0.1", 0))
echo.recv(100)
one, other = socket.socketpair()
one.send(b"hi")
other.recv(10)
PYTHON
)" '1 request hi'
}

@test "every scenario has its test" {
    local program scenario
    for program in awkward processes; do
        while read -r scenario _; do
            grep -qw -- "$scenario" "$BATS_TEST_FILENAME" || fail "no test of $scenario"
        done < <("$programs/$program" --list)
    done
}

# Bytes that pass by every system call that names a socket: whoever cannot see them says how many.
# bats test_tags=kernel
@test "io_uring" {
    local status=0
    background "$programs/talk" --role server --path "$path" --log "$log" --exchanges 8
    wait_until 30 test -e "$log.server"
    "${sockfixture[@]}" -w "$recording" "$programs/io_uring_client" --path "$path" --log "$log" \
        --exchanges 8 2> err || status=$?
    finish "$pid"
    case $(backend_of "$recording") in
        socket) equal "$status $("$tests/witness.py" client "$log" "$recording")" '0 whole' ;;
        syscall)
            # How many bytes, nothing tells before Linux 6.3.
            if grep -qa btf_trace_sock_send_length /sys/kernel/btf/vmlinux; then
                equal "$status $("$tests/witness.py" client "$log" "$recording")" '3 incomplete'
                grep -q 'incomplete: [0-9]* bytes passed' err
            else
                equal "$status $(tail -n 1 "$recording" | jq .end.lost.unfollowed)" '3 1'
            fi
            ;;
        ptrace) equal "$status $(tail -n 1 "$recording" | jq .end.lost.unfollowed)" '3 1' ;;
    esac
}

@test "the name of a process is not that of its thread" {
    cat > threads.py << 'PYTHON'
import ctypes, socket, sys, threading
one, other = socket.socketpair()
def worker():
    ctypes.CDLL(None).prctl(15, b"a-worker", 0, 0, 0) # PR_SET_NAME
    one.send(b"ping")
thread = threading.Thread(target=worker)
thread.start()
thread.join()
other.recv(4)
PYTHON
    record 0 python3 -SEs threads.py
    equal "$(jq -r 'select(.data) | .comm' "$recording")" python3
}
