# shellcheck shell=sh
# After a failover a host name has another address. A busy connection would never resolve it again,
# so it is replaced when it is 5 minutes old.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086  # one word for each flag is wanted
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
seq 25 | while read -r i; do
    enqueue "{\"deviceId\": \"dev1\", \"body\": \"$i\"}"
done
echo 0 >age
before=$(state .connections)
# Each handler takes 15 s, less than what makes a connection idle for too long.
ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" JUMP=$PWD/age \
    LD_PRELOAD=$PWD/preload.so c2d-device receive -c 25 -- \
    sh -c "echo \$((\$(cat '$PWD/age') + 15)) >'$PWD/age'" >out 2>err
after=$(state .connections) # one more is that of this request
check 'receive replaces a connection that is busy for 375 s once, at an age of 5 minutes' is \
    "$(requests complete) $((after - before - 1))" '25 2'
