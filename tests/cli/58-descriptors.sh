# shellcheck shell=sh
# Goal: with any kind of stdin, stdout and stderr a message is settled only after the reader has it.
# A closed reader is noticed, and a non-blocking descriptor is waited for.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

run cc -std=c11 -Wall -Wextra -Werror -o descriptors "$C2D_TESTS/58-descriptors.c"
check 'the program that passes descriptors compiles' ends_silently 0 ''
[ "$CODE" -eq 0 ] || exit
# at FD KIND END PROGRAM...: see 58-descriptors.c
at() {
    run ./descriptors "$@"
}
one_message() {
    reset_hub
    enqueue '{"deviceId": "dev1", "messageId": "m1", "body": "hello"}'
}
large_messages() {
    reset_hub
    for id in a b c; do
        c2d-http send dev1 -f large -i $id -q
    done
}
head -c 60000 /dev/zero | tr '\0' x >large
one_batch() {
    reset_hub
    set_sim clock '{"offset": 0}'
    enqueue '{"deviceId": "dev1", "messageId": "m1", "ack": "full"}'
    c2d-device receive >/dev/null
    set_sim clock '{"advance": 16}'
}
asked() { # operation, how often at least
    [ "$(requests "$1")" -ge "$2" ]
}
left_with_74() {
    code_is 74 && is "$(grep -c 'error: ' err)" 1 && says err 'error: IOERR' && is_left "${1-1}"
}

# ---- Each kind of stdout ----

for kind in pipe unix tcp; do
    one_message
    at 1 $kind all c2d-device receive
    check "receive to a $kind whose reader reads completes the message" \
        is "$CODE $(jq -r .body out) $(requests complete)" '0 hello 1'
    large_messages
    at 1 $kind+ late c2d-device receive
    check "receive of 180 KB to a non-blocking $kind with a slow reader completes all messages" \
        is "$CODE $(jq -r .messageId out | tr -d '\n') $(requests complete)" '0 abc 3'
done
for kind in pipe unix; do
    one_message
    at 1 $kind none c2d-device receive
    check "receive to a $kind whose reader ends with all unread exits 74 and leaves the message" \
        left_with_74
    one_message
    at 1 $kind part c2d-device receive
    check "receive to a $kind whose reader ends within the record exits 74 and leaves the message" \
        left_with_74
    one_message
    at 1 $kind line c2d-device receive
    check "receive to a $kind whose reader reads the record and ends completes the message" \
        is "$CODE $(jq -r .body out) $(requests complete) $(wc -c <err)" '0 hello 1 0'
done
for kind in datagram seqpacket; do
    one_message
    at 1 $kind idle c2d-device receive
    check "receive to a $kind socket exits 74 before a request" \
        eval 'left_with_74 && nothing_was_asked'
    check "the error of receive to a $kind socket says that stdout is a socket" \
        says err 'is a socket'
done
one_batch
at 1 unix none c2d-http feedback
check 'feedback to a Unix socket whose reader ends with all unread exits 74 and leaves the batch' \
    is "$CODE $(requests feedbackComplete)" '74 0'
one_batch
at 1 unix line c2d-http feedback
check 'feedback to a Unix socket whose reader reads it completes the batch' \
    is "$CODE $(requests feedbackComplete)" '0 1'

# ---- A reader that closes while no message comes ----

# start_at FD KIND END PROGRAM...: in the background.
start_at() {
    start_run ./descriptors "$@"
}
reader_goes() {
    kill "$RUN_PID"
    finish_run
}
# gone KIND OPERATION COMMAND...: starts COMMAND, and ends its reader after the first request.
gone() {
    kind=$1
    operation=$2
    shift 2
    start_at 1 "$kind" term "$@"
    until_true asked "$operation" 1
    reader_goes
}
reset_hub
gone pipe receive c2d-device poll
check 'poll ends with 74 when the reader of its pipe goes away' fails_with 74 IOERR
run c2d-device receive
check 'receive exits 0 after poll lost its reader, as the lock is free' code_is 0
gone unix receive c2d-device poll
check 'poll ends with 74 when the reader of its Unix socket goes away' fails_with 74 IOERR
gone pipe receive c2d-device receive --wait 1h
check 'receive --wait ends with 74 when the reader of its pipe goes away' fails_with 74 IOERR
gone pipe feedback c2d-http feedback --wait 1h
check 'feedback --wait ends with 74 when the reader of its pipe goes away' fails_with 74 IOERR
gone unix feedback c2d-http feedback --follow
check 'feedback --follow ends with 74 when the reader of its Unix socket goes away' \
    fails_with 74 IOERR
reset_hub
fault '{"operation": "receive", "delayMs": 15000}'
gone unix receive c2d-device poll
check 'poll ends with 74 when its reader goes away while the hub does not respond' \
    fails_with 74 IOERR
one_message
fault '{"operation": "receive", "skip": 1, "delayMs": 15000}'
start_at 1 pipe term c2d-device poll
until_true asked receive 2
reader_goes
check 'poll ends with 74 when its reader goes away while the hub does not respond after a message' \
    is "$CODE $(requests complete) $(jq -r .body out)" '74 1 hello'
reset_hub
fault '{"operation": "feedback", "delayMs": 15000}'
gone pipe feedback c2d-http feedback --follow
check 'feedback --follow ends with 74 when its reader goes away while the hub does not respond' \
    fails_with 74 IOERR
one_batch
fault '{"operation": "feedback", "skip": 1, "delayMs": 15000}'
start_at 1 pipe term c2d-http feedback --follow
until_true asked feedback 2
reader_goes
check 'feedback --follow exits 74 when its reader goes away before the response after a batch' \
    is "$CODE $(requests feedbackComplete)" '74 1'
one_message
fault '{"operation": "receive", "skip": 1, "delayMs": 15000}'
start_at 1 pipe term c2d-device receive --wait 1h
until_true asked receive 2
reader_goes
check 'receive --wait ends with 74 when its reader goes away before the drain is over' \
    is "$CODE $(requests complete)" '74 1'
one_message
start_at 1 pipe term c2d-device poll
until_true asked receive 2
reader_goes
check 'poll completes what its reader has read, and ends with 74 when that goes away' \
    is "$CODE $(requests complete) $(jq -r .body out)" '74 1 hello'

reset_hub
start_at 1 tcp half c2d-device poll --interval 100ms -q
check 'poll goes on when the peer of a TCP stdout has shut down its sending side' \
    until_true asked receive 4
kill "$RUN_PID"
finish_run
check 'TERM ends poll after the peer of its TCP stdout has shut down its sending side' code_is 143
for output in '-o file' '-- true' '--spool spool'; do
    reset_hub
    # shellcheck disable=SC2086  # words are wanted
    start_at 1 pipe term c2d-device poll --interval 100ms -q $output
    until_true asked receive 1
    kill "$RUN_PID"
    reset_hub
    check "poll $output does not end with the reader of its stdout" until_true asked receive 4
    kill "$RUN_PID"
    finish_run
    check "TERM ends poll $output" code_is 143
done

# ---- Non-blocking descriptors ----

reset_hub
printf 'late body' >input
at 0 pipe+ - c2d-http send dev1 -q
check 'send waits for a body on a non-blocking stdin' \
    is "$CODE $(c2d-device receive | jq -r .body)" '0 late body'
for body in 1 2 3; do
    echo "{\"deviceId\":\"dev1\",\"body\":\"$body\"}"
done >input
at 0 pipe+ - c2d-http send --batch -
check 'a batch waits for lines on a non-blocking stdin' is "$CODE $(queued)" '0 3'
c2d-device receive --keep | jq -r .lockToken >input
at 0 pipe+ - c2d-device complete -
check 'complete - waits for tokens on a non-blocking stdin' is "$CODE $(queued)" '0 0'
printf %s "$IOTHUB_CONNECTION_STRING" >input
at 0 pipe+ - c2d-http send dev1 -m x -q -C -
check '-C - waits for the connection string on a non-blocking stdin' \
    is "$CODE $(queued)" '0 1'

reset_hub
for body in $(seq 50); do
    echo "{\"deviceId\":\"dev1\",\"body\":\"$body\"}"
done >lines
at 1 pipe+ late c2d-http send --batch lines
check 'a batch waits for a slow reader of a non-blocking stdout' \
    is "$CODE $(wc -l <out) $(queued)" '0 50 50'
reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 20}'
at 2 pipe+ late sh -c 'c2d-device receive -v --trace - >received'
check 'receive -v loses no line to a non-blocking stderr with a slow reader' \
    is "$CODE $(grep -c 'info: .* HTTP 20' out) $(wc -l <received)" '0 41 20'
check 'receive --trace - loses no line to a non-blocking stderr with a slow reader' \
    is "$(grep -c '^< HTTP 20' out)" 41
