#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A datagram socket may talk to others than the one it is connected to, and be connected to another, or to none.

load helper

# What a script says in Python, in which new(NAME) is a socket of that kind at an address of its own.
said_by() { # unix|udp [OPTION...]
    local status=0
    cat > script.py << PYTHON
import ctypes, os, socket, struct

def new(name):
    if "$1" == "unix":
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(os.path.abspath(name))
    else:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", int(os.environ[name])))
    made.settimeout(10)
    return made

def disconnect(made):
    nobody = struct.pack("H14x", socket.AF_UNSPEC)
    assert ctypes.CDLL(None).connect(made.fileno(), nobody, len(nobody)) == 0

class Buffer(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]

class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("name_length", ctypes.c_uint32),
                ("buffers", ctypes.POINTER(Buffer)), ("buffer_count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_long), ("sent", ctypes.c_uint32)]

def name_of(made):
    if made.family == socket.AF_UNIX:
        return struct.pack("H", socket.AF_UNIX) + made.getsockname().encode()
    host, port = made.getsockname()
    return struct.pack("H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)

def send_all(made, *parts): # (BYTES, SOCKET or None), in one call
    messages = (Message * len(parts))()
    for message, (data, to) in zip(messages, parts):
        name = name_of(to) if to else None
        message.name, message.name_length = name, len(name or b"")
        message.buffers, message.buffer_count = ctypes.pointer(Buffer(data, len(data))), 1
    assert ctypes.CDLL(None).sendmmsg(made.fileno(), messages, len(parts), 0) == len(parts)

PYTHON
    cat >> script.py
    rm -f one two three four
    "${sockfixture[@]}" -q -w "$recording" "${@:2}" python3 script.py || status=$?
    equal "$status" 0 'the status, and the one expected,' || return 1
    jq -r 'select(.data) | "\(.conversation) \(.direction) \(.call) \(.text)"' "$recording" |
        sort -s -n -k 1,1
}

# Where the sockets of UDP are.
ports() {
    export one two three four
    one=$(free_port) two=$(free_port) three=$(free_port) four=$(free_port)
}

# The script on standard input says these lines, with either kind of socket.
either_says() { # LINE...
    local script kind
    script=$(cat)
    ports
    for kind in unix udp; do
        equal "$(said_by $kind <<< "$script")" "$(printf '%s\n' "$@")" "with $kind, these"
    done
}

# bats test_tags=kernel
@test "a connected socket that names another address talks to that one" {
    either_says '1 request send to two' '1 request send to two again' '2 request send to three' \
        '2 request send and more' << 'PYTHON'
one, two, three = new("one"), new("two"), new("three")
one.connect(two.getsockname())
one.send(b"to two")
one.sendto(b"to three", three.getsockname())
one.sendmsg([b"and more"], [], 0, three.getsockname())
three.recv(10)
one.send(b"to two again")
two.recv(10)
PYTHON
}

# bats test_tags=kernel
@test "who was connected once may be a server later" {
    either_says '1 request send hello' '2 request send ask' '2 response send answer' << 'PYTHON'
one, two, three = new("one"), new("two"), new("three")
one.connect(two.getsockname())
one.send(b"hello")
disconnect(one)
three.sendto(b"ask", one.getsockname())
one.sendto(b"answer", one.recvfrom(10)[1])
three.recv(10)
PYTHON
}

# bats test_tags=kernel
@test "who is connected to a server at all addresses is its client, whoever speaks first" {
    ports
    equal "$(said_by udp << 'PYTHON'
one, two = new("one"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two.bind(("0.0.0.0", int(os.environ["two"])))
one.connect(("127.0.0.1", int(os.environ["two"])))
two.sendto(b"hello", one.getsockname())
one.send(one.recv(10).upper())
two.recv(10)
PYTHON
)" "$(printf '%s\n' '1 response send hello' '1 request send HELLO')"
}

# bats test_tags=kernel
@test "a socket that keeps its host and gives up its port when it is disconnected gets another one" {
    ports
    equal "$(said_by udp << 'PYTHON'
one, two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), new("two")
one.bind(("127.0.0.1", 0))
one.connect(two.getsockname())
disconnect(one)
one.sendto(b"ask", two.getsockname())
two.sendto(*two.recvfrom(10))
one.recv(10)
PYTHON
)" "$(printf '%s\n' '1 request send ask' '1 response send ask')"
    equal "$(jq -r 'select(.data) | (.address, .peer.address)' "$recording" | sort | uniq -c | wc -l)" 2
}

# bats test_tags=kernel
@test "what was on its way to a socket that is no longer connected stands once" {
    ports
    equal "$(said_by udp << 'PYTHON'
one, two = new("one"), new("two")
one.connect(two.getsockname())
two.sendto(b"first", one.getsockname())
two.sendto(b"second", one.getsockname())
disconnect(one)
one.recv(10)
one.recv(10)
PYTHON
)" "$(printf '%s\n' '1 response send first' '1 response send second')"
}

# bats test_tags=kernel
@test "a socket whose peer is gone is no longer connected" {
    equal "$(said_by unix << 'PYTHON'
one, two = new("one"), new("two")
one.connect(two.getsockname())
two.close()
try:
    one.send(b"is anybody there?")
except ConnectionRefusedError:
    pass
nameless = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
nameless.sendto(b"hello", one.getsockname())
one.recvfrom(10)
PYTHON
)" '1 request send hello'
}

# bats test_tags=kernel
@test "a receiver with little room, which asks how long a message is, lacks nothing that was recorded" {
    either_says '1 request send a long message' << 'PYTHON'
one, two = new("one"), new("two")
one.sendto(b"a long message", two.getsockname())
two.recvfrom(3, socket.MSG_TRUNC)
PYTHON
}

# Behind what there was room for stands what stood there before.
# bats test_tags=kernel
@test "an address that there was no room for is not made up" {
    either_says '1 request send to recvfrom' '1 request send to recvmsg' '1 request send to recvmmsg' << 'PYTHON'
one, two = new("one"), new("two")
libc, data = ctypes.CDLL(None), ctypes.create_string_buffer(20)
name = ctypes.create_string_buffer(b"no address", 128)

def receive(call):
    buffer = Buffer(ctypes.cast(data, ctypes.c_char_p), 20)
    message = Message(ctypes.cast(name, ctypes.c_char_p), 3, ctypes.pointer(buffer), 1)
    if call == "recvfrom":
        return libc.recvfrom(two.fileno(), data, 20, 0, name, ctypes.byref(ctypes.c_uint32(3)))
    if call == "recvmsg":
        return libc.recvmsg(two.fileno(), ctypes.byref(message), 0)
    return libc.recvmmsg(two.fileno(), ctypes.byref(message), 1, 0, None)

for call in "recvfrom", "recvmsg", "recvmmsg":
    one.sendto(b"to " + call.encode(), two.getsockname())
    assert receive(call) > 0
PYTHON
}

# bats test_tags=kernel
@test "-s and -x of a connected socket that names another address" {
    local two_is three_is kind script='
one, two, three = new("one"), new("two"), new("three")
one.connect(two.getsockname())
one.send(b"to two")
one.sendto(b"to three", three.getsockname())
send_all(one, (b"and more", three), (b"and two", None))'
    ports
    for kind in unix udp; do
        [ $kind = unix ] && two_is="$work/t[w]o" three_is="$work/th[r]ee" ||
            two_is="udp:127.0.0.1:$two" three_is="udp:127.0.0.1:$three"
        equal "$(said_by $kind -s "$two_is" <<< "$script")" $'1 request send to two\n1 request send and two'
        equal "$(said_by $kind -x "$three_is" <<< "$script")" $'1 request send to two\n1 request send and two'
        equal "$(said_by $kind -s "$three_is" <<< "$script")" $'1 request send to three\n1 request send and more'
        equal "$(said_by $kind -x "$two_is" <<< "$script")" $'1 request send to three\n1 request send and more'
    done
}

# bats test_tags=kernel
@test "-x leaves out the answer, too, that is received without asking who sent it" {
    local kind option at
    ports
    for kind in unix udp; do
        for option in -x -s; do
            [ $kind = unix ] && at="$work/one" || at="udp:127.0.0.1:$one"
            equal "$(said_by $kind $option "$at" << 'PYTHON'
client, other = new("three"), new("four")
for asker, server in (client, new("one")), (other, new("two")):
    asker.sendto(b"ask", server.getsockname())
    server.sendto(b"answer", server.recvfrom(100)[1])
    asker.recv(100)
PYTHON
            )" $'1 request send ask\n1 response send answer' "with $kind and $option, these"
        done
    done
}

@test "one path leads to two sockets, in two folders and below two roots" {
    local enter
    for enter in 'os.chdir(folder)' 'unshare(); os.chroot(folder); os.chdir("/")'; do
        equal "$(said_by unix << PYTHON
import shutil, signal

def tell_recorder(what): # a tracer that stands still would have us stand still
    if "TracerPid:\t0\n" in open("/proc/self/status").read():
        os.kill(os.getppid(), what)

def unshare(): # who is not root may do so in a user namespace
    assert os.geteuid() == 0 or ctypes.CDLL(None).unshare(0x10000000) == 0

def talk(folder, turns, done):
    $enter
    prefix = "/" if os.getcwd() == "/" else ""
    server, client = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    server.bind(prefix + "server")
    client.bind(prefix + "client")
    os.write(done, b".")
    while os.read(turns, 1):
        client.sendto(b"ask " + folder[-3:].encode(), prefix + "server")
        _, asker = server.recvfrom(100)
        server.sendto(b"answer " + folder[-3:].encode(), asker)
        client.recv(100)
        os.write(done, b".")
    os._exit(0)

tell_recorder(signal.SIGSTOP) # it looks when the processes are gone
turns, ended = [], []
for name in "the-one", "the-two":
    shutil.rmtree(name, ignore_errors=True)
    os.mkdir(name)
    (begin, turn), (end, done) = os.pipe(), os.pipe()
    if os.fork() == 0:
        for other in turns + [turn]:
            os.close(other)
        talk(os.path.abspath(name), begin, done)
    turns.append(turn)
    ended.append(end)
    os.read(end, 1)
for _ in range(2):
    for turn, end in zip(turns, ended):
        os.write(turn, b".")
        os.read(end, 1)
for turn in turns:
    os.close(turn)
    os.wait()
tell_recorder(signal.SIGCONT)
PYTHON
)" '1 request send ask one
1 response send answer one
1 request send ask one
1 response send answer one
2 request send ask two
2 response send answer two
2 request send ask two
2 response send answer two'
    done
}

@test "a server that is started anew in a mount namespace of its own, in a folder that it shares" {
    export recording
    equal "$(said_by unix << 'PYTHON'
import time

def wait_until_recorded(what): # to where the path leads is looked up while the process is there
    while what not in open(os.environ["recording"]).read():
        time.sleep(0.01)

def serve(number, flags):
    begin, ready = os.pipe()
    if os.fork() == 0:
        assert ctypes.CDLL(None).unshare(flags) == 0
        server = new("server")
        os.write(ready, b".")
        asked, asker = server.recvfrom(100)
        server.sendto(b"answer %d" % number, asker)
        wait_until_recorded("answer %d" % number)
        os._exit(0)
    os.read(begin, 1)
    client.sendto(b"ask %d" % number, os.path.abspath("server"))
    client.recv(100)
    os.wait()
    os.unlink("server")

client = new("client")
serve(1, 0)
serve(2, 0x20000 | (0 if os.geteuid() == 0 else 0x10000000)) # CLONE_NEWNS, CLONE_NEWUSER
PYTHON
)" '1 request send ask 1
1 response send answer 1
2 request send ask 2
2 response send answer 2'
}

# Sockets that share the address $one, in "servers".
share_address() {
    cat << 'PYTHON'
import select

def server():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", int(os.environ["one"])))
    return made

servers = [server() for _ in range(3)]
PYTHON
}

@test "servers that share an address: whichever is asked, its answer stands with what was asked" {
    local client
    ports
    equal "$(said_by udp << PYTHON
$(share_address)
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16)]
for client in clients + clients:
    client.sendto(b"ask", servers[0].getsockname())
    asked = select.select(servers, [], [], 10)[0][0]
    asked.sendto(b"answer", asked.recvfrom(100)[1])
    assert client.recv(100) == b"answer"
PYTHON
    )" "$(for client in {1..16}; do
        printf "$client "'%s\n' 'request send ask' 'response send answer' \
            'request send ask' 'response send answer'
    done)" 'these'
}

@test "servers that share an address and do not ask who sent what they get: it stands once" {
    local number
    ports
    equal "$(said_by udp << PYTHON
$(share_address)
for number in range(16):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"metric %d" % number, servers[0].getsockname())
    assert select.select(servers, [], [], 10)[0][0].recv(100) == b"metric %d" % number
PYTHON
    )" "$(for number in {0..15}; do
        echo "$((number + 1)) request send metric $number"
    done)" 'these'
}

@test "a server that has a socket for each client beside the one that is asked first" {
    ports
    equal "$(said_by udp << 'PYTHON'
def at_server():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made

server = at_server()
server.bind(("0.0.0.0", int(os.environ["one"])))
for name in "two", "three":
    client = new(name)
    client.connect(("127.0.0.1", int(os.environ["one"])))
    client.send(b"hello")
    server.sendto(b"cookie", server.recvfrom(100)[1])
    client.recv(100)
    client.send(b"cookie")
    _, asker = server.recvfrom(100)
    own = at_server()
    own.bind(client.getpeername())
    own.connect(asker)
    own.send(b"welcome")
    client.recv(100)
    client.send(b"ask")
    own.recv(100)
    own.send(b"answer")
    client.recv(100)
PYTHON
    )" "$(for client in 1 2; do
        printf "$client "'%s\n' 'request send hello' 'response send cookie' 'request send cookie' \
            'response send welcome' 'request send ask' 'response send answer'
    done)" 'these'
}
