# shellcheck shell=sh
# Goal: feedback --follow collects forever, also after errors that pass. A file has one collector,
# and no record is lost when the collector or its file is gone.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

# Queues a batch of N records under one message id at the hub.
add_batch() { # id, N
    enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"$1\", \"ack\": \"full\", \"count\": $2}"
    c2d-device receive >/dev/null
    set_sim clock '{"advance": 16}'
}
start_over() {
    reset_hub
    set_sim clock '{"offset": 0}'
}
# The number of records with a message id in a file.
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

# ---- Forever ----

add_batch first 2
follow
until_true has_requests feedbackComplete 1
add_batch second 3
until_true has_requests feedbackComplete 2
check 'feedback --follow prints queued batches and later ones' \
    is "$(records out first) $(records out second) $(wc -l <out)" '2 3 5'
check 'feedback --follow goes on after two batches' kill -0 "$RUN_PID"
stop INT
check 'INT ends feedback --follow with 130 and no output on stderr' is "$CODE $(wc -c <err)" '130 0'

for option in '-c 1' '--wait 1s' --keep; do
    # shellcheck disable=SC2086  # two words are wanted
    run c2d-http feedback --follow $option
    check "feedback --follow with $option exits 64" fails_with 64 USAGE
done
run c2d-http feedback --follow -o untouched -n
check 'feedback --follow -n shows the request and creates no file' \
    is "$CODE $(grep -c feedback out) $(find . -name untouched)" '0 1 '

start_over
fault '{"operation": "feedback", "status": 503, "count": -1}'
follow --retries 0 -q
until_true says err SERVER
sleep 1
check 'feedback --follow reports a failing hub once and backs off' \
    is "$(grep -c error: err) $(requests feedback)" '1 1'
check 'feedback --follow goes on while the hub answers 503' kill -0 "$RUN_PID"
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
check 'feedback --follow goes on after a response that is not JSON' \
    kill -0 "$RUN_PID"
check 'feedback --follow leaves the batch of a response that is not JSON' \
    has_requests feedbackComplete 0
stop
start_over
fault '{"operation": "feedback", "status": 403, "errorNumber": 403010}'
run timeout 10 c2d-http feedback --follow
check 'feedback --follow exits 77 when the tier of the hub has no feedback' code_is 77

start_over
add_batch gone 1
{ c2d-http feedback --follow 2>err; echo $? >code; } | true
check 'feedback --follow exits 74 and leaves the batch when its reader has gone' \
    is "$(cat code) $(requests feedbackComplete)" '74 0'

# ---- One collector a file ----

start_over
follow -o collected
until_true has_requests feedback 1
run timeout 5 c2d-http feedback -o collected
check 'feedback -o to the file of a running collector exits 26 and prints nothing' \
    ends_silently 26 ''
run timeout 5 c2d-http feedback --follow -o collected
check 'feedback --follow -o to the file of a running collector exits 26 and prints nothing' \
    ends_silently 26 ''
run timeout 5 c2d-http feedback -o other
check 'feedback -o to another file than that of a running collector exits 0' code_is 0
add_batch mine 2
until_true has_requests feedbackComplete 1
check 'feedback --follow -o writes to a file of mode 600' \
    is "$(stat -c %a collected) $(records collected mine)" '600 2'
stop
run c2d-http feedback -o collected
check 'feedback -o exits 0 after the collector of its file has ended' code_is 0

# ---- Killed between append and complete ----

start_over
add_batch twice 3
fault '{"operation": "feedbackComplete", "drop": "before", "delayMs": 20000}'
follow -o killed
until_true has_requests feedbackComplete 1
stop KILL
check 'kill -9 before the completion of a batch leaves its records in the file' \
    is "$CODE $(records killed twice)" '137 3'
printf '{"v":1,"originalMess' >>killed
set_sim clock '{"advance": 61}'
follow -o killed
until_true has_requests feedbackComplete 2
stop
check 'the next collector writes the batch a second time and completes it once' \
    is "$(records killed twice) $(state .feedback.completed)" '6 1'

# ---- A file that is moved away, or is full ----

start_over
follow -o rotated
until_true has_requests feedback 1
mv rotated rotated.1
add_batch moved 2
until_true has_requests feedbackComplete 1
check 'feedback --follow writes to a new file of mode 600 after a rotation' \
    is "$(records rotated moved) $(wc -c <rotated.1) $(stat -c %a rotated)" '2 0 600'
run timeout 5 c2d-http feedback -o rotated
check 'feedback -o to the new file after a rotation exits 26' code_is 26
stop
start_over
add_batch between 2
fault '{"operation": "feedback", "delayMs": 1500}'
follow -o rotated
until_true has_requests feedback 1
mv rotated rotated.2
until_true has_requests feedback 2
check 'feedback --follow does not complete a batch whose file was moved away meanwhile' \
    is "$(records rotated.2 between) $(requests feedbackComplete)" '2 0'
set_sim clock '{"advance": 61}'
until_true has_requests feedbackComplete 1
check 'feedback --follow writes the batch to the new file after its lock expiry' \
    is "$(records rotated between)" 2
stop

start_over
add_batch full 10
run sh -c 'ulimit -f 2; exec c2d-http feedback --follow -o full'
check 'feedback --follow exits 74 when its file cannot hold a batch' fails_with 74 IOERR
check 'feedback --follow leaves the batch and no partial record when its file is full' \
    is "$(requests feedbackComplete) $(wc -c <full)" '0 0'
set_sim clock '{"advance": 61}'
run c2d-http feedback -o full
check 'feedback -o writes the whole batch once there is room' is "$CODE $(records full full)" '0 10'
