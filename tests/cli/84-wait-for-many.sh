# shellcheck shell=sh
# Goal: any number may wait, with and without a collector: whatever becomes of them, of the hub or of
# their log, every record of others is in it (W1, W2, F3, F4, F19, F20).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

# ---- Others (W1, F3) ----

# Sends one with a number for an id; out.N, err.N and code.N tell what came of it.
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
# How many have ended with 0 and printed the one record that is theirs.
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
check 'among the feedback of others it finds its own (W2)' outcome_is 0 Success
check 'and keeps all that it takes (W1, F3)' \
    is "$(records theirs) $(records more) $(records mine)" '50 20 1'
check 'and completes it, and leaves what it does not need' \
    is "$(state '.feedback.completed, (.feedback.batches | length)' | xargs)" '3 1'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'also when it finds nothing (W1)' \
    is "$CODE $(records last) $(state '.feedback.batches | length')" '18 3 0'

start_over
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    add_batch theirs 1 dev2
done
fault '{"operation": "feedback", "count": -1, "delayMs": 1000}'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'a queue that is filled faster than it is read makes nobody wait for ever: 18 (W2)' \
    is "$CODE $(state '.feedback.batches | length > 0')" '18 true'

start_over
add_batch theirs 2 dev2
c2d-http feedback --keep >/dev/null
add_batch mine 1
run c2d-http send dev1 -m x -i mine --wait 1s --feedback-log log
check 'a batch that is locked elsewhere is neither waited for nor lost' \
    is "$CODE $(state '.feedback.completed, (.feedback.batches | length)' | xargs)" '0 1 1'

start_over
add_batch same 1 dev2
add_batch same 1
run c2d-http send dev2 -m x -i same --wait 1s --feedback-log log
check 'two devices with one message id: each has its own record (W2)' shows '.deviceId == "dev2"'
run c2d-http send dev1 -m x -i same --wait 1s --feedback-log log
check 'and the other one, too' shows '.deviceId == "dev1"'

start_over
rm -f log
start_ten --wait 60s
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true all_ended 10
check 'ten who wait without a collector all get their record (W1)' is "$(served)" 10
check 'and it is in the log once, as those of others are (W1, F3)' \
    is "$(grep -c . log) $(records theirs) $(state .feedback.completed)" '15 5 1'

start_over
rm -f log
start_run c2d-http feedback --follow --interval 1h -o log
until_true has_requests feedback 1
start_ten --wait 6s
until_true all_ended 10
check 'where a collector is at work, those who wait leave the hub to it (W1)' \
    is "$(requests feedback) $(cat code.* | sort -u)" '1 18'
kill "$RUN_PID"
finish_run
start_run c2d-http feedback --follow --interval 200ms -o log
start_over
start_ten --wait 60s
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true all_ended 10
check 'and get their records from it' \
    is "$(served) $(records theirs) $(grep -c . log)" '10 5 15'
kill "$RUN_PID"
finish_run

# ---- One takes over ----

rm -f log
start_wait dies --wait 60s
fault '{"operation": "feedback", "delayMs": 30000}'
until_true has_requests feedback 1
run c2d-http feedback -o log
check 'while one who waits reads the queue, a run of feedback is told so: 26 (F4)' ends_silently 26 ''
rm -f code.*
start_numbered 1 --wait 60s
until_true has_requests send 2
c2d-device receive >/dev/null
close_batch
kill -KILL "$RUN_PID"
finish_run
until_true all_ended 1
check 'when the one who reads the queue is killed, another one takes over (W1)' \
    is "$(cat code.1) $(records dies) $(records 1)" '0 1 1'

rm -f log
start_wait dies --wait 60s
fault '{"operation": "feedbackComplete", "drop": "before", "delayMs": 30000}'
rm -f code.*
start_numbered 1 --wait 60s
until_true has_requests send 2
kill -STOP "$(cat pid.1)" # so that it is the other one who reads the queue
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true has_requests feedbackComplete 1 || until_true has_requests feedbackComplete 1
kill -KILL "$RUN_PID" 2>/dev/null
finish_run
kill -CONT "$(cat pid.1)"
until_true all_ended 1
check 'killed before it completes a batch: what is in the log counts (W1)' is "$(cat code.1)" 0
set_sim clock '{"advance": 80}'
run c2d-http send dev1 -m x -i none --wait 1s --feedback-log log
check 'and the batch comes again: nothing of others is lost (F3)' \
    is "$CODE $(records theirs) $(state .feedback.completed)" '18 10 1'

start_wait gives --wait 60s
until_true has_requests feedback 1
c2d-http feedback --follow --interval 200ms -o log &
collector=$!
PIDS="$PIDS $collector"
until_true has_requests feedback 3
check 'to a collector that comes later, who waits gives way (W1, F4)' test "$(requests feedback)" -ge 3
c2d-device receive >/dev/null
close_batch
finish_run
check 'and has its record from there' outcome_is 0 Success
kill "$collector"

# ---- Trouble behind the send (F20) ----

# A send that meets a fault in reading feedback.
meets() { # fault, option...
    start_over
    add_batch theirs 1 dev2
    fault "{\"operation\": \"feedback\", \"count\": -1, $1}"
    shift
    run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log --retries 0 "$@"
}
# The error says that the message is with the hub, and why its outcome is not known.
is_unknown() { # code, name, text
    fails_with "$1" "$2" && says err "message 'sent' was accepted by the hub" "$3"
}
meets '"status": 401, "errorNumber": 401003'
check 'a policy that may not read feedback: 77' is_unknown 77 AUTH 'refused the credentials'
meets '"body": "no JSON"'
check 'a response that is no feedback until the end: 18, with the reason' \
    is_unknown 18 TIMEOUT 'is not JSON'
meets '"status": 503'
check 'a hub that is down until the end: 18, with the reason (W2)' is_unknown 18 TIMEOUT 503
meets '"status": 429'
check 'one that throttles: 18, with the reason' is_unknown 18 TIMEOUT 429
meets '"drop": "before"'
check 'a network that is down: 18, with the reason' is_unknown 18 TIMEOUT 'connection was lost'
start_over
add_batch theirs 1 dev2
fault '{"operation": "feedback", "drop": "after"}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log
check 'an answer that was lost may have locked the record: 18 says so (R6)' \
    is_unknown 18 TIMEOUT 'locked for a minute'
meets '"status": 503' -j
check 'with -j the error names device and message (E4)' \
    is "$(jq -r '"\(.exit) \(.deviceId) \(.messageId)"' err)" '18 dev1 sent'

start_over
fault '{"operation": "feedback", "status": 503}'
add_batch sent 1
run c2d-http send dev1 -m x -i sent --wait 8s --feedback-log log --retries 0
check 'trouble that passes is told once, and the record is found: 0' \
    is "$CODE $(grep -c 'warning: .*503' err) $(grep -c ': error: ' err)" '0 1 0'
for code in 503 400; do
    start_over
    rm -f log
    add_batch sent 1
    fault "{\"operation\": \"feedbackComplete\", \"status\": $code}"
    run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log --retries 0
    check "a batch that could not be completed, $code, is a warning, once its record is found" \
        is "$CODE $(records sent) $(grep -c "warning: .*$code" err)" "0 1 1"
done

start_over
rm -f log
add_batch theirs 10 dev2
add_batch sent 1
run sh -c 'ulimit -f 2; exec c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log'
check 'a log that cannot take a batch: 74, and the hub has the message' \
    is_unknown 74 IOERR 'log: File too large'
check 'the batch is left, and nothing of it is in the log (F3)' \
    is "$(requests feedbackComplete) $(wc -c <log)" '0 0'
set_sim clock '{"advance": 61}'
sim GET 'state?log=0' >/dev/null # the batch's lock has lapsed now
set_sim clock '{"advance": -61}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log
check 'the next one takes it' is "$CODE $(records theirs)" '0 10'
start_over
rm -f log
add_batch sent 1
c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log >/dev/full 2>err
CODE=$?
check 'stdout that is full: 74, but the record is in the log, and completed (F3)' \
    is "$CODE $(records sent) $(state .feedback.completed)" '74 1 1'

for number in 130 143; do
    signal=$(kill -l $((number - 128)))
    start_wait sent --wait 60s
    sleep 0.2
    kill -s "$signal" "$RUN_PID"
    finish_run
    check "$signal ends the waiting at once, and it is said that the hub has the message (Q2)" \
        is "$CODE $(grep -c "warning: message 'sent' was accepted" err)" \
        "$number 1"
done
rm -f log
start_wait sent --wait 60s
fault '{"operation": "feedbackComplete", "delayMs": 1500}'
add_batch theirs 3 dev2
until_true has_requests feedbackComplete 1
kill "$RUN_PID"
finish_run
check 'a signal leaves no batch half done (Q2, F3)' \
    is "$CODE $(records theirs) $(state .feedback.completed)" '143 3 1'
