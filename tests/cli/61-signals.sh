# shellcheck shell=sh
# Goal: a signal ends the program with the code of that signal, leaves each message that is not
# output, and lets a settlement finish.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# Waits until a request of the operation is at the hub, which delays its response.
at_the_hub() {
    until_true has_requests "$1" 1 || echo "not ok - a request $1 reaches the hub"
}
one_message() {
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "hello"}'
}

for pair in INT:130 TERM:143 HUP:129; do
    one_message
    fault '{"operation": "receive", "delayMs": 20000}'
    start_run c2d-device receive
    at_the_hub receive
    kill -s "${pair%:*}" "$RUN_PID"
    finish_run
    check "${pair%:*} while receive waits for a response exits ${pair#*:}" code_is "${pair#*:}"
    check "receive that ${pair%:*} ends leaves its message" is_left 1
    check "receive that ${pair%:*} ends prints nothing" is "$(cat out err | wc -c)" 0
done

reset_hub
start_run c2d-device receive --wait 60s --interval 30s
at_the_hub receive
kill -s TERM "$RUN_PID"
finish_run
check 'TERM between two requests of receive --wait exits 143' code_is 143
reset_hub
fault '{"operation": "receive", "status": 503, "retryAfter": 20}'
start_run c2d-device receive
at_the_hub receive
kill -s INT "$RUN_PID"
finish_run
check 'INT between two attempts of receive exits 130 without a further request' \
    is "$CODE $(requests receive)" '130 1'

# ---- A reader that does not read ----

one_message
mkfifo fifo
exec 9<>fifo # a reader that never reads
start_run c2d-device receive -o fifo
at_the_hub receive
kill -s TERM "$RUN_PID"
finish_run
check 'TERM while the reader of receive does not read exits 143' code_is 143
check 'TERM while the reader of receive does not read leaves the message' is_left 1
exec 9<&-

# ---- A request in flight ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "hello", "count": 2}'
fault '{"operation": "complete", "delayMs": 1500}'
start_run c2d-device receive -v
at_the_hub complete
kill -s TERM "$RUN_PID"
finish_run
check 'receive waits for the response of a complete after TERM' says err 'HTTP 204'
check 'receive exits 143 after TERM without a further request' \
    is "$CODE $(requests receive) $(wc -l <out)" '143 1 1'
reset_hub
enqueue '{"deviceId": "dev1", "body": "hello"}'
fault '{"operation": "complete", "delayMs": 30000}'
start_run c2d-device receive -v
at_the_hub complete
kill -s TERM "$RUN_PID"
sleep 0.3
kill -s TERM "$RUN_PID"
finish_run
check 'a second TERM ends receive without the response to its complete' lacks err 'DELETE'
check 'a second TERM ends receive with 143' code_is 143
reset_hub
fault '{"operation": "send", "delayMs": 1500}'
start_run c2d-http send dev1 -m x -v
at_the_hub send
kill -s INT "$RUN_PID"
finish_run
check 'INT while send waits for a response exits 130' code_is 130
check 'send waits for its response after INT' says err 'HTTP 204'

# ---- Signals that were ignored at start ----

for name in INT HUP TERM; do
    one_message
    fault '{"operation": "receive", "delayMs": 500}'
    start_run sh -c "trap '' $name && exec c2d-device receive"
    at_the_hub receive
    kill -s $name "$RUN_PID"
    finish_run
    check "receive ignores $name if it was ignored at start" is "$CODE $(queued)" '0 0'
done
one_message
sh -c "trap '' PIPE; c2d-device receive 2>err; echo \$? >code" | true
check 'receive to a closed pipe exits 74 although PIPE was ignored at start' is "$(cat code)" 74

# ---- kill -9 ----

one_message
mkfifo unread
# shellcheck disable=SC2217 # it only holds the pipe open
sleep 20 <unread &
PIDS="$PIDS $!"
c2d-device receive >unread 2>err &
RUN_PID=$!
at_the_hub receive
kill -9 "$RUN_PID"
wait "$RUN_PID" 2>/dev/null
check 'kill -9 of receive before its reader has the message leaves the message' is_left 1
set_sim clock '{"advance": 61}'
run c2d-device receive
check 'a message that a killed receive left is received after its lock expiry' \
    is "$CODE $(wc -l <out) $(queued)" '0 1 0'
set_sim clock '{"offset": 0}'
