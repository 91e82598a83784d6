#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A kernel that is preemptible everywhere leaves a program of the socket backend out on a processor where
# another thread is still in it, and that is counted; before Linux 7.0 the syscall backend has no such programs.
#
# SOCKFIXTURE: the program to test (build/sockfixture)

clients=100
exchanges=50

# Each backend records the same; the first again, up to five times, until something was left out.
setup_file() {
    local root
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
    cat > "$BATS_FILE_TMPDIR/record" << END
cd '$BATS_FILE_TMPDIR' || exit
record() { # BACKEND
    rm -f "\$1.jsonl" /tmp/socket
    '${SOCKFIXTURE:-$root/build/sockfixture}' -q --backend "\$1" -w "\$1.jsonl" -- \
        '${PROGRAMS:-$root/build/tests/programs}/many' --type stream --path /tmp/socket \
        --clients $clients --exchanges $exchanges 2> "\$1.said"
    echo \$? > "\$1.status"
}
for attempt in 1 2 3 4 5; do
    record socket
    ! tail -n 1 socket.jsonl | grep -q '"unfollowed":[1-9]' || break
done
record syscall
'${SOCKFIXTURE:-$root/build/sockfixture}' true 2> auto.said
END
    VM_APPEND=preempt=full "$BATS_TEST_DIRNAME/run" --share "$BATS_FILE_TMPDIR" --share "$root" 6.1 \
        sh "$BATS_FILE_TMPDIR/record"
}

# A field of the recording's last line, which says how many messages there are and what was lost.
end() { # BACKEND FIELD
    tail -n 1 "$BATS_FILE_TMPDIR/$1.jsonl" | jq ".end.$2"
}

@test "preempt=full, socket: what the kernel left out is counted, with status 3" {
    local messages lost
    [ "$(cat "$BATS_FILE_TMPDIR/socket.status")" -eq 3 ]
    messages=$(end socket messages)
    lost=$(end socket lost.unfollowed)
    echo "$messages messages, $lost times left out"
    grep -E " $lost process(es)?, threads? or calls? could not be observed \(--backend syscall leaves fewer" \
        "$BATS_FILE_TMPDIR/socket.said"
    [ "$lost" -gt 0 ]
    [ "$messages" -le $((2 * clients * exchanges)) ]
    [ $((messages + lost)) -ge $((2 * clients * exchanges)) ]
}

@test "preempt=full, auto: takes the backend that loses nothing" {
    grep -F 'backend: syscall (socket: this kernel can be preempted anywhere' "$BATS_FILE_TMPDIR/auto.said"
}

@test "preempt=full, syscall: nothing is left out" {
    [ "$(cat "$BATS_FILE_TMPDIR/syscall.status")" -eq 0 ]
    [ "$(end syscall messages)" -eq $((2 * clients * exchanges)) ]
    [ "$("$BATS_TEST_DIRNAME/../check_many.py" recording "$BATS_FILE_TMPDIR/syscall.jsonl" \
        $clients $exchanges)" = "$((2 * clients * exchanges)) 0" ]
}
