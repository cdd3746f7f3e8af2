# shellcheck shell=sh
# Goal: the library lives with what real programs do: they fork, use libcurl themselves, and
# free clients whose operations are under way.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/embed.sh
. "$C2D_TESTS/embed.sh"
repeats=${EMBED_SIZE-20}
start_fleet 6

# ---- fork ----

compile fork
set_sim faults '{"operation": "send", "skip": 1, "count": 2, "delayMs": 400}'
run ./fork child
check 'a parent and its forked child each go on with another client' ends_silently 0 ''
check 'after a fork no message is sent or completed twice' \
    is "$(fleet queue) $(fleet enqueued) $(fleet completed)" '0 7 7'
new_fleet 6
set_sim faults '{"operation": "send", "skip": 1, "count": 2, "delayMs": 400}'
ls -l /proc/self/fd >before # those of the caller
run ./fork exec ls -l /proc/self/fd
check 'a forked child that runs another program leaves the operations of its parent alone' code_is 0
# What libcurl does not mark itself, in older versions, is a pair of sockets for each of the two
# clients, with which one thread wakes another. No connection is among them.
only_pairs() {
    sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' before | sort >before.list
    sed -n '/ -> .*\/fd$/d; s/.* \([0-9]*\) -> \(.*\)/\1 \2/p' out | grep -vE '^[012] ' | sort \
        | comm -23 - before.list >inherited
    not grep -v ' socket:' inherited || return 1
    sed 's/.*\[\(.*\)\]/\1/' inherited >sockets
    [ "$(wc -l <sockets)" -le 4 ] || { cat inherited && return 1; }
    [ ! -s sockets ] || not grep -wFf sockets /proc/net/tcp
}
check 'a program that a forked child runs inherits no connection or file of the library' \
    only_pairs

# ---- A second user of libcurl ----

new_fleet 6
compile two-users
run ./two-users "$C2D_SIM_URL/_sim/"
check 'a program can use libcurl beside the library' ends_silently 0 ''

# ---- Freed in any order ----

compile free
# f1 as it should be, f2 asleep before another attempt, f3 silent, f4 cut off, f5 slow.
misbehave() {
    new_fleet 6
    set_sim faults '{"device": "f2", "status": 503, "count": -1}'
    set_sim faults '{"device": "f3", "delayMs": 60000, "count": -1}'
    set_sim faults '{"device": "f4", "cutAfter": 20, "count": -1}'
    set_sim faults '{"device": "f5", "delayMs": 10, "count": -1}'
}
misbehave
run ./free "$repeats" 1
check 'clients can be freed in any order with operations in every state' ends_silently 0
[ -z "${EMBED_SHOW-}" ] || cat out
if has_memcheck; then
    misbehave
    # shellcheck disable=SC2086  # words are wanted
    run $MEMCHECK ./free 4 2
    check 'memcheck finds no fault when clients are freed in any order' ends_silently 0
    new_fleet 6
    set_sim faults '{"operation": "send", "skip": 1, "count": 2, "delayMs": 3000}'
    # shellcheck disable=SC2086  # words are wanted
    run $MEMCHECK ./fork child
    check 'memcheck finds no fault in a parent and its forked child' ends_silently 0 ''
fi

# ---- What it costs ----

new_fleet 1000
compile costs
set_sim faults '{"delayMs": 300, "count": -1}'
run ./costs
# Far above what was measured; libcurl has one or two of the four descriptors.
costs_at_most() {
    ends_silently 0 || return 1
    is_sanitized || awk -F '[:,] *' '
        /^a client before/ && $2 + 0 < 100000 && $3 + 0 <= 4 { good++ }
        /^a client with one/ && $2 + 0 < 500000 && $3 + 0 <= 5 { good++ }
        /^a client that shares/ && $2 + 0 < 4096 && $3 + 0 == 0 { good++ }
        /^an operation/ && $2 + 0 < 4096 && $3 + 0 == 0 { good++ }
        END { exit good != 4 }' out
}
check 'a sharing client and an operation each take under 4 KiB and no descriptor' \
    costs_at_most
[ -z "${EMBED_SHOW-}" ] || is_sanitized || cat out
