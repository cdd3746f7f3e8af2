# shellcheck shell=sh
# Goal: any number of runs can wait, with and without a collector. Whatever happens to them, the hub
# or the log, each record of other messages is in the log.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

# ---- Other messages and other runs ----

# Starts a send with the id N. Its results are in out.N, err.N and code.N.
start_numbered() { # N, option...
    number=$1
    shift
    {
        c2d-http send dev1 -m x -i "$number" --feedback-log log "$@" >"out.$number" \
            2>"err.$number" &
        echo $! >"pid.$number"
        code=0
        wait $! || code=$?
        echo $code >"code.$number"
    } &
    PIDS="$PIDS $!"
}
all_ended() {
    is "$(cat code.* | wc -l)" "$1"
}
start_ten() {
    rm -f code.*
    for number in 1 2 3 4 5 6 7 8 9 10; do
        start_numbered $number "$@"
    done
    until_true has_requests send 10
}
# The number of runs that exited 0 and printed their own record.
served() {
    for number in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(cat "code.$number")" = 0 ] && jq -r .originalMessageId "out.$number"
    done | sort -nu | wc -l
}

start_over
rm -f log
add_batch theirs 50 dev2
add_batch more 20 dev2
add_batch mine 1
add_batch last 3 dev2
run c2d-http send dev1 -m x -i mine --wait 1s --feedback-log log
check 'send --wait finds its record among those of other messages' outcome_is 0 Success
check 'send --wait writes all records that it takes to the log' \
    is "$(records theirs) $(records more) $(records mine)" '50 20 1'
check 'send --wait completes the batches that it takes and leaves the next one' \
    is "$(state '.feedback.completed, (.feedback.batches | length)' | xargs)" '3 1'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'send --wait without its record writes all records that it takes to the log' \
    is "$CODE $(records last) $(state '.feedback.batches | length')" '18 3 0'

start_over
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    add_batch theirs 1 dev2
done
fault '{"operation": "feedback", "count": -1, "delayMs": 1000}'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'send --wait exits 18 in time when the feedback arrives faster than it is read' \
    is "$CODE $(state '.feedback.batches | length > 0')" '18 true'

start_over
add_batch theirs 2 dev2
c2d-http feedback --keep >/dev/null
add_batch mine 1
run c2d-http send dev1 -m x -i mine --wait 1s --feedback-log log
check 'send --wait exits 0 and leaves a batch that another reader has locked' \
    is "$CODE $(state '.feedback.completed, (.feedback.batches | length)' | xargs)" '0 1 1'

start_over
add_batch same 1 dev2
add_batch same 1
run c2d-http send dev2 -m x -i same --wait 1s --feedback-log log
check 'send --wait takes the record of dev2 when two devices use one message id' \
    shows '.deviceId == "dev2"'
run c2d-http send dev1 -m x -i same --wait 1s --feedback-log log
check 'send --wait takes the record of dev1 when two devices use one message id' \
    shows '.deviceId == "dev1"'

start_over
rm -f log
start_ten --wait 60s --interval 500ms
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true all_ended 10
check 'ten runs of send --wait without a collector all print their record' is "$(served)" 10
check 'ten runs of send --wait write each record to the log once' \
    is "$(grep -c . log) $(records theirs) $(state .feedback.completed)" '15 5 1'

start_over
rm -f log
start_run c2d-http feedback --follow --interval 1h -o log
until_true has_requests feedback 1
start_ten --wait 2s --interval 500ms
until_true all_ended 10
check 'ten runs of send --wait beside a collector send no request for feedback' \
    is "$(requests feedback) $(cat code.* | sort -u)" '1 18'
kill "$RUN_PID"
finish_run
start_run c2d-http feedback --follow --interval 200ms -o log
start_over
start_ten --wait 60s
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true all_ended 10
check 'ten runs of send --wait print the records that a collector wrote' \
    is "$(served) $(records theirs) $(grep -c . log)" '10 5 15'
kill "$RUN_PID"
finish_run

# ---- Change of the reader ----

rm -f log
start_wait dies --wait 60s --interval 2s
fault '{"operation": "feedback", "delayMs": 30000}'
until_true has_requests feedback 1
run c2d-http feedback -o log
check 'feedback -o to the log of a running send --wait exits 26 and prints nothing' \
    ends_silently 26 ''
rm -f code.*
start_numbered 1 --wait 60s --interval 500ms
until_true has_requests send 2
c2d-device receive >/dev/null
close_batch
kill -KILL "$RUN_PID"
finish_run
until_true all_ended 1
check 'a second send --wait reads the feedback after the first one is killed' \
    is "$(cat code.1) $(records dies) $(records 1)" '0 1 1'

rm -f log
start_wait dies --wait 60s --interval 2s
fault '{"operation": "feedbackComplete", "drop": "before", "delayMs": 30000}'
rm -f code.*
start_numbered 1 --wait 60s
until_true has_requests send 2
kill -STOP "$(cat pid.1)" # so that the other run reads the feedback
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true has_requests feedbackComplete 1 || until_true has_requests feedbackComplete 1
kill -KILL "$RUN_PID" 2>/dev/null
finish_run
kill -CONT "$(cat pid.1)"
until_true all_ended 1
check 'send --wait takes its record from the log of a killed reader' is "$(cat code.1)" 0
set_sim clock '{"advance": 80}'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'a batch that a killed reader did not complete is delivered again' \
    is "$CODE $(records theirs) $(state .feedback.completed)" '18 10 1'

start_wait gives --wait 60s
until_true has_requests feedback 1
c2d-http feedback --follow --interval 200ms -o log &
collector=$!
PIDS="$PIDS $collector"
until_true has_requests feedback 3
check 'send --wait lets a collector that starts later read the feedback' \
    test "$(requests feedback)" -ge 3
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait prints the record that a later collector wrote' outcome_is 0 Success
kill "$collector"

# ---- Errors after the send ----

# Runs a send --wait whose requests for feedback meet a fault.
meets() { # fault, option...
    start_over
    add_batch theirs 1 dev2
    fault "{\"operation\": \"feedback\", \"count\": -1, $1}"
    shift
    run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log --retries 0 "$@"
}
# True if the error says that the hub has the message, and why its outcome is unknown.
is_unknown() { # code, name, text
    fails_with "$1" "$2" && says err "message 'sent' was accepted by the hub" "$3"
}
meets '"status": 401, "errorNumber": 401003'
check 'send --wait with a policy that may not read feedback exits 77' \
    is_unknown 77 AUTH 'refused the credentials'
meets '"body": "no JSON"'
check 'send --wait exits 18 and names the reason when each response is not JSON' \
    is_unknown 18 TIMEOUT 'is not JSON'
meets '"status": 503'
check 'send --wait exits 18 and names the reason when each response is a 503' \
    is_unknown 18 TIMEOUT 503
meets '"status": 429'
check 'send --wait exits 18 and names the reason when each response is a 429' \
    is_unknown 18 TIMEOUT 429
meets '"drop": "before"'
check 'send --wait exits 18 and names the reason when each connection is lost' \
    is_unknown 18 TIMEOUT 'connection was lost'
start_over
add_batch theirs 1 dev2
fault '{"operation": "feedback", "drop": "after"}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log
check 'send --wait exits 18 and says that a lost response may have locked the record' \
    is_unknown 18 TIMEOUT 'locked for a minute'
meets '"status": 503' -j
check 'send --wait -j names device and message in its error' \
    is "$(jq -r '"\(.exit) \(.deviceId) \(.messageId)"' err)" '18 dev1 sent'

start_over
fault '{"operation": "feedback", "status": 503}'
add_batch sent 1
run c2d-http send dev1 -m x -i sent --wait 3s --interval 1s --feedback-log log --retries 0
check 'send --wait warns once of a 503 that passes and exits 0' \
    is "$CODE $(grep -c 'warning: .*503' err) $(grep -c ': error: ' err)" '0 1 0'
for code in 503 400; do
    start_over
    rm -f log
    add_batch sent 1
    fault "{\"operation\": \"feedbackComplete\", \"status\": $code}"
    run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log --retries 0
    check "send --wait exits 0 with a warning when the completion of its batch gets $code" \
        is "$CODE $(records sent) $(grep -c "warning: .*$code" err)" "0 1 1"
done

start_over
rm -f log
add_batch theirs 10 dev2
add_batch sent 1
run sh -c 'ulimit -f 2; exec c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log'
check 'send --wait exits 74 when its log cannot hold a batch' \
    is_unknown 74 IOERR 'log: File too large'
check 'send --wait leaves the batch and no partial record when its log is full' \
    is "$(requests feedbackComplete) $(wc -c <log)" '0 0'
set_sim clock '{"advance": 61}'
sim GET 'state?log=0' >/dev/null # expires the lock of the batch now
set_sim clock '{"advance": -61}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log
check 'the next send --wait writes the batch that did not fit into the log' \
    is "$CODE $(records theirs)" '0 10'
start_over
rm -f log
add_batch sent 1
c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log >/dev/full 2>err
CODE=$?
check 'send --wait to a full device exits 74, with the record in the log and the batch completed' \
    is "$CODE $(records sent) $(state .feedback.completed)" '74 1 1'
check 'send --wait to a full device names the message whose feedback it cannot print' \
    says err "message 'sent' has feedback, but that cannot be printed"

for number in 130 143; do
    signal=$(kill -l $((number - 128)))
    start_wait sent --wait 60s
    sleep 0.2
    kill -s "$signal" "$RUN_PID"
    finish_run
    check "$signal ends send --wait, which warns that the hub has the message" \
        is "$CODE $(grep -c "warning: message 'sent' was accepted" err)" \
        "$number 1"
done
rm -f log
start_wait sent --wait 60s --interval 500ms
fault '{"operation": "feedbackComplete", "delayMs": 1500}'
add_batch theirs 3 dev2
until_true has_requests feedbackComplete 1
kill "$RUN_PID"
finish_run
check 'TERM during the completion of a batch lets send --wait finish it and exits 143' \
    is "$CODE $(records theirs) $(state .feedback.completed)" '143 3 1'
