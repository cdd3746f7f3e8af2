# shellcheck shell=sh
# Goal: a signal ends the program by that signal, leaves what is not output, and lets a settlement
# end
# (Q1, Q2).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# A request of the operation is at the hub, and its answer is delayed.
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
    check "${pair%:*} while a receive waits: ${pair#*:} (Q2)" code_is "${pair#*:}"
    check "the message of a receive that ${pair%:*} ended is left (Q2, R3)" is_left 1
    check "${pair%:*} prints nothing (Q2)" is "$(cat out err | wc -c)" 0
done

reset_hub
start_run c2d-device receive --wait 60s --interval 30s
at_the_hub receive
kill -s TERM "$RUN_PID"
finish_run
check 'TERM between two receives: 143 (Q2)' code_is 143
reset_hub
fault '{"operation": "receive", "status": 503, "retryAfter": 20}'
start_run c2d-device receive
at_the_hub receive
kill -s INT "$RUN_PID"
finish_run
check 'INT between two tries: 130, without a further request (Q2)' \
    is "$CODE $(requests receive)" '130 1'

# ---- Output that is not taken ----

one_message
mkfifo fifo
exec 9<>fifo # a reader that never reads
start_run c2d-device receive -o fifo
at_the_hub receive
kill -s TERM "$RUN_PID"
finish_run
check 'TERM while a reader does not read: 143, and the message is left (Q2, R3)' code_is 143
check 'nothing was settled (R3)' is_left 1
exec 9<&-

# ---- A settlement in progress (Q2) ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "hello", "count": 2}'
fault '{"operation": "complete", "delayMs": 1500}'
start_run c2d-device receive -v
at_the_hub complete
kill -s TERM "$RUN_PID"
finish_run
check 'TERM while a complete waits: its answer is awaited (Q2)' says err 'HTTP 204'
check 'then 143, and no new request (Q2)' is "$CODE $(requests receive) $(wc -l <out)" '143 1 1'
reset_hub
enqueue '{"deviceId": "dev1", "body": "hello"}'
fault '{"operation": "complete", "delayMs": 30000}'
start_run c2d-device receive -v
at_the_hub complete
kill -s TERM "$RUN_PID"
sleep 0.3
kill -s TERM "$RUN_PID"
finish_run
check 'a second TERM does not wait for it (Q2)' lacks err 'DELETE'
check 'and is 143 too (Q2)' code_is 143
reset_hub
fault '{"operation": "send", "delayMs": 1500}'
start_run c2d-http send dev1 -m x -v
at_the_hub send
kill -s INT "$RUN_PID"
finish_run
check 'INT while a send waits: 130 (Q2)' code_is 130
check 'its answer is awaited, so that its fate is known (Q2)' says err 'HTTP 204'

# ---- Signals that were ignored at start (Q1) ----

for name in INT HUP TERM; do
    one_message
    fault '{"operation": "receive", "delayMs": 500}'
    start_run sh -c "trap '' $name && exec c2d-device receive"
    at_the_hub receive
    kill -s $name "$RUN_PID"
    finish_run
    check "$name ignored at start stays ignored (Q1)" is "$CODE $(queued)" '0 0'
done
one_message
sh -c "trap '' PIPE; c2d-device receive 2>err; echo \$? >code" | true
check 'a closed pipe is 74, also where PIPE was ignored at start (Q1)' is "$(cat code)" 74

# ---- The worst one (Q3) ----

one_message
mkfifo unread
# shellcheck disable=SC2217  # it only holds the pipe open
sleep 20 <unread &
PIDS="$PIDS $!"
c2d-device receive >unread 2>err &
RUN_PID=$!
at_the_hub receive
kill -9 "$RUN_PID"
wait "$RUN_PID" 2>/dev/null
check 'kill -9 before the reader has it: nothing is settled, the message is still there (Q3)' is_left 1
set_sim clock '{"advance": 61}'
run c2d-device receive
check 'and it comes again (Q3)' is "$CODE $(wc -l <out) $(queued)" '0 1 0'
set_sim clock '{"offset": 0}'
