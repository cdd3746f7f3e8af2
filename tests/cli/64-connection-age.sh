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
# libcurl before 7.80 does not limit the age.
for lacked in '' 'MAXLIFETIME_CONN PREREQFUNCTION'; do
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "x", "count": 25}'
    echo 0 >age
    before=$(state .connections)
    # Each handler takes 15 s, less than what makes a connection idle for too long.
    ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" JUMP=$PWD/age LACKS_OPTIONS=$lacked \
        LD_PRELOAD=$PWD/preload.so:$C2D_BUILD/lacking.so c2d-device receive -c 25 -- \
        sh -c "echo \$((\$(cat '$PWD/age') + 15)) >'$PWD/age'" >out 2>err
    after=$(state .connections) # one more is that of this request
    check "receive replaces a connection that is busy for 375 s once, at 5 minutes${lacked:+, itself}" is \
        "$(requests complete) $((after - before - 1))" '25 2'
done
