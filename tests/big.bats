#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Messages far larger than any buffer on their way.

load helper

# One call sends it all; the answer is as large.
whole() { # TYPE BYTES CALL
    local view
    for view in client server both; do
        observe "$view" talk --type "$1" --path "$path" --size "$2" --exchanges 1 --send "$3" \
            --recv read
        equal "$told" whole "seen from $view"
    done
    equal "$(jq 'select(.direction == "request") | .length' "$recording")" "$2" 'the length'
}

# bats test_tags=kernel
@test "a stream message of 8 MiB in one send" {
    whole stream $((8 << 20)) send
}

@test "a stream message of 8 MiB in pieces of memory" {
    whole stream $((8 << 20)) writev
}

# bats test_tags=kernel
@test "a datagram of 200 KiB" {
    whole dgram $((200 << 10)) send
    whole dgram $((200 << 10)) sendmsg
}

@test "a seqpacket record of 200 KiB" {
    whole seqpacket $((200 << 10)) send
}

@test "a UDP datagram as large as there can be" {
    local view port
    port=$(free_port)
    for view in client server both; do
        observe "$view" talk --family inet --type dgram --path "$port" --size 65506 --exchanges 1 \
            --send sendto --recv recvfrom
        equal "$told" whole "seen from $view"
    done
}

@test "large messages among small ones" {
    observe both talk --type stream --path "$path" --size 300000 --exchanges 20
    equal "$told" whole
}
