#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The ptrace backend lets a process without sockets read and write unseen, and misses nothing of what
# it says once it has one; nor does the process notice.

load helper

# Only who can gain no privileges is let through: tests/programs/doors.c says what each scenario is.
limited=(setpriv --no-new-privs)

# Records the command so; each of so many processes says "hello", and nothing else is said.
says_hello() { # TIMES COMMAND...
    "${limited[@]}" "$SOCKFIXTURE" --backend ptrace -q -w "$recording" "${@:2}"
    equal "$(jq -r 'select(.data) | .text + " " + .call' "$recording" | sort | uniq -c | xargs)" \
        "$1 hello send"
}

@test "files cost nothing until there is a socket" {
    # What we have been given may be sockets.
    says_hello 1 "$programs/doors" files < /dev/null > waits 2> err 3>&-
    read -r without with < waits
    # A read may wait for something else now and then, but there are a thousand of them.
    [ "$without" -lt 500 ]
    [ "$with" -ge 1000 ]
}

@test "as root it stops at files, as that can lose what it takes to filter later" {
    # Where we can gain none ourselves, nobody here can lose any.
    [ "$(awk '/^NoNewPrivs/ {print $2}' /proc/self/status)" = 0 ] || return 0
    limited=()
    says_hello 1 "$programs/doors" files > waits
    read -r without with < waits
    [ "$without" -ge 1000 ]
    says_hello 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$programs/doors" untouched
}

@test "all threads of a process get the second filter" {
    says_hello 1 "$programs/doors" threads
}

@test "processes that share their descriptors get it before one has a socket" {
    says_hello 1 "$programs/doors" clone
    says_hello 1 "$programs/doors" clone3
}

@test "a process that goes into a sandbox gets it before" {
    says_hello 1 "$programs/doors" seccomp
    says_hello 1 "$programs/doors" prctl
}

@test "memory, signals and registers are as they were" {
    says_hello 1 "$programs/doors" untouched
    says_hello 1 "$programs/doors" registers
}

@test "signals and stops may come in between" {
    says_hello 40 "$programs/doors" signals
}

@test "forked, spawned and executed processes get it each by itself" {
    cat > spawn.py << EOF
import os, subprocess
for _ in range(3):
    subprocess.run(["$programs/doors", "untouched"], check=True)
    assert os.system("$programs/doors threads") == 0
EOF
    says_hello 6 python3 spawn.py
}

@test "a process that cannot have it is counted" {
    run -3 --separate-stderr "${limited[@]}" "$SOCKFIXTURE" --backend ptrace -q -w "$recording" \
        "$programs/doors" cramped
    equal "$(tail -n 1 "$recording" | jq .end.lost.unfollowed)" 1
}

@test "the recording may end in the middle of it" {
    local exchanges
    for exchanges in 1 7; do
        rm -f finished
        "${limited[@]}" "$SOCKFIXTURE" --backend ptrace -q -c "$exchanges" -w "$recording" \
            "$programs/doors" many
        wait_until 60 test -e finished
    done
}

@test "a socket that the command begins with is seen at once" {
    cat > inherit.py << 'EOF'
import socket, subprocess, sys
ours, its = socket.socketpair()
command = subprocess.Popen(sys.argv[1:], stdin=its, stdout=its)
its.close()
ours.sendall(b"hello")
ours.shutdown(socket.SHUT_WR)
assert ours.recv(100) == b"hello"
sys.exit(command.wait())
EOF
    python3 inherit.py "${limited[@]}" "$SOCKFIXTURE" --backend ptrace -q -w "$recording" cat
    equal "$(jq -r 'select(.data) | .text + " " + .call' "$recording" | sort | xargs)" \
        'hello receive hello send'
}

@test "a socket that was passed is seen under any number" {
    cat > pass.py << 'EOF'
import os, socket
ours, its = socket.socketpair()
to_pass, other = socket.socketpair()
if os.fork() == 0:
    ours.close(), to_pass.close(), other.close()
    (fd,) = socket.recv_fds(its, 10, 1)[1]
    for number in range(0, 2), range(100, 200):
        for each in number:
            os.dup2(fd, each)
    os.write(150, b"ready\n")
    os.execlp("sh", "sh", "-c", "read line; echo got $line")
socket.send_fds(ours, [b"take"], [to_pass.fileno()])
to_pass.close()
assert os.read(other.fileno(), 100) == b"ready\n"
os.write(other.fileno(), b"line\n")
assert os.read(other.fileno(), 100) == b"got line\n"
os.wait()
EOF
    "${limited[@]}" "$SOCKFIXTURE" --backend ptrace -q -w "$recording" python3 pass.py
    equal "$(jq -r 'select(.data) | .text' "$recording" | paste -sd ' ')" \
        'take ready\x0a line\x0a got line\x0a'
}
