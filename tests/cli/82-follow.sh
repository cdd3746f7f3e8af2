# shellcheck shell=sh
# Goal: feedback --follow collects for ever, through trouble that passes; one collector a file, and
# whatever becomes of it or of its file, no record is lost (F1, F3, F4).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

# A batch of N records under one message id waits at the hub.
add_batch() { # id, N
    enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"$1\", \"ack\": \"full\", \"count\": $2}"
    c2d-device receive >/dev/null
    set_sim clock '{"advance": 16}'
}
start_over() {
    reset_hub
    set_sim clock '{"offset": 0}'
}
# How many records with that message id are in a file.
records() { # file, id
    jq -r .originalMessageId "$1" | grep -cx "$2"
}
follow() {
    start_run c2d-http feedback --follow --interval 200ms "$@"
}
stop() {
    kill -s "${1-TERM}" "$RUN_PID"
    finish_run
}

# ---- For ever ----

add_batch first 2
follow
until_true has_requests feedbackComplete 1
add_batch second 3
until_true has_requests feedbackComplete 2
check '--follow prints what waits, and what comes later (F1)' \
    is "$(records out first) $(records out second) $(wc -l <out)" '2 3 5'
check 'and goes on' kill -0 "$RUN_PID"
stop INT
check 'a signal ends it: 130 (Q2)' is "$CODE $(wc -c <err)" '130 0'

for option in '-c 1' '--wait 1s' --keep; do
    # shellcheck disable=SC2086  # two words are wanted
    run c2d-http feedback --follow $option
    check "--follow and $option exclude each other: 64" fails_with 64 USAGE
done
run c2d-http feedback --follow -o untouched -n
check '--follow -n shows the request and touches nothing (3)' \
    is "$CODE $(grep -c feedback out) $(find . -name untouched)" '0 1 '

start_over
fault '{"operation": "feedback", "status": 503, "count": -1}'
follow --retries 0 -q
until_true says err SERVER
sleep 1
check 'trouble that may pass is told once, and asked after less often (R5)' \
    is "$(grep -c error: err) $(requests feedback)" '1 1'
check 'and does not end it (R5)' kill -0 "$RUN_PID"
stop

start_over
fault '{"operation": "feedback", "status": 403, "shape": "html"}'
follow -q
until_true says err AUTH
sleep 0.2
check 'feedback --follow goes on after the 403 of a filter on the way' kill -0 "$RUN_PID"
stop
start_over
add_batch broken 1
fault '{"operation": "feedback", "body": "no JSON"}'
follow -q
until_true says err PROTOCOL
sleep 0.2
check 'feedback --follow goes on after a response that is no JSON: it may be a login portal' \
    kill -0 "$RUN_PID"
check 'and the batch is left' has_requests feedbackComplete 0
stop
start_over
fault '{"operation": "feedback", "status": 403, "errorNumber": 403010}'
run timeout 10 c2d-http feedback --follow
check 'feedback --follow ends with 77 when the tier has no feedback: asking again is no help' code_is 77

start_over
add_batch gone 1
{ c2d-http feedback --follow 2>err; echo $? >code; } | true
check 'a reader that has gone ends it: 74, and the batch is left (F1)' \
    is "$(cat code) $(requests feedbackComplete)" '74 0'

# ---- One collector a file (F4) ----

start_over
follow -o collected
until_true has_requests feedback 1
run timeout 5 c2d-http feedback -o collected
check 'a second one for the same file ends with 26, and says nothing (F4, X3)' ends_silently 26 ''
run timeout 5 c2d-http feedback --follow -o collected
check 'also one that would follow (F4)' ends_silently 26 ''
run timeout 5 c2d-http feedback -o other
check 'another file is free (F4)' code_is 0
add_batch mine 2
until_true has_requests feedbackComplete 1
check 'the file is ours alone (F4)' is "$(stat -c %a collected) $(records collected mine)" '600 2'
stop
run c2d-http feedback -o collected
check 'the lock goes with its process (F4)' code_is 0

# ---- Killed between append and complete (Q3) ----

start_over
add_batch twice 3
fault '{"operation": "feedbackComplete", "drop": "before", "delayMs": 20000}'
follow -o killed
until_true has_requests feedbackComplete 1
stop KILL
check 'kill -9 before a batch is completed: its records are in the file' \
    is "$CODE $(records killed twice)" '137 3'
printf '{"v":1,"originalMess' >>killed
set_sim clock '{"advance": 61}'
follow -o killed
until_true has_requests feedbackComplete 2
stop
check 'the next one gets the batch again: twice in the file, once at the hub, nothing torn' \
    is "$(records killed twice) $(state .feedback.completed)" '6 1'

# ---- A file that is moved away, or cannot take it ----

start_over
follow -o rotated
until_true has_requests feedback 1
mv rotated rotated.1
add_batch moved 2
until_true has_requests feedbackComplete 1
check 'what comes after a rotation is in the new file' \
    is "$(records rotated moved) $(wc -c <rotated.1) $(stat -c %a rotated)" '2 0 600'
run timeout 5 c2d-http feedback -o rotated
check 'which is locked as the old one was (F4)' code_is 26
stop
start_over
add_batch between 2
fault '{"operation": "feedback", "delayMs": 1500}'
follow -o rotated
until_true has_requests feedback 1
mv rotated rotated.2
until_true has_requests feedback 2
check 'a batch that went to a file which was moved away meanwhile is not completed' \
    is "$(records rotated.2 between) $(requests feedbackComplete)" '2 0'
set_sim clock '{"advance": 61}'
until_true has_requests feedbackComplete 1
check 'but comes again for the new file' is "$(records rotated between)" 2
stop

start_over
add_batch full 10
run sh -c 'ulimit -f 2; exec c2d-http feedback --follow -o full'
check 'a file that cannot take a batch ends it: 74 (F1)' fails_with 74 IOERR
check 'the batch is left, and nothing of it is in the file (F1, F3)' \
    is "$(requests feedbackComplete) $(wc -c <full)" '0 0'
set_sim clock '{"advance": 61}'
run c2d-http feedback -o full
check 'once there is room, all of it comes (F3)' is "$CODE $(records full full)" '0 10'
