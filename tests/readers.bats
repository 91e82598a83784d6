#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What other tools dumped, read: the same fixtures as from our own recording of the same conversation.

load helper

setup() {
    begin_test
    trace=$work/trace
    both=() # options that go with the recording as well
}

# Records a command while strace, which we launch, traces it. Two tracers cannot trace one process, so
# this is by a BPF backend, whichever is tested.
record_traced() { # STRACE-OPTION... -- COMMAND...
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    "$SOCKFIXTURE" -q -w "$recording" strace "${options[@]}" -o "$trace" "$@" > said 2>&1
    command=$(printf '%q ' "$@")
}

# What is made of the dump and of the recording is the same, byte for byte; and there is something.
same_fixture() { # OPTION..., for the dump
    local lang
    for lang in json go; do
        "$SOCKFIXTURE" "${both[@]}" -r "$recording" --command "$command" --lang "$lang" -o "own.$lang"
        "$SOCKFIXTURE" "${both[@]}" "$@" --command "$command" --lang "$lang" -o "theirs.$lang"
        diff "own.$lang" "theirs.$lang"
    done
    [ "$(jq '[.conversations[].exchanges[].responses[]] | length' own.json)" -gt 0 ]
}

# The exchanges of a fixture, a line each.
exchanges() { # JSON
    jq -r 'def side: map(.hex + (if .missing > 0 then "+\(.missing)" else "" end)) | join(",");
        .conversations[] | "\(.type) \(.server)",
        (.exchanges[] | "> \(.requests | side) < \(.responses | side)")' "$1"
}

carried() { # RECORDING
    jq -c 'select(.text) | [.text, .ancillary, .ancillary_cut]' "$1"
}

# strace

strace_options=(
    '-f -s 65536'
    '-f -yy -xx -ttt -s 65536'
    '-f -y -x -tt -s 65536'
    '-yy -r -s 65536'
    '-f -T -e trace=network,desc,process -s 65536'
    '-f -Y -n -i -t -s 65536'
)

@test "strace: chronyc, with each set of options" {
    local options
    start_chronyd
    for options in "${strace_options[@]}"; do
        # shellcheck disable=SC2086 # they are several
        record_traced $options -- chronyc -n -h "$chrony" ntpdata
        same_fixture -r "$trace"
    done
}

@test "strace: chronyc over UDP" {
    start_chronyd
    record_traced -f -s 65536 -- chronyc -n -h 127.0.0.1 -p "$chrony_port" tracking
    same_fixture -r "$trace"
}

@test "strace: pmc" {
    start_ptp4l
    record_traced -f -yy -x -s 65536 -- "${pmc[@]}" 'GET CURRENT_DATA_SET' 'GET TIME_STATUS_NP'
    same_fixture -r "$trace"
}

@test "strace: redis-cli, pipelining" {
    background redis-server --port 0 --unixsocket "$path" --save '' --appendonly no --dir "$work"
    wait_until 30 redis-cli -s "$path" ping
    for ((i = 0; i < 300; i++)); do printf 'SET key%d %d\r\nGET key%d\r\n' $i $i $i; done > in
    record_traced -f -s 65536 -- sh -c "redis-cli -s '$path' --pipe < in"
    both=(--frame resp)
    same_fixture -r "$trace"
    grep -q GET own.json
}

@test "strace: the command is the one that was traced" {
    start_chronyd
    record_traced -f -s 65536 -- chronyc -n -h "$chrony" ntpdata
    "$SOCKFIXTURE" -r "$trace" -o fixture.json
    equal "$(jq -r .command fixture.json)" "chronyc -n -h $chrony ntpdata"
}

@test "strace: what it prints to the terminal, with what the command prints" {
    start_chronyd
    "$SOCKFIXTURE" -q -w "$recording" sh -c \
        "strace -f -s 65536 sh -c 'echo begin; echo odd line; (chronyc -n -h $chrony ntpdata); echo end' > $trace 2>&1"
    command='chronyc'
    same_fixture -r "$trace"
}

# Each type of socket and each pair of calls, seen from both ends: in one process and in two.
@test "strace: every call, every type of socket" {
    local options
    for options in '--family unix --type stream' '--family unix --type dgram --connected' \
        '--family unix --type dgram --unconnected' '--family unix --type seqpacket' \
        '--family abstract --type stream' '--family pair --type dgram' '--family inet --type stream' \
        '--family inet --type dgram --unconnected' '--family inet6 --type stream'; do
        echo "with $options" >&2
        rm -f "$path"*
        [[ $options != *inet* ]] || path=$(free_port)
        # shellcheck disable=SC2086 # they are several
        record_traced -f -yy -s 65536 -- "$programs/talk" $options --path "$path"
        same_fixture -r "$trace"
    done
}

@test "strace: every call, without what is behind the descriptors" {
    local options
    for options in '--family unix --type stream' '--family unix --type dgram --connected' \
        '--family pair --type seqpacket'; do
        echo "with $options" >&2
        rm -f "$path"*
        # shellcheck disable=SC2086 # they are several
        record_traced -f -s 65536 -- "$programs/talk" $options --path "$path"
        same_fixture -r "$trace"
    done
}

@test "strace: every call, with numbers where it has names for them" {
    local form options
    for form in raw verbose; do
        for options in '--family unix --type stream' '--family unix --type dgram --unconnected' \
            '--family inet --type stream' '--family inet6 --type dgram --unconnected'; do
            echo "-X $form, with $options" >&2
            rm -f "$path"*
            [[ $options != *inet* ]] || path=$(free_port)
            # shellcheck disable=SC2086 # they are several
            record_traced -f -X "$form" -s 65536 -- "$programs/talk" $options --path "$path"
            same_fixture -r "$trace"
        done
    done
}

# What stands behind a descriptor it tells by a name, and a name alone says nothing of some kinds.
@test "strace: what messages carry beside their bytes" {
    local scenario form
    for scenario in kinds most several batch credentials; do
        for form in abbrev raw; do
            rm -f "$path"* again.jsonl
            record_traced -f -yy -X "$form" -s 65536 -- "$programs/ancillary" "$scenario" --path "$path" \
                --log "$log" --role both
            "$SOCKFIXTURE" -q -r "$trace" -w again.jsonl
            equal "$(carried again.jsonl)" \
                "$(carried "$recording" | sed -E 's/"(file|directory|other)"/"unknown"/g')" "$scenario:"
        done
    done
}

@test "strace: an eventfd that a message carries, as newer versions tell it" {
    cat > trace <<'STRACE'
1 socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [3<UNIX-STREAM:[16->17]>, 4<UNIX-STREAM:[17->16]>]) = 0
1 sendmsg(3<UNIX-STREAM:[16->17]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5<{eventfd-count=0x5, eventfd-id=31, eventfd-semaphore=0}>]}], msg_controllen=24, msg_flags=0}, 0) = 1
STRACE
    "$SOCKFIXTURE" -q -r trace -w again.jsonl
    equal "$(carried again.jsonl)" '["x",[{"descriptors":["eventfd"]}],null]'
}

@test "strace: whose first line is a long one" {
    python3 -c 'print("1 read(3, \"" + "\\x7f" * 900 + "\"..., 900) = 900")' > long.trace
    cat >> long.trace << 'TRACE'
1 socket(AF_UNIX, SOCK_STREAM, 0) = 4
1 connect(4, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0
1 sendto(4, "ping", 4, 0, NULL, 0) = 4
1 recvfrom(4, "pong", 4, 0, NULL, NULL) = 4
TRACE
    equal "$("$SOCKFIXTURE" -r long.trace -l json | jq -r '.conversations[].exchanges[] | .requests[0].text')" ping
}

@test "strace: a name that is cut is none, and who is there now is not who was there then" {
    background python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("x.sock"); s.listen(); time.sleep(1000)'
    wait_until 30 test -S x.sock
    cat > cut.trace << TRACE
1 socket(AF_UNIX, SOCK_STREAM, 0) = 4
1 connect(4, {sa_family=AF_UNIX, sun_path="$PWD/x.sock"}, 110) = 0
1 getpeername(4, {sa_family=AF_UNIX, sun_path="$PWD/x"}, [28 => 38]) = 0
1 sendto(4, "ping", 4, 0, NULL, 0) = 4
1 recvfrom(4, "pong", 4, 0, NULL, NULL) = 4
1 socket(AF_UNIX, SOCK_DGRAM, 0) = 5
1 recvfrom(5, "note", 9, 0, {sa_family=AF_UNIX, sun_path="/run/ab"}, [9 => 38]) = 4
1 recvmsg(5, {msg_name={sa_family=AF_UNIX, sun_path="/run/ab"}, msg_namelen=9 => 38, msg_iov=[{iov_base="more", iov_len=9}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 4
TRACE
    "$SOCKFIXTURE" -r cut.trace -w cut.jsonl
    equal "$(jq -c 'select(.data) | [.text, .peer.address, .peer.comm, .peer.pid]' cut.jsonl)" \
        "$(printf '["ping","%s","",0]\n["pong","%s","",0]\n["note","","",0]\n["more","","",0]' "$PWD/x.sock" "$PWD/x.sock")"
}

@test "strace: a thread that executes a program goes on under the number of the first" {
    local options
    mkdir files
    cat > files/trace.7 << 'TRACE'
1700000000.1 execve("/bin/old", ["old"], 0x1 /* 9 vars */) = 0 <0.0>
1700000000.2 socketpair(AF_UNIX, SOCK_STREAM, 0, [3, 4]) = 0 <0.0>
1700000000.3 clone(child_stack=0x1, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 8 <0.0>
1700000000.5 sendto(3, "from the old one", 16, 0, NULL, 0) = 16 <0.0>
1700000000.6 +++ superseded by execve in pid 8 +++
1700000000.7 <... execve resumed>)                  = 0 <0.1>
1700000000.8 write(3, "from the new one", 16)        = 16 <0.0>
TRACE
    echo '1700000000.4 execve("/bin/new", ["new"], 0x1 /* 9 vars */ <pid changed to 7 ...>' > files/trace.8
    sort -n files/* | sed -e 's/<pid changed to 7 /<unfinished /' -e '/^[0-9]*\.4/s/^/8 /' \
        -e '/^[0-9]*\./s/^/7 /' > trace
    for options in '-r trace' '-r files/trace.7 -r files/trace.8'; do
        # shellcheck disable=SC2086 # they are several
        "$SOCKFIXTURE" $options -w said.jsonl
        equal "$(jq -r 'select(.text) | "\(.comm) \(.text)"' said.jsonl)" $'old from the old one\nnew from the new one'
    done
}

@test "strace: -ff, a file for each process" {
    rm -f "$path"*
    record_traced -ff -ttt -T -s 65536 -- "$programs/talk" --path "$path"
    [ "$(find . -name 'trace.*' | wc -l)" -gt 1 ]
    same_fixture -r "$trace"
    "$SOCKFIXTURE" -r "$(find . -name 'trace.*' | sort | head -n 1)" \
        -r "$(find . -name 'trace.*' | sort | tail -n +2)" -o two.json
    diff <(exchanges two.json) <(exchanges own.json)
    # The file of a process that did nothing, with -qq.
    : > "$trace.0"
    same_fixture -r "$trace"
}

@test "strace: -ff without times has no order" {
    record_traced -ff -s 65536 -- "$programs/talk" --path "$path"
    run -2 --separate-stderr "$SOCKFIXTURE" -r "$trace" -o fixture.json
    says '*trace.*:1:1: no time*-ttt*'
    [ ! -e fixture.json ]
}

@test "strace: what -e trace=network leaves out is said" {
    start_chronyd
    record_traced -f -s 65536 -e trace=network -- chronyc -n -h "$chrony" ntpdata
    same_fixture -r "$trace"
    run -0 --separate-stderr "$SOCKFIXTURE" -r "$trace" -o fixture.json
    says '*trace: no read() or write() is in it*-e trace=network,desc,process*'
}

@test "strace: strings that -s cut short are a loss" {
    record_traced -f -s 8 -- "$programs/talk" --path "$path"
    run -3 --separate-stderr "$SOCKFIXTURE" -r "$trace" -o fixture.json -w cut.jsonl
    [[ $stderr == *"incomplete: of "*" messages strace shows a part"*-s* ]]
    equal "$(jq .incomplete fixture.json)" true
    # Of each message there is the beginning, and how long it was.
    equal "$(jq -s 'map(select(.data) | .length)' cut.jsonl)" \
        "$(jq -s 'map(select(.data) | .length)' "$recording")" 'the lengths'
    python3 - "$tests" "$recording" << 'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
import recording
own, cut = (recording.Recording(path).messages for path in (sys.argv[2], "cut.jsonl"))
assert all(one.data.startswith(other.data) for one, other in zip(own, cut, strict=True))
PYTHON
    equal "$(jq -s 'map(select(.missing) | .length) | length > 9' cut.jsonl)" true
}

# socat

start_echo() { # ADDRESS
    background socat -t 20 "UNIX-LISTEN:$1" EXEC:cat
    wait_until 30 test -S "$1"
}

# Sends what is in the file through a socat that is watched by us and dumps it as it goes. The server
# is where it connects to. A socket is there a moment before it is listened at.
relay() { # FILE SOCAT-OPTION...
    local again=retry=100,interval=0.1
    start_echo "$work/server"
    background "$SOCKFIXTURE" -q -s "$work/server" -w "$recording" \
        socat -t 20 "${@:2}" UNIX-LISTEN:relay "UNIX-CONNECT:$work/server,$again"
    wait_until 30 test -S relay
    socat -t 30 - "UNIX-CONNECT:relay,$again" < "$1" > back
    finish "$pid"
    cmp "$1" back
    cp background.out dump
    command=socat
}

@test "socat -x" {
    head -c 3000 "$programs/talk" > in
    relay in -x
    same_fixture -r dump --server "$work/server" --type stream
}

@test "socat -x -v" {
    { printf 'hello\n> world\r\n\0\1\\x \t\377.'; seq 50; } > in
    relay in -x -v
    same_fixture -r dump --server "$work/server" --type stream
}

@test "socat -v of text; a dot is a dot if that is said, else a loss" {
    { printf 'GET / HTTP/1.1\r\n\t\\n\r\n'; seq 50; } > in
    relay in -v
    same_fixture -r dump --server "$work/server" --type stream --text
    run -3 --separate-stderr "$SOCKFIXTURE" -r dump --server "$work/server" --type stream -o cut.json
    [[ $stderr == *'dots are dots'* ]]
    equal "$(jq -r '.conversations[0].exchanges[0].requests[0].text' cut.json)" 'GET / HTTP/1'
}

@test "socat -r and -R" {
    seq 1000 > in
    relay in -r left -R right
    same_fixture --from raw -r left -r right --server "$work/server" --type stream
}

@test "socat does not tell what server it was" {
    seq 5 > in
    relay in -x
    run -2 --separate-stderr "$SOCKFIXTURE" -r dump -o fixture.json
    says '*dump: *--server*'
    run -2 --separate-stderr "$SOCKFIXTURE" -r dump -o fixture.json --server /run/x
    says '*dump: *--type*'
    local server
    for server in tcp:127.0.0.1:80 'udp:[::1]:53'; do
        run -2 --separate-stderr "$SOCKFIXTURE" -r dump -o fixture.json --server "$server" --type seqpacket
        says '--type: --server says another (tcp is stream, udp is dgram)'
    done
    [ ! -e fixture.json ]
}

@test "socat: the client may be on the right" {
    seq 5 > in
    relay in -x
    "$SOCKFIXTURE" -r dump --server /run/x --type stream --client right -o fixture.json
    equal "$(exchanges fixture.json)" "stream /run/x
>  < $(xxd -p in)
> $(xxd -p in) < "
}

# bpftrace

@test "bpftrace: buffers as it prints them" {
    cat > program.bt << 'BPFTRACE'
BEGIN {
    printf("%d %s fd=%d len=%d > %r\n", 7, "redis-cli", 3, 14, buf("*1\r\n$4\r\nPING\r\n", 14));
    printf("%d %s fd=%d len=%d < %r\n", 7, "redis-cli", 3, 9, buf("+\x01\\x\n\x80\r\n\"", 9));
    exit();
}
BPFTRACE
    bpftrace program.bt > dump 2> error || { cat error >&2; false; }
    "$SOCKFIXTURE" -r dump --server /run/redis.sock --type stream -o fixture.json
    equal "$(exchanges fixture.json)" 'stream /run/redis.sock
> 2a310d0a24340d0a50494e470d0a < 2b015c780a800d0a22'
}

@test "bpftrace: redis-cli, as it traces it" {
    local pid_of
    cat > program.bt << 'BPFTRACE'
tracepoint:syscalls:sys_enter_sendto /comm == "redis-cli"/
{
    printf("%d %s fd=%d len=%d > %r\n", pid, comm, args->fd, args->len, buf(args->buff, args->len));
}
tracepoint:syscalls:sys_enter_recvfrom /comm == "redis-cli"/
{
    @buffer[tid] = args->ubuf;
    @fd[tid] = args->fd;
}
tracepoint:syscalls:sys_exit_recvfrom /@buffer[tid]/
{
    if (args->ret > 0) {
        printf("%d %s fd=%d len=%d < %r\n", pid, comm, @fd[tid], args->ret,
               buf(@buffer[tid], args->ret));
    }
    delete(@buffer[tid]);
}
BPFTRACE
    background redis-server --port 0 --unixsocket "$path" --save '' --appendonly no --dir "$work"
    wait_until 30 redis-cli -s "$path" ping
    # shellcheck disable=SC2016 # it is the inner shell's
    BPFTRACE_STRLEN=200 background unshare --mount sh -c 'mount -t tracefs tracefs /sys/kernel/tracing
        exec bpftrace -B line program.bt > said'
    wait_until 60 sh -c "redis-cli -s '$path' ping; grep PONG said"
    "$SOCKFIXTURE" -q -s "$path" -w "$recording" redis-cli -s "$path" set key "$(seq 20)"
    pid_of=$(jq -r 'select(.data) | .pid' "$recording" | head -n 1)
    wait_until 60 grep "^$pid_of .* < +OK" said
    kill -INT "$pid"
    finish "$pid" || true
    grep "^Attaching\|^$pid_of " said > dump
    command=redis-cli
    same_fixture -r dump --server "$path" --type stream
}

# sockdump

@test "sockdump: what we recorded, in each of its formats and layouts" {
    local format layout
    "$SOCKFIXTURE" -q -w "$recording" "$programs/talk" --path "$path"
    command=talk
    for format in hexstring hex; do
        for layout in first later path; do
            echo "$format, $layout" >&2
            "$tests/sockdump.py" "$format" "$layout" < "$recording" > dump
            same_fixture -r dump --server "$path" --type stream
        done
    done
    printf '%s\n' PING 'GET key' > in
    start_echo "$work/server"
    "$SOCKFIXTURE" -q -w "$recording" socat -t 30 - "UNIX-CONNECT:$work/server" < in
    for layout in first later path; do
        "$tests/sockdump.py" string "$layout" < "$recording" > dump
        same_fixture -r dump --server "$work/server" --type stream
    done
}

# Dumps as data: a folder for each, with the dump, the options it is read with, and what comes out.
@test "dumps of all tools" {
    local folder status options
    for folder in "$tests"/dumps/*/*; do
        echo "in $folder" >&2
        read -ra options < "$folder/options"
        status=0
        (cd "$folder" && exec "$SOCKFIXTURE" "${options[@]}" --lang json) > fixture.json 2> said || status=$?
        {
            echo "status $status"
            [ "$status" -eq 2 ] || exchanges fixture.json
            sed 's/^sockfixture: //' said
        } > got
        diff "$folder/expected" got
    done
}

# What it is

@test "--from overrides what a file looks like" {
    record_traced -f -s 65536 -- "$programs/talk" --path "$path"
    "$SOCKFIXTURE" --from strace -r "$trace" -o fixture.json
    run -2 --separate-stderr "$SOCKFIXTURE" --from recording -r "$trace"
    says '*trace:1:*'
    run -2 --separate-stderr "$SOCKFIXTURE" --from strase -r "$trace"
    says "--from: there is no 'strase' (did you mean 'strace'?); there are recording, strace, *"
    # Of what is another tool's, or nobody's, nothing would be read.
    seq 5 > numbers
    local format
    for format in strace sockdump bpftrace socat; do
        local said=(--from "$format" --type stream)
        [ "$format" = strace ] || said+=(--server /run/x)
        run -2 --separate-stderr "$SOCKFIXTURE" "${said[@]}" -r numbers -o none.json
        says "numbers: no message is in it, and it does not begin as what $format writes (--from)"
    done
    [ ! -e none.json ]
    "$SOCKFIXTURE" -r - -o piped.json < "$trace"
    cat "$trace" | "$SOCKFIXTURE" -r - -o through.json
    cmp fixture.json piped.json
    diff <(exchanges fixture.json) <(exchanges through.json)
}

@test "what is compressed is said, and how it is read; and what is empty" {
    gzip -c "$tests/dumps/socat/greeting/dump" > compressed
    run -2 --separate-stderr "$SOCKFIXTURE" -r compressed
    says "compressed: compressed by gzip (gzip -dc FILE | sockfixture -r - *"
    gzip -dc < compressed | "$SOCKFIXTURE" -r - --server /run/x --type stream -o fixture.json
    printf '\x28\xb5\x2f\xfd\0' > compressed
    run -2 --separate-stderr "$SOCKFIXTURE" -r compressed
    says "compressed: compressed by zstd (zstd -dc FILE *"
    : > nothing
    run -2 --separate-stderr "$SOCKFIXTURE" -r nothing
    says 'nothing: is empty'
}

@test "a dump is read into a recording, and that into the same fixture" {
    record_traced -f -yy -s 65536 -- "$programs/talk" --path "$path"
    "$SOCKFIXTURE" -r "$trace" -w again.jsonl -o one.json
    "$SOCKFIXTURE" -r again.jsonl -o other.json
    cmp one.json other.json
    equal "$(backend_of again.jsonl)" strace
    "$SOCKFIXTURE" -r "$tests/dumps/socat/greeting/dump" --type stream --server $'/run/\xff' -w odd.jsonl -o one.json
    "$SOCKFIXTURE" -r odd.jsonl -o other.json
    cmp one.json other.json
    equal "$(jq -r '.conversations[].server' one.json)" '/run/\xff'
}

@test "several files are for what has several" {
    record_traced -f -s 65536 -- "$programs/talk" --path "$path"
    run -2 --separate-stderr "$SOCKFIXTURE" -r "$recording" -r "$recording"
    says '*one file at a time'
}

@test "what a dump says itself is not said again" {
    run -2 --separate-stderr "$SOCKFIXTURE" -r "$tests/dumps/strace/cut-short/dump" --client left
    says '--client: not for what strace wrote *'
    cd "$tests/dumps/sockdump/server-speaks-first"
    run -2 --separate-stderr "$SOCKFIXTURE" -r dump --type stream --client none
    says "dump: --client: nobody here is 'none'"
    cd "$tests/dumps/socat/hex"
    run -2 --separate-stderr "$SOCKFIXTURE" -r dump --server tcp:1.2.3.4:5 --client none
    says "dump: --client: *left and right*'none'"
}

@test "what says how to read is for reading" {
    run -2 --separate-stderr "$SOCKFIXTURE" --from strace true
    says '*--from*-r*'
    run -2 --separate-stderr "$SOCKFIXTURE" --command "a 'b" -r x
    says "--command: 'a 'b' has no word, or a quote that does not end"
    run -2 --separate-stderr "$SOCKFIXTURE" --type raw -r x
    [[ $stderr == *"--type: 'raw' is none of stream, dgram and seqpacket"* ]]
}
