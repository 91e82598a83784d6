#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Every type of socket, every call that sends and every call that receives, seen from either end and from both.

load helper

# The conversation that talk has with these options, with all pairs of calls, seen from everywhere: in
# an emulated guest, where each recording takes seconds, from the client and from both ends.
# CLIENT and SERVER are patterns for the addresses.
everywhere() { # CLIENT SERVER OPTION...
    local view views=(client server both)
    [ "${SOCKFIXTURE_SUITE:-}" != guest ] || views=(client)
    for view in "${views[@]}"; do
        observe "$view" talk "${@:3}"
        equal "$told" whole
        between "$1" "$2"
    done
    observe both talk "${@:3}" --threads
    equal "$told" whole
    between "$1" "$2"
}

# All messages are one conversation's, between these addresses.
between() { # CLIENT SERVER
    local ends
    ends=$(jq -r 'select(.data) |
        (if (.direction == "request") == (.call == "send")
         then [.address, .peer.address] else [.peer.address, .address] end) +
        [.conversation] | join(" ")' "$recording" | sort -u)
    # shellcheck disable=SC2053 # these are patterns
    [[ $ends == $1\ $2\ 1 ]] || fail "the ends are: $ends, and not: $1 $2 1"
}

has_type() { # FAMILY TYPE
    equal "$(jq -r 'select(.data) | .family + " " + .type' "$recording" | sort -u)" "$1 $2"
}

# bats test_tags=kernel
@test "unix stream" {
    everywhere '' "$path" --family unix --type stream --path "$path"
    has_type unix stream
}

@test "unix datagram, connected" {
    everywhere "$path.client" "$path" --family unix --type dgram --path "$path"
    has_type unix dgram
}

# bats test_tags=kernel
@test "unix datagram, not connected" {
    everywhere "$path.client" "$path" --family unix --type dgram --path "$path" --unconnected
}

# bats test_tags=kernel
@test "unix seqpacket" {
    everywhere '' "$path" --family unix --type seqpacket --path "$path"
    has_type unix seqpacket
}

@test "abstract stream" {
    everywhere '' "@$path" --family abstract --type stream --path "$path"
}

# bats test_tags=kernel
@test "abstract datagram, connected" {
    everywhere "@$path.client" "@$path" --family abstract --type dgram --path "$path"
}

@test "abstract datagram, not connected" {
    everywhere "@$path.client" "@$path" --family abstract --type dgram --path "$path" --unconnected
}

@test "abstract seqpacket" {
    everywhere '' "@$path" --family abstract --type seqpacket --path "$path"
}

# A pair's ends have no names, and no third process can hold one of them.

pair() { # TYPE
    observe both talk --family pair --type "$1"
    equal "$told" whole
    between '' ''
    has_type unix "$1"
    observe both talk --family pair --type "$1" --threads
    equal "$told" whole
    between '' ''
}

# bats test_tags=kernel
@test "pair of streams" {
    pair stream
}

@test "pair of datagrams" {
    pair dgram
}

@test "pair of seqpackets" {
    pair seqpacket
}

# bats test_tags=kernel
@test "inet stream" {
    local port
    port=$(free_port)
    everywhere 'tcp:127.0.0.1:*' "tcp:127.0.0.1:$port" --family inet --type stream --path "$port"
    has_type inet stream
}

# bats test_tags=kernel
@test "inet datagram, connected" {
    local port
    port=$(free_port)
    everywhere "udp:127.0.0.1:$((port + 1))" "udp:127.0.0.1:$port" \
        --family inet --type dgram --path "$port"
    has_type inet dgram
}

@test "inet datagram, not connected" {
    local port
    port=$(free_port)
    everywhere "udp:127.0.0.1:$((port + 1))" "udp:127.0.0.1:$port" \
        --family inet --type dgram --path "$port" --unconnected
}

@test "inet6 stream" {
    local port
    port=$(free_port)
    everywhere 'tcp:\[::1\]:*' "tcp:\[::1\]:$port" --family inet6 --type stream --path "$port"
    has_type inet6 stream
}

@test "inet6 datagram, connected" {
    local port
    port=$(free_port)
    everywhere "udp:\[::1\]:$((port + 1))" "udp:\[::1\]:$port" \
        --family inet6 --type dgram --path "$port"
    has_type inet6 dgram
}

# bats test_tags=kernel
@test "inet6 datagram, not connected" {
    local port
    port=$(free_port)
    everywhere "udp:\[::1\]:$((port + 1))" "udp:\[::1\]:$port" \
        --family inet6 --type dgram --path "$port" --unconnected
}

@test "sizes around those of the buffers: stream and datagram" {
    local size type
    for type in stream dgram seqpacket; do
        for size in 2 15 16 17 63 64 65 255 256 257 1023 4095 4096 4097 16383 16384 16385 \
            65535 65536 65537 131071; do
            observe both talk --family unix --type "$type" --path "$path" --size "$size" \
                --exchanges 2 --send write,sendmsg --recv read
            equal "$told" whole "size $size"
        done
    done
}

@test "the peer's process is known to a client of a unix stream" {
    observe client talk --family unix --type stream --path "$path"
    equal "$(jq -r 'select(.data) | .peer.pid' "$recording" | sort -u)" "$other" "the server's pid"
    equal "$(jq -r 'select(.data) | .comm' "$recording" | sort -u)" talk
}

@test "each end of a conversation has one inode, and not the other's" {
    observe both talk --family unix --type stream --path "$path"
    equal "$(jq -r 'select(.data) | [.call, .direction, .inode] | join(" ")' "$recording" |
        sort -u | wc -l)" 2
    equal "$(jq -r 'select(.data) | .inode' "$recording" | sort -u | wc -l)" 2
    equal "$(jq -r 'select(.data and .peer.inode == .inode)' "$recording")" ''
}

# -s keeps the conversations with one server, whoever else is talked to.

two_conversations() { # OPTION...
    record 0 "$@" sh -c '
        "$1" --family unix --type stream --path "$2" --log "$3.one" --exchanges 3
        "$1" --family abstract --type dgram --path "$2" --log "$3.two" --exchanges 4' \
        sh "$programs/talk" "$path" "$log"
}

@test "without -s all conversations are kept, each by itself" {
    two_conversations
    equal "$(jq -r 'select(.data) | .conversation' "$recording" | sort -u | paste -s)" $'1\t2'
    equal "$(jq -r 'select(.data) | .type' "$recording" | sort -u | paste -s)" $'dgram\tstream'
}

@test "-s with a path" {
    two_conversations -s "$path"
    mv "$log.one.client" "$log.client"
    mv "$log.one.server" "$log.server"
    equal "$("$tests/witness.py" both "$log" "$recording")" whole
    same_rows
}

@test "-s with an abstract name" {
    two_conversations -s "@$path"
    sed -i 's/^\([0-9]* [0-9]* [0-9]* [0-9]*\) 2 /\1 1 /' "$log".two.*
    mv "$log.two.client" "$log.client"
    mv "$log.two.server" "$log.server"
    equal "$("$tests/witness.py" both "$log" "$recording")" whole
    same_rows
}

# HAProxy and supervisord do so, once they listen.
@test "-s and -x with the path of a socket that was bound to another one and renamed" {
    background socat -t 20 "UNIX-LISTEN:$path.new,fork" EXEC:cat
    background socat -t 20 "UNIX-LISTEN:$path.other,fork" EXEC:cat
    wait_until 30 test -S "$path.new"
    wait_until 30 test -S "$path.other"
    mv "$path.new" "$path"
    record 0 -s "$path" socat -t 20 - "UNIX:$path" <<< one
    equal "$(jq -r 'select(.data) | .text' "$recording" | paste -s)" $'one\\x0a\tone\\x0a'
    record 0 -x "$path" sh -c "
        echo out | socat -t 20 - UNIX:$path; echo in | socat -t 20 - UNIX:$path.other"
    equal "$(jq -r 'select(.data) | .text' "$recording" | paste -s)" $'in\\x0a\tin\\x0a'
}

@test "-s with the path of a socket that was renamed, and bound to a relative one that others have, too" {
    local folder

    for folder in here there; do
        mkdir "$BATS_TEST_TMPDIR/$folder"
        cd "$BATS_TEST_TMPDIR/$folder"
        background socat -t 20 UNIX-LISTEN:s.new,fork EXEC:cat
        wait_until 30 test -S s.new
        mv s.new s
    done
    record 0 -s s socat -t 20 - UNIX:s <<< one
    equal "$(jq -r 'select(.data) | .text' "$recording" | paste -s)" $'one\\x0a\tone\\x0a'
    record 0 -s s socat -t 20 - UNIX:../here/s <<< other
    equal "$(jq -r 'select(.data) | .text' "$recording")" ""
}
