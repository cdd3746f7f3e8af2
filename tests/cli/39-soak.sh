# shellcheck shell=sh
# Goal: a process that lives long keeps its memory and its descriptors, and accounts for every
# message, while the hub fails now and then.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/embed.sh
. "$C2D_TESTS/embed.sh"
messages=${EMBED_SIZE-3000}
start_fleet 50

# What the program calls: ten faults among the next requests, another mixture each time; delays; or
# a clock that lets all locks expire.
cat >control <<'END'
#!/bin/sh
post() { # command; the body comes from stdin
    curl -sS --fail --noproxy '*' --cacert "$SSL_CERT_FILE" --data-binary @- \
        "$C2D_SIM_URL/_sim/$1" >/dev/null
}
case $1 in
slow)
    echo '{"clear": true}' | post faults
    echo '{"delayMs": 100, "count": -1}' | post faults
    ;;
lapse)
    echo '{"clear": true}' | post faults
    echo '{"advance": 61}' | post clock
    ;;
faults)
    count=$(($(cat count 2>/dev/null || echo 0) + 1))
    echo $count >count
    # One connection for all of them.
    echo '{"clear": true}' >spoiled.0
    skip=$((count * 7 % 50))
    i=0
    for fault in '"status": 503' '"status": 503, "retryAfter": 1' '"drop": "before"' \
        '"drop": "after"' '"cutAfter": 40' '"delayMs": 200' '"status": 401' \
        '"reset": true, "drop": "after"' '"errorNumber": 429001' '"status": 504'; do
        i=$((i + 1))
        echo "{$fault, \"count\": 2, \"skip\": $skip}" >spoiled.$i
        skip=$(((skip * 31 + count) % 400))
    done
    set --
    for i in 0 1 2 3 4 5 6 7 8 9 10; do
        [ $i -eq 0 ] || set -- "$@" --next
        set -- "$@" -sS --fail --noproxy '*' --cacert "$SSL_CERT_FILE" -o /dev/null \
            --data-binary @spoiled.$i "$C2D_SIM_URL/_sim/faults"
    done
    exec curl "$@"
    ;;
esac
END
chmod +x control

# The figures of the soak: RSS may grow by 1 MiB, in a build whose memory is the program's own.
is_flat() {
    ends_silently 0 && says out ', wrong 0' || return 1
    is_sanitized || awk '/^RSS grew by/ { grown = $4 } END { exit grown > 1024 }' out
}

compile soak
rm -f count
run ./soak "$messages" "$PWD/control"
check 'a soak accounts for every message and does not grow in memory or descriptors' is_flat
check 'after a soak the hub has each message completed and none left' \
    is "$(fleet queue) $(fleet enqueued)" "0 $(fleet completed)"
[ -z "${EMBED_SHOW-}" ] || cat out
if has_memcheck; then
    new_fleet 50
    rm -f count
    # shellcheck disable=SC2086  # words are wanted
    run $MEMCHECK ./soak 500 "$PWD/control"
    check 'memcheck finds no fault in a soak' ends_silently 0
fi
