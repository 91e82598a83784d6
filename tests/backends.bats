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

bpf_programs() {
    bpftool -j prog list | jq -r '.[].name' | sort
}

@test "the BPF programs compile for arm64, too" {
    local source
    for source in "$tests"/../bpf/*.bpf.c; do
        clang -g -O2 -std=gnu17 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
            -I "$tests/.." -D__TARGET_ARCH_arm64 -idirafter "/usr/include/$(gcc -print-multiarch)" \
            -c -o "$work/object" "$source"
    done
}

@test "the program compiles for arm64, too" {
    local source
    cd "$tests/.."
    for source in *.c capture/*.c emit/*.c; do
        clang --target=aarch64-linux-gnu -fsyntax-only -std=gnu17 -D_GNU_SOURCE -DVERSION='""' \
            -Wall -Wextra -Werror -I . -I "${BUILD:-build}" \
            -isystem /usr/aarch64-linux-gnu/include -idirafter /usr/include "$source"
    done
}

@test "calls of 32-bit programs are counted where they cannot be read" {
    local backend counted
    for backend in syscall ptrace; do
        run -3 --separate-stderr "$SOCKFIXTURE" --backend "$backend" -o out.json -w rec.jsonl \
            "$programs/foreign"
        [[ $stderr == *'system calls of 32-bit programs could not be read'* ]]
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

@test "a backend that there is not names the nearest" {
    run -2 --separate-stderr "$SOCKFIXTURE" --backend sycsall true
    says "*'sycsall'*'syscall'*"
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
        grep -q 'backend: ptrace (socket: in a container with process numbers of its own' err
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

@test "without them it says what it takes" {
    public
    run -5 --separate-stderr as_nobody - ./sockfixture --backend syscall -o out.json true
    says '*syscall: needs CAP_BPF and CAP_PERFMON (sudo*setcap*'
    [ ! -e out.json ]
}

@test "killed at any moment, it leaves no BPF program behind" {
    local i before
    before=$(bpf_programs)
    for i in 0.01 0.05 0.1 0.2; do
        background "${sockfixture[@]}" -q -o out.json sleep 30
        sleep "$i"
        kill -KILL "$pid"
        wait "$pid" || true
    done
    unchanged() { [ "$(bpf_programs)" = "$before" ]; }
    wait_until 10 unchanged
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

@test "under sudo the files belong to who called it" {
    SUDO_UID=65534 SUDO_GID=65534 "${sockfixture[@]}" -q -o out.json -w rec.jsonl true
    equal "$(stat -c %u:%g out.json rec.jsonl | sort -u)" 65534:65534
}
