#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What the backends need, what they say when they cannot have it, and that they leave nothing behind.

load helper

# Runs a command as nobody, with these capabilities alone (none: -).
as_nobody() { # CAPABILITIES COMMAND...
    local all=-all
    [ "$1" = - ] || all+=,$1
    setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$all" --ambient-caps="$all" \
        --bounding-set="$all" "${@:2}"
}

# A copy of the program that anybody may run, in a directory where anybody may write.
public() {
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR" 2> /dev/null || true
    local directory=$work
    while [ "$directory" != / ] && [ "$directory" != /tmp ]; do
        chmod o+x "$directory"
        directory=$(dirname "$directory")
    done
    chmod 777 "$work"
    cp "$SOCKFIXTURE" "$programs/talk" "$work"
    chmod 755 "$work/sockfixture" "$work/talk"
}

# By number and name: none is ever given again.
bpf_programs() {
    bpftool -j prog list | jq -r '.[] | "\(.id) \(.name)"' | sort
}

# bats test_tags=compilers
@test "the BPF programs compile for arm64, too" {
    local source
    for source in "$tests"/../bpf/*.bpf.c; do
        clang -g -O2 -std=gnu17 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
            -I "$tests/.." -D__TARGET_ARCH_arm64 -idirafter "/usr/include/$(gcc -print-multiarch)" \
            -c -o "$work/object" "$source"
    done
}

# bats test_tags=compilers
@test "the program compiles for arm64, too" {
    local source
    cd "$tests/.."
    for source in *.c capture/*.c emit/*.c; do
        clang --target=aarch64-linux-gnu -fsyntax-only -std=gnu17 -D_GNU_SOURCE -DVERSION='""' \
            -DLIBPCAP='"libpcap.so"' -Wall -Wextra -Werror -I . -I "${BUILD:-build}" \
            -isystem /usr/aarch64-linux-gnu/include -idirafter /usr/include "$source"
    done
}

@test "calls of 32-bit programs are counted where they cannot be read" {
    local backend counted
    # Some kernels run no 32-bit code: there, whoever makes such a call is killed, with us or without.
    if ! "$programs/foreign"; then
        run -4 --separate-stderr "$SOCKFIXTURE" -q -o out.json "$programs/foreign"
        says "*/foreign: killed by signal 11 *"
        return
    fi
    for backend in syscall ptrace; do
        run -3 --separate-stderr "$SOCKFIXTURE" --backend "$backend" -o out.json -w rec.jsonl \
            "$programs/foreign"
        [[ $stderr == *' of 32-bit programs could not be read'* ]]
        counted=$(tail -n 1 rec.jsonl | jq .end.lost.foreign)
        [ "$counted" -ge 1 ]
    done
}

@test "--backends says of each whether it works here, and why not" {
    run -0 "$SOCKFIXTURE" --backends
    [[ ${lines[0]} == 'socket '* && ${lines[1]} == 'syscall '* ]]
    [[ $output == *'syscall  yes '*'ptrace   yes '* ]]
}

@test "auto says which it took, and why not the ones before it" {
    run -0 --separate-stderr "$SOCKFIXTURE" -o out.json true
    [[ ${stderr_lines[0]} == 'sockfixture: backend: socket' ||
        ${stderr_lines[0]} == 'sockfixture: backend: syscall (socket: this kernel refuses '* ]]
}

# Runs a command, which believes that this is Linux 7, where what is at a tracepoint can be preempted; with a
# file system of this type where root finds events.
on_linux_7() { # TYPE COMMAND...
    cc -shared -fPIC -O1 -o newer.so "$tests/preload/newer.c"
    ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} unshare -m sh -c '
        for folder in /sys/kernel/debug /sys/kernel/tracing; do
            mount -t tmpfs tmpfs $folder || exit
        done
        mount -t $0 $0 /sys/kernel/tracing && exec env LD_PRELOAD=./newer.so "$@"' "$@"
}

@test "where tracepoints can be preempted, syscall takes the events, and records the same" {
    local talk=("$programs/talk" --path "$path")
    on_linux_7 tracefs "$SOCKFIXTURE" -q --backend syscall -l json -o events.json \
        sh -c 'bpftool -j prog list > programs && exec "$@"' - "${talk[@]}"
    jq -r '.[].name' programs | grep -x on_enter_event
    "$SOCKFIXTURE" -q --backend syscall -l json -o points.json "${talk[@]}"
    said() {
        jq '.conversations[].exchanges[] | del(.name)' "$1"
    }
    diff <(said events.json) <(said points.json)
    [ "$(jq '[.conversations[].exchanges | length] | add' points.json)" -gt 0 ]
}

@test "where they can and there are no events, it says so" {
    on_linux_7 tmpfs "$SOCKFIXTURE" --backend syscall -l json -o out.json "$programs/talk" \
        --path "$path" 2> said
    grep -F 'sockfixture: this kernel leaves out calls, as it can be preempted in what looks at them' said
    [ "$(jq '[.conversations[].exchanges | length] | add' out.json)" -gt 0 ]
}

@test "auto takes those first that leave nothing out" {
    on_linux_7 tracefs "$SOCKFIXTURE" -l json -o out.json true 2> said
    grep -F 'backend: syscall (socket: this kernel can be preempted anywhere, and so leaves out calls)' said
}

@test "a backend that there is not names the nearest" {
    run -2 --separate-stderr "$SOCKFIXTURE" --backend sycsall true
    says "--backend: there is no 'sycsall' (did you mean 'syscall'?); --backends lists *"
    run -2 --separate-stderr "$SOCKFIXTURE" --backend none true
    says "--backend: there is no 'none'; --backends lists *"
}

@test "CAP_BPF and CAP_PERFMON are all that BPF takes" {
    public
    as_nobody +bpf,+perfmon ./sockfixture --backend syscall -l json -o out.json -w rec.jsonl \
        ./talk --path socket
    equal "$(backend_of rec.jsonl)" syscall
    equal "$(jq '[.conversations[].exchanges | length] | add > 0' out.json)" true
    equal "$(stat -c %U out.json)" nobody
}

@test "without any privilege it records by ptrace" {
    public
    as_nobody - ./sockfixture -l json -o out.json -w rec.jsonl ./talk --path socket 2> err
    equal "$(backend_of rec.jsonl)" ptrace
    equal "$(jq '[.conversations[].exchanges | length] | add > 0' out.json)" true
    grep -q 'backend: ptrace (socket: needs CAP_BPF.*syscall: needs CAP_BPF' err
}

@test "in a container it records by ptrace, and says why not by BPF" {
    local as
    public
    for as in 'env' 'as_nobody -'; do
        rm -f out.json rec.jsonl err log.* socket
        $as unshare --user --map-root-user --pid --fork --mount-proc \
            ./sockfixture -l json -o out.json -w rec.jsonl ./talk --path socket --log log 2> err
        equal "$(backend_of rec.jsonl)" ptrace
        equal "$("$tests/witness.py" both log rec.jsonl out.json)" whole
        grep -q 'backend: ptrace (socket: in a user namespace.*syscall: in a user namespace' err
    done
    unshare --pid --fork --mount-proc "$SOCKFIXTURE" --backends > listed
    grep -q '^syscall  *no  *in a container with process numbers of its own .*--pid=host' listed
}

@test "what BPF lacks below another root, or is refused by a filter of system calls, is said" {
    lacks() { # PATTERN COMMAND [ARG...]
        "${@:2}" "$SOCKFIXTURE" --backends > listed || [ $? -eq 5 ] || return 1
        grep -q "^syscall  *no  *$1" listed || fail "$(cat listed)"
    }
    without() { # FOLDER
        # shellcheck disable=SC2016 # what is inside is expanded there
        lacks "$1: No such file or directory (is it mounted?)$" \
            unshare --mount sh -c 'umount -l "$0" && exec "$@"' "$1"
    }
    if ! ldd "$SOCKFIXTURE" | grep -q libasan; then # sanitizers cannot do without
        without /proc
        grep -q '^ptrace  *no  */proc: No such file or directory (is it mounted?)$' listed
    fi
    without /sys
    lacks 'bpf: Operation not permitted (does a container or a service filter system calls?)$' \
        "$tests/refuse.py" bpf
}

@test "where /proc has the numbers of another namespace, nothing records, and it is said" {
    local backend
    for backend in auto ptrace; do
        run -5 --separate-stderr unshare --pid --fork "$SOCKFIXTURE" --backend "$backend" -o out.json \
            "$programs/talk" --path "$path"
        says '*ptrace: /proc is of another PID namespace (mount one: unshare --mount-proc)'
        only_files
    done
}

@test "so few files may be open that nothing can record: what sets how many is said" {
    local few
    for few in 'syscall 6' 'syscall 10' 'syscall 20' 'ptrace 6'; do
        run --separate-stderr prlimit --nofile="${few#* }" "$SOCKFIXTURE" --backend "${few% *}" -q \
            -o out.json true
        [ "$status" -ne 0 ]
        says '*ulimit -n sets how many*'
        only_files
    done
}

@test "killed at any moment, ptrace leaves nothing stopped" {
    local i
    for i in 0.01 0.05 0.1 0.2; do
        background "$SOCKFIXTURE" --backend ptrace -q -o out.json "$programs/many" --clients 4 \
            --exchanges 100000 --path "$path.$i"
        sleep "$i"
        kill -KILL "$pid"
        wait "$pid" || true
    done
    # What goes on is stopped for moments, and let through: one that is stuck is stopped, and does not
    # get on. What is left ends with the test.
    stopped() {
        local each
        for each in $(ps -eo pid=,stat=,args= | grep -F "$path." | awk '$2 ~ /^[Tt]/ {print $1}'); do
            awk -v pid="$each" '/^voluntary_ctxt/ {print pid, $2}' "/proc/$each/status" || true
        done 2> /dev/null | sort
    }
    none_stuck() {
        stopped > before
        sleep 1
        stopped > after
        [ -z "$(comm -12 before after)" ]
    }
    wait_until 20 none_stuck
}

# Forty processes that make calls all the time, for so many seconds; then each writes how many.
busy() {
    cat > busy.py << 'PYTHON'
import os, socket, sys, time
end = time.monotonic() + float(sys.argv[1])
for _ in range(40):
    if os.fork() == 0:
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        rounds = 0
        while time.monotonic() < end:
            one.send(b"x")
            other.recv(9)
            rounds += 1
        print(rounds, flush=True, file=open("rounds", "a"))
        os._exit(0)
open("begun", "w").close()
for _ in range(40):
    os.wait()
PYTHON
}

@test "ptrace lets each of many that stop all the time have its turn" {
    busy
    "$SOCKFIXTURE" --backend ptrace -q -o out.json python3 busy.py 4
    sort -n rounds >&2
    equal "$(wc -l < rounds)" 40
    [ "$(($(sort -n rounds | head -n 1) * 20))" -ge "$(sort -n rounds | tail -n 1)" ]
}

@test "however many stop all the time, -T and Ctrl-C end it" {
    local options=(--backend ptrace -q --ignore-status -o out.json)
    busy
    background "$SOCKFIXTURE" "${options[@]}" -T 1 python3 busy.py 100
    finish "$pid" 15
    [ -s out.json ]
    rm begun
    background "$SOCKFIXTURE" "${options[@]}" -w "$recording" python3 busy.py 100
    wait_until 15 test -e begun
    kill -INT "$pid"
    finish "$pid" 15
    [ ! -e rounds ] || fail 'it was not ended, but ended by itself'
}

# Each run but the last leaves a process, which begins to speak in the next one and goes on to the end of the
# last.
@test "ptrace lets what earlier runs have left over pass, and does not record it" {
    cat > leave.py << 'PYTHON'
import os, socket, time
def is_there(name):
    return os.path.exists(name) or os.path.exists("over")
def wait_for(name):
    while not is_there(name):
        time.sleep(0.01)
def say(what):
    one.send(what)
    other.recv(99)
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
run = sum(name.startswith("run") for name in os.listdir())
open(f"run.{run}", "w").close()
if run < 5 and os.fork() == 0:
    wait_for(f"run.{run + 1}")
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    say(b"left over")
    if not child:
        os._exit(0)
    open(f"said.{run + 1}", "w").close()
    while not is_there("over"):
        say(b"left over")
    os._exit(0)
if run:
    wait_for(f"said.{run}")
say(b"hello")
if run == 5:
    open("over", "w").close()
PYTHON
    background "$SOCKFIXTURE" --backend ptrace --repeat 6 -l json -o out.json -w "$recording" \
        python3 leave.py
    finish "$pid" || fail "it failed: $(cat background.out)"
    equal "$(cat background.out)" 'sockfixture: 6 runs: 0 volatile ranges'
    equal "$(jq '[.conversations[].exchanges | length] | add' out.json)" 1
}

@test "without them it says what it takes" {
    public
    run -5 --separate-stderr as_nobody - ./sockfixture --backend syscall -o out.json true
    says '*syscall: needs CAP_BPF and CAP_PERFMON (sudo*setcap*'
    [ ! -e out.json ]
}

@test "killed at any moment, it leaves no BPF program behind" {
    local i
    bpf_programs > before
    for i in 0.01 0.05 0.1 0.2; do
        background "${sockfixture[@]}" -q -o out.json sleep 30
        sleep "$i"
        kill -KILL "$pid"
        wait "$pid" || true
    done
    # Other tests, beside this one, load theirs for a while.
    none_left() { [ -z "$(bpf_programs | comm -13 before -)" ]; }
    wait_until 10 none_left
}

@test "--user runs the command as that user, with groups and home" {
    run -0 --separate-stderr "${sockfixture[@]}" -q -u nobody -l json -o out.json \
        sh -c 'id -u; id -g; echo "$USER $HOME"'
    equal "$output" "65534
65534
nobody $(getent passwd nobody | cut -d: -f6)"
    run -2 --separate-stderr "$SOCKFIXTURE" -u nosuchuser true
    says '*nosuchuser: no such user'
}

@test "what keeps a command from being run as that user, or in that folder, is said, and not that it cannot be run" {
    local served
    "${sockfixture[@]}" -q -w rec.jsonl "$programs/talk" --path "$path"
    mkdir -m 700 roots
    for served in '' "--serve $work/served -r rec.jsonl"; do
        local command=("$SOCKFIXTURE" -q)
        if [ -z "$served" ]; then command=("${sockfixture[@]}" -q -o out.json); fi
        # shellcheck disable=SC2086 # of several words
        run -4 --separate-stderr "${command[@]}" $served -u nobody --chdir roots touch ran
        says '--chdir roots: Permission denied, as user nobody'
        # shellcheck disable=SC2086
        run -4 --separate-stderr setpriv --bounding-set=-setuid --inh-caps=-setuid \
            "${command[@]}" $served -u nobody touch ran
        says '--user nobody: Operation not permitted (needs CAP_SETUID*'
    done
    [ ! -e roots/ran ] && [ ! -e ran ] && [ ! -e out.json ]
}

@test "a user's number is digits, and no more than a user can have" {
    local number
    equal "$("$SOCKFIXTURE" -q -u 65534 -o out.json id -u)" 65534
    for number in 4294967296 4294967295 18446744073709551616 -4294967296 ' 0' +0 -0 0x0 ''; do
        run -2 --separate-stderr "$SOCKFIXTURE" "--user=$number" touch ran
        says "--user $number: no such user"
        run -2 --separate-stderr "$SOCKFIXTURE" -q -s '*' "--uid=$number"
        says "--uid $number: no such user"
    done
    [ ! -e ran ]
}

@test "under sudo files belong to who called it, and are opened with the caller's rights" {
    local sudo=(env SUDO_UID=65534 SUDO_GID=65534 "${sockfixture[@]}" -q)
    public
    "${sudo[@]}" -o out.json -w rec.jsonl "$programs/talk" --path "$path"
    "${sudo[@]}" -r rec.jsonl --lang raw -o folder
    equal "$(stat -c %u:%g out.json rec.jsonl folder folder/* | sort -u)" 65534:65534
    # The command is run as it would be without us.
    equal "$("${sudo[@]}" -o out.json sh -c 'id; grep Cap /proc/self/status')" \
        "$(sh -c 'id; grep Cap /proc/self/status')"
    mkdir -m 755 roots
    cp rec.jsonl roots
    chmod 600 roots/rec.jsonl
    refused() { # PATH ARG...
        run -2 --separate-stderr "${sudo[@]}" "${@:2}" || return 1
        says "$1: Permission denied (under sudo, files are opened with the rights of who called it)"
    }
    refused roots/out.json -o roots/out.json true
    refused roots/out.jsonl -w roots/out.jsonl true
    refused roots/folder -r rec.jsonl --lang raw -o roots/folder
    refused roots/rec.jsonl -r roots/rec.jsonl -o out.json
    refused roots/rec.jsonl --check -w roots/rec.jsonl true
    refused 'roots/rec.jsonl: cannot read the template' --template roots/rec.jsonl -r rec.jsonl
    refused roots/rec.jsonl --manifest roots/rec.jsonl --check
    mkdir -m 700 roots/templates
    refused roots/templates --template-dir roots/templates -r rec.jsonl
    rmdir roots/templates
    equal "$(cd roots && echo *)" rec.jsonl
    sudo=(env SUDO_UID=65534 SUDO_GID=65534 "$SOCKFIXTURE" -q)
    equal "$("${sudo[@]}" --serve served -r rec.jsonl stat -c %u:%g served)" 65534:65534
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("roots/served")'
    mkdir -m 1777 sticky
    python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).bind("sticky/served"); os.chmod("sticky/served", 0o777)'
    "${sudo[@]}" --serve sticky/served -r rec.jsonl true
    equal "$("${sudo[@]}" --serve roots/served -r rec.jsonl stat -c %u:%g roots/served)" 0:0
    [ ! -e served ]
    equal "$(cd roots && echo *)" rec.jsonl
}

@test "under sudo what the caller has put where anybody can write is no other user's" {
    local name
    public
    mkdir -m 1777 shared
    mkfifo shared/pipe
    : > shared/file
    chmod 640 shared/file
    chown 65534:65534 shared/*
    "${sockfixture[@]}" -q -w rec.jsonl true
    chmod 644 rec.jsonl
    background cat shared/pipe
    for name in pipe file; do
        env SUDO_UID=65534 SUDO_GID=65534 "$SOCKFIXTURE" -q -r rec.jsonl -o "shared/$name" --lang json
    done
    finish "$pid" 10
    diff background.out shared/file
    equal "$(stat -c %a:%u shared/file)" 640:65534
    # Another caller does not see it so.
    run -2 --separate-stderr env SUDO_UID=65533 SUDO_GID=65533 "$SOCKFIXTURE" -q -r rec.jsonl -o shared/pipe
    says "shared/pipe: Operation not permitted (immutable, or another user's in a folder where anybody can write[?])"
}

@test "while it records it can do no more than that takes" {
    local backend
    for backend in syscall ptrace; do
        "$SOCKFIXTURE" -q --backend "$backend" -o out.json \
            sh -c 'grep -hE "^(CapPrm|NoNew)" "/proc/$PPID/status" /proc/self/status' > seen
        # kill, setuid and setgid, dac_override and dac_read_search, fowner, sys_ptrace, sys_nice
        equal "$(head -n 2 seen | awk '{print $2}' | paste -s)" $'00000000008800ee\t1'
        equal "$(tail -n 2 seen)" "$(grep -E '^(CapPrm|NoNew)' /proc/self/status)"
    done
    public
    as_nobody +bpf,+perfmon ./sockfixture -q --backend syscall -o out.json \
        sh -c 'grep -hE "^CapPrm" "/proc/$PPID/status"' > seen
    equal "$(awk '{print $2}' seen)" 0000000000000000
}

@test "it does not run setuid" {
    local mode modes=(4755 2755)
    public
    # LeakSanitizer cannot look at such a process, nor be told so when that is not root's.
    export ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}
    if ldd sockfixture | grep -q libasan; then modes=(4755); fi
    for mode in "${modes[@]}"; do
        chmod "$mode" sockfixture
        run -2 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
            ./sockfixture -o out.json touch ran
        says 'is setuid or setgid*setcap cap_bpf,cap_perfmon+ep*'
        [ ! -e ran ]
    done
}

# What is given to the program's file is the program's alone.
@test "with capabilities of its file it records, and the command has none of them" {
    public
    setcap cap_bpf,cap_perfmon+ep sockfixture
    setpriv --reuid=65534 --regid=65534 --clear-groups ./sockfixture -q --backend syscall -o out.json \
        sh -c 'grep CapEff /proc/self/status; ./talk --path socket' > seen
    equal "$(awk '/CapEff/ {print $2}' seen)" 0000000000000000
    equal "$(jq '[.conversations[].exchanges | length] | add > 0' out.json)" true
    mkdir -m 700 roots
    run -2 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups ./sockfixture -q \
        -o roots/out.json true
    says 'roots/out.json: Permission denied'
}
