# shellcheck shell=sh
# Goal: over a slow path, the next message is received while the last one is being completed, and
# the guarantees of a receive without overlap still hold.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# waiting COUNT: so many messages wait.
waiting() {
    reset_hub
    for number in $(seq "$1"); do
        enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"m$number\"}"
    done
}
# slow COUNT: the same at a hub that is far away.
slow() {
    waiting "$1"
    fault '{"operation": "receive", "delayMs": 300, "count": -1}'
}
far_complete='{"operation": "complete", "delayMs": 300, "count": -1}'
# The third completion, the first that may overlap, gets this fault instead.
third() {
    fault "{\"operation\": \"complete\", \"skip\": 2, $1}"
    fault "$far_complete"
}
ids() {
    jq -r .messageId out | paste -s -d ' '
}
# The connections of all requests of a device, each named once.
connections() {
    state '[.log[] | .connection] | unique | length'
}
locked() {
    state '[.devices.dev1.queue[] | select(.lockToken != null)] | length'
}

# ---- When it overlaps ----

for count in 0 1 2; do
    slow $count
    fault "$far_complete"
    run c2d-device receive
    check "receive uses one connection for $count messages of a far hub" \
        is "$CODE $(ids) $(connections)" "0 $(seq -f m%g $count | paste -s -d ' ') 1"
done
slow 10
fault "$far_complete"
run c2d-device receive
check 'receive gets 10 messages of a far hub in their order, over two connections' \
    is "$CODE $(ids) $(connections)" '0 m1 m2 m3 m4 m5 m6 m7 m8 m9 m10 2'
check 'receive completes 10 messages of a far hub with one request each' \
    is "$(requests complete) $(requests receive) $(queued)" '10 11 0'
slow 5
fault "$far_complete"
run c2d-device receive -c 4
check 'receive -c 4 of a far hub asks for no fifth message' \
    is "$(ids) $(requests receive) $(queued) $(locked)" 'm1 m2 m3 m4 4 1 0'
waiting 8
run c2d-device receive
check 'receive uses one connection for 8 messages of a near hub' is "$CODE $(connections)" '0 1'

# ---- What stays as it is ----

preloaded=
# Starts a receiver, and waits until the fourth message is there while the third completion has no
# response.
start_overlapping() {
    rm -f trace
    # shellcheck disable=SC2086  # words
    start_run env $preloaded c2d-device --trace trace receive --timeout 3m "$@"
    until_true has_taken 4 || { echo 'not ok - the fourth message is received' && exit 1; }
}
has_taken() {
    is "$(grep -cx '< HTTP 200' trace)" "$1"
}

slow 6
third '"delayMs": 4000'
start_overlapping
check 'a message is not output before the completion of the one before has its response' \
    is "$(ids)" 'm1 m2 m3'
finish_run
check 'a message that waited for a completion is output after it' \
    is "$CODE $(ids)" '0 m1 m2 m3 m4 m5 m6'

slow 6
third '"delayMs": 20000'
start_overlapping -o file
kill -s KILL "$RUN_PID"
finish_run
set_sim clock '{"advance": 61}'
set_sim faults '{"clear": true}'
run c2d-device receive -o file
check 'receive that was killed while two requests were in flight loses nothing' \
    is "$(jq -r .messageId file | sort -u | wc -l)" 6
check 'receive that was killed while two requests were in flight repeats one message at most' \
    test "$(jq -r .messageId file | wc -l)" -le 7

slow 6
third '"delayMs": 2500'
start_overlapping
kill -s TERM "$RUN_PID"
finish_run
check 'TERM during a completion ends receive without the message that was received meanwhile' \
    is "$CODE $(ids) $(requests complete) $(queued)" '143 m1 m2 m3 3 3'
run c2d-device receive
check 'a message that was received before TERM comes first in the next run' \
    is "$CODE $(ids)" '0 m4 m5 m6'

slow 6
third '"status": 400, "delayMs": 2500'
start_overlapping
finish_run
check 'a completion that fails ends receive without the message that was received meanwhile' \
    is "$(ids) $(requests receive) $(requests abandon)" 'm1 m2 m3 4 0'
check 'a completion that fails is reported, and the message that is left' \
    says err 'error: ' "message 'm4' was received, but not handled: it comes again in a minute"

slow 6
third '"errorNumber": 412002, "delayMs": 300'
run c2d-device receive
check 'a completion whose lock was lost does not keep the next message' \
    is "$(ids)" 'm1 m2 m3 m4 m5 m6'

# ---- The minute of a lock ----

flags=
is_sanitized && flags='-fsanitize=address,undefined'
# shellcheck disable=SC2086  # words
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
# CLOCK_MONOTONIC and CLOCK_BOOTTIME are ahead by the number of seconds in the file jump.
preloaded="ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 JUMP=$PWD/jump
    LD_PRELOAD=$PWD/preload.so"

slow 6
third '"delayMs": 4000'
start_overlapping
echo 31 >jump
finish_run
rm jump
check 'a message of whose lock less than 30 s are left after a completion is put back' \
    is "$CODE $(requests abandon) $(jq -r '"\(.messageId) \(.deliveryCount)"' out | sed -n 4p)" \
    '0 1 m4 1'
check 'a message that was put back is output in its order' is "$(ids)" 'm1 m2 m3 m4 m5 m6'

cat >handler <<-'END'
	#!/bin/sh
	echo "$C2D_MESSAGE_ID" >>handled
	[ "$C2D_MESSAGE_ID" != m4 ] || { echo 56 >jump && sleep 20; }
END
chmod +x handler
slow 4
third '"delayMs": 4000'
start_overlapping -- ./handler
echo 15 >jump
finish_run
rm jump
check 'the handler time-out is shorter by what the completion before took of the lock' \
    grep -q "the handler of message 'm4' was stopped after 3[0-9] s" err
check 'a handler runs once for each message of a far hub' \
    is "$(paste -s -d ' ' handled)" 'm1 m2 m3 m4'

# ---- Feedback and the spool ----

slow 10
fault "$far_complete"
run c2d-device receive --spool spool
check 'receive --spool gets 10 messages of a far hub over two connections' \
    is "$CODE $(find spool/new -name '*.json' | wc -l) $(connections)" '0 10 2'

reset_hub
for number in 1 2 3 4 5; do
    enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"m$number\", \"ack\": \"full\"}"
    c2d-device receive >received
    set_sim clock '{"advance": 16}' # a batch of feedback is ready
done
before=$(all_requests)
fault '{"operation": "feedback", "delayMs": 300, "count": -1}'
fault '{"operation": "feedbackComplete", "delayMs": 300, "count": -1}'
run c2d-http feedback
check 'feedback gets 5 batches of a far hub in their order' \
    is "$CODE $(jq -r .originalMessageId out | paste -s -d ' ') $(requests feedbackComplete)" \
    '0 m1 m2 m3 m4 m5 5'
check 'feedback gets 5 batches of a far hub over two connections' \
    is "$(state "[.log[$before:][] | .connection] | unique | length")" 2
