#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The memory that a fixture takes does not grow with the recording, and a disk that is full is told.

load helper

# A recording of so many MiB, in messages of a size.
recording() { # MIB SIZE
    python3 - "$@" << 'PYTHON' > "$1-$2.jsonl"
import base64, sys
mib, size = int(sys.argv[1]), int(sys.argv[2])
lost = '{"messages":0,"bytes":0,"cut":0,"unfollowed":0,"foreign":0,"bypassed":0}'
print('{"format":"sockfixture-recording","version":1,"command":["x"],"backend":"ptrace","lost":null}')
count = mib * (1 << 20) // size
for number in range(count):
    direction = ("request", "response")[number % 2]
    data = base64.b64encode(bytes([number % 256]) * size).decode()
    print(
        f'{{"time":"1.{number:09}","conversation":1,"direction":"{direction}","family":"unix",'
        f'"type":"TYPE","call":"send","tid":1,"pid":1,"comm":"","inode":1,"address":"","peer":'
        f'{{"pid":1,"comm":"","inode":1,"address":"/x"}},"length":{size},"data":"{data}","text":""}}'
    )
print(f'{{"end":{{"messages":{count},"lost":{lost}}}}}')
PYTHON
    sed -i "s/TYPE/${3:-dgram}/" "$1-$2.jsonl"
}

# The peak of memory of what it takes to emit the recording, in MiB. Under sanitizers it says nothing:
# an eighth of what was ever mapped is their own.
peak() { # RECORDING OPTION...
    peak_of "$SOCKFIXTURE" -q -r "$@"
}

peak_of() { # COMMAND [ARG...]
    python3 - "$@" << 'PYTHON'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PYTHON
}

# The small one is large enough to be kept in a file as well.
no_larger() { # SMALL LARGE OPTION...
    local small large
    small=$(peak "$1" "${@:3}")
    large=$(peak "$2" "${@:3}")
    echo "of $1: $small MiB, of $2: $large MiB, with ${*:3}" >&2
    [ "$large" -le $((small + 16)) ] || fail "memory grows with the recording"
}

# bats test_tags=memory
@test "three times the recording takes no more memory" {
    local lang
    recording 96 65536
    recording 288 65536
    for lang in go rust python json; do
        no_larger 96-65536.jsonl 288-65536.jsonl --lang "$lang"
    done
    no_larger 96-65536.jsonl 288-65536.jsonl --lang go --embed-above 1K -o x.go
    no_larger 96-65536.jsonl 288-65536.jsonl --lang raw -o folder
}

# bats test_tags=memory
@test "twice the messages take no more memory" {
    recording 24 32
    recording 48 32
    no_larger 24-32.jsonl 48-32.jsonl --lang json
}

# bats test_tags=memory
@test "a stream that nobody interrupts takes no more memory when it is longer" {
    recording 96 65536
    recording 288 65536
    sed -i 's/"dgram"/"stream"/; s/"response"/"request"/' ./*-65536.jsonl
    no_larger 96-65536.jsonl 288-65536.jsonl --lang go
    no_larger 96-65536.jsonl 288-65536.jsonl --lang json
}

# bats test_tags=memory
@test "connections that are closed take no memory while others are recorded" {
    [ "${SOCKFIXTURE_BACKEND:-}" != ptrace ] || skip "it keeps what it knows: sockfixture(1), BUGS"
    recorded() { # COUNT
        peak_of "$SOCKFIXTURE" -q -w "$1.jsonl" "$programs/hardships" connections "$1"
    }
    local few many
    few=$(recorded 1000)
    many=$(recorded 20000)
    equal "$(jq 'select(.data) | .conversation' 20000.jsonl | sort -n | uniq -c | awk '$1 != 2 || $2 != NR' | wc -l)" 0
    equal "$(grep -c '"data":' 20000.jsonl)" 40000
    [ "$many" -le $((few + 8)) ] || fail "$few MiB for 1000, $many MiB for 20000"
}

@test "what is kept in a file is what was recorded" {
    recording 32 99999
    "$SOCKFIXTURE" -r 32-99999.jsonl --lang json > out.json
    "$tests/rows.py" recording 32-99999.jsonl > rows.recording
    "$tests/rows.py" json out.json > rows.json
    cmp rows.recording rows.json
}

@test "a full disk is told" {
    recording 48 65536
    mkdir small
    unshare --mount sh -c 'mount -t tmpfs -o size=4m none small && TMPDIR=$PWD/small exec "$@"' sh \
        "$SOCKFIXTURE" -r 48-65536.jsonl --lang go -o out.go 2> error && fail 'it was not told'
    equal "$(cat error)" \
        'sockfixture: 48-65536.jsonl: no room to keep the messages (let TMPDIR name a folder that has more)'
    only_files 48-65536.jsonl small error
    # Where TMPDIR names no folder, another is taken.
    TMPDIR=/nonexistent "$SOCKFIXTURE" -r 48-65536.jsonl --lang json | cksum > with
    "$SOCKFIXTURE" -r 48-65536.jsonl --lang json | cksum | cmp - with
}
