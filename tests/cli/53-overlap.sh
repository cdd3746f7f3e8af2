# shellcheck shell=sh
# Goal: over a slow path, the next message is received while the last one is being completed, and
# what is promised for one after the other still holds.
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
    fault '{"operation": "receive", "delayMs": 60, "count": -1}'
}
far_complete='{"operation": "complete", "delayMs": 60, "count": -1}'
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

# Starts a receiver, and waits until the fourth message was received while the third completion has
# no response.
start_overlapping() {
    start_run "$@"
    until_true has_requests receive 4 || echo 'not ok - the fourth message is received'
    sleep 0.3 # until its response is here, too
}

slow 6
third '"delayMs": 4000'
start_overlapping c2d-device receive
check 'a message is not output before the completion of the one before has its response' \
    is "$(ids)" 'm1 m2 m3'
finish_run
check 'a message that waited for a completion is output after it' \
    is "$CODE $(ids)" '0 m1 m2 m3 m4 m5 m6'

slow 6
third '"delayMs": 20000'
start_overlapping c2d-device receive -o file
kill -s KILL "$RUN_PID"
finish_run
set_sim clock '{"advance": 61}'
set_sim faults '{}'
run c2d-device receive -o file
check 'receive that was killed while two requests were in flight loses nothing' \
    is "$(jq -r .messageId file | sort -u | wc -l)" 6
check 'receive that was killed while two requests were in flight repeats one message at most' \
    test "$(jq -r .messageId file | wc -l)" -le 7

slow 6
third '"delayMs": 4000'
start_overlapping c2d-device receive
kill -s TERM "$RUN_PID"
finish_run
check 'TERM during a completion leaves the message that was received meanwhile' \
    is "$CODE $(ids) $(requests complete) $(queued)" '143 m1 m2 m3 3 3'
check 'TERM during a completion names the message that is left' \
    says err "message 'm4' was received, but not handled: it comes again in a minute"

slow 6
third '"status": 400, "delayMs": 300'
run c2d-device receive
check 'a completion that fails ends receive, which leaves the message that was received meanwhile' \
    is "$(ids) $(requests receive)" 'm1 m2 m3 4'
check 'a completion that fails is reported, and the message that is left' \
    says err 'error: ' "message 'm4' was received, but not handled"

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
# The clock of spans is ahead by the number of seconds in the file jump.
start_jumping() {
    start_overlapping env ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
        JUMP="$PWD/jump" LD_PRELOAD="$PWD/preload.so" c2d-device receive --timeout 3m "$@"
}

slow 6
third '"delayMs": 4000'
start_jumping
echo 31 >jump
finish_run
rm jump
check 'a message of whose lock less than 30 s are left after a completion is not output' \
    is "$CODE $(ids) $(requests receive)" '20 m1 m2 m3 4'
check 'a message of whose lock too little is left is named' \
    says err "message 'm4' was received, but not handled" 'receive again in a minute'

cat >handler <<-'END'
	#!/bin/sh
	echo "$C2D_MESSAGE_ID" >>handled
	[ "$C2D_MESSAGE_ID" != m4 ] || { echo 56 >jump && sleep 20; }
END
chmod +x handler
slow 4
third '"delayMs": 4000'
start_jumping -- ./handler
echo 20 >jump
finish_run
rm jump
check 'the handler time-out is shorter by what the completion before took of the lock' \
    says err "the handler of message 'm4' was stopped after 3"
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
fault '{"operation": "feedback", "delayMs": 60, "count": -1}'
fault '{"operation": "feedbackComplete", "delayMs": 60, "count": -1}'
run c2d-http feedback
check 'feedback gets 5 batches of a far hub in their order' \
    is "$CODE $(jq -r .originalMessageId out | paste -s -d ' ') $(requests feedbackComplete)" \
    '0 m1 m2 m3 m4 m5 5'
check 'feedback gets 5 batches of a far hub over two connections' \
    is "$(state "[.log[$before:][] | .connection] | unique | length")" 2
