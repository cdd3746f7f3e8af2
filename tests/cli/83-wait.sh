# shellcheck shell=sh
# Goal: send --wait tells what became of the message, and whatever becomes of those who wait or of
# their log, every record of add_batch is in it (W1, W2, F3, F4, F19, F20, F21).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
start_sim --device dev1 --device dev2

start_over() {
    reset_hub
    set_sim clock '{"offset": 0}'
}
# A message is sent in the background, and its device has not received it yet.
start_wait() { # id, option...
    start_over
    id=$1
    shift
    start_run c2d-http send dev1 -m x -i "$id" --feedback-log log "$@"
    until_true has_requests send 1
}
# The hub gives out what feedback it has collected.
close_batch() {
    set_sim clock '{"advance": 16}'
}
# What a collector would append to the log.
record() { # id, outcome [, device]
    printf '{"v":1,"originalMessageId":"%s","deviceId":"%s","statusCode":"%s"}\n' "$1" \
        "${3-dev1}" "$2"
}
# Messages end at the hub, and their feedback waits as one batch. With one of the id that is sent
# next, whoever waits for it need not do so for long.
add_batch() { # id, N [, device]
    enqueue "{\"deviceId\": \"${3-dev1}\", \"messageId\": \"$1\", \"ack\": \"full\", \"count\": $2}"
    if [ "${3-dev1}" = dev1 ]; then
        c2d-device receive >/dev/null
    else
        c2d-device receive -C "$HUB/device-$3.conn" >/dev/null
    fi
    close_batch
}
# How many records with that message id are in the log.
records() {
    grep '^{"v":1,' "${2-log}" | jq -r .originalMessageId | grep -cx "$1"
}
untouched() {
    nothing_was_asked && not test -e log
}
# 18 with nothing on stdout, and the words that keep it apart from a send that timed out (F20).
ran_out() { # id
    fails_with 18 TIMEOUT && is_empty out \
        && says err "message '$1' was accepted by the hub" 'outcome is unknown'
}
outcome_is() { # code, statusCode
    code_is "$1" && shows ".statusCode == \"$2\""
}

# ---- What cannot be ----

run c2d-http send dev1 -m x --wait 1s
check '--wait without a log: 64 (W1)' fails_with 64 USAGE
check 'and the text says why (W1)' says err C2D_FEEDBACK_LOG 'shared by the whole hub'
run env C2D_FEEDBACK_LOG= c2d-http send dev1 -m x --wait 1s
check 'an empty variable is none: 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --feedback-log log
check 'a log without --wait: 64' fails_with 64 USAGE
for ack in none positive negative; do
    run c2d-http send dev1 -m x --wait 1s --feedback-log log --ack $ack
    check "--wait with --ack $ack: 64" fails_with 64 USAGE
done
echo '{"body":"x"}' >lines
run c2d-http send --batch lines dev1 --wait 1s --feedback-log log
check '--wait with --batch: 64' fails_with 64 USAGE
check 'which says so' says err 'not for --batch'
run c2d-http send dev1 -m x --wait 1s --feedback-log log -n
check '-n shows the request, which wants all feedback (W1, 3)' \
    is "$CODE $(grep -c 'iothub-ack: full' out)" '0 1'
check 'all these touch neither hub nor log' untouched

mkfifo pipe
for log in pipe . /dev/full; do
    run timeout 5 c2d-http send dev1 -m x --wait 1s --feedback-log $log
    check "the log is '$log', no regular file: 73 before the send" fails_with 73 CANTCREAT
    check "'$log' is named" says err "'$log' is no regular file"
done
for log in nowhere/log lines/log; do
    run c2d-http send dev1 -m x --wait 1s --feedback-log $log
    check "a log that cannot be made, '$log': 73 before the send" fails_with 73 CANTCREAT
done
check 'none of them has sent anything' nothing_was_asked

# ---- Outcomes (W2) ----

start_wait arrives --wait 20s
c2d-device receive >/dev/null
close_batch
finish_run
check 'a message that the device completes: 0, and its record is printed (W2)' \
    outcome_is 0 Success
check 'in silence' is_empty err
check 'the line is that of the log, which is of mode 600 (W1, F4)' \
    is "$(cat out) $(stat -c %a log)" "$(cat log) 600"
check 'the batch is completed at the hub (W1)' is "$(state .feedback.completed)" 1

start_over
start_run env C2D_FEEDBACK_LOG=log c2d-http send dev1 -m x -j --ack full --wait 20s
until_true has_requests send 1
c2d-device receive >/dev/null
close_batch
finish_run
check 'the log may come from the environment, the id be a random one (F21)' outcome_is 0 Success
check 'that went out with the message (F21)' \
    is "$(jq -r .originalMessageId out)" "$(sent_header send iothub-messageid)"

start_wait no --wait 20s
c2d-device reject "$(c2d-device receive --keep | jq -r .lockToken)"
close_batch
finish_run
check 'a message that the device rejects: 19 (W2)' is "$CODE $(jq -r .statusCode out) $(grep -c 'error: NEGATIVE: ' err)" '19 Rejected 1'
check 'and the error says what it was' says err "message 'no'" dev1 Rejected
start_wait late --ttl 60s --wait 20s -q
set_sim clock '{"advance": 120}' && queued >got
close_batch
finish_run
check 'a message that expires: 19, with -q nothing is printed (W2)' fails_with 19 NEGATIVE
check 'and the error says so' says err Expired

start_wait never --wait 1s
finish_run
check 'nothing came: 18, and the text says that the hub has the message (W2, F20)' ran_out never
check 'the hub was asked once more at the end (W1)' is "$(requests feedback)" 1
start_over
run c2d-http send dev9 -m x --wait 1s --feedback-log log
check 'a send that fails waits for nothing: 14' \
    is "$CODE $(requests feedback) $(grep -c accepted err)" '14 0 0'

# ---- What is in the log (W2) ----

rm log
start_over
record old Success >log
run c2d-http send dev1 -m x -i old --wait 1s --feedback-log log
check 'a record that was there before the send does not count: 18 (W2)' ran_out old
start_wait old --wait 2s
head -c 500 /dev/zero | tr '\0' '\n' >>log
sleep 0.7
truncate -s "$(record old Success | wc -c)" log
finish_run
check 'nor does it when a batch behind it was taken back (W2)' ran_out old

start_wait mine --wait 20s
{
    record other Rejected
    record mine Rejected dev2
    echo no JSON
    printf '\001\377\000{}[]\n"text"\n{"originalMessageId":7,"deviceId":["dev1"]}\n\n'
    head -c 5000000 /dev/zero | tr '\0' x
    echo
    record mine Success | tr -d '\n'
} >>log
sleep 1
check 'junk, records of add_batch and half a line are passed over' kill -0 "$RUN_PID"
echo >>log
finish_run
check 'until the line is whole: 0' outcome_is 0 Success
start_wait unknown --wait 20s
record unknown Teleported >>log
finish_run
check 'an outcome that is not known is no success: 19 (W2, X2)' is "$CODE" 19

for torn in '{"v":1,"originalMess' junk; do
    start_over
    printf %s "$torn" >log
    add_batch torn 1
    run c2d-http send dev1 -m x -i torn --wait 1s --feedback-log log
    check "behind a line that ends in the middle, '$torn', the record stands alone" \
        is "$CODE $(records torn)" '0 1'
done

start_wait rotated --wait 20s
record rotated Success >>log
mv log log.1
finish_run
check 'a record that was moved away with its log is found (W2)' outcome_is 0 Success
start_wait next --wait 20s
mv log log.2
sleep 1
record next Success >log
finish_run
check 'and one in the log that follows' outcome_is 0 Success
head -c 5000 /dev/zero | tr '\0' '\n' >log
start_wait emptied --wait 20s
record emptied Success >log
finish_run
check 'and one in a log that was emptied' outcome_is 0 Success

rm log
start_wait rotated --wait 20s
mv log log.1
c2d-device receive >/dev/null
close_batch
finish_run
check 'whoever reads the queue goes on in a new log, too' \
    is "$CODE $(records rotated) $(wc -c <log.1) $(stat -c %a log)" '0 1 0 600'
start_over
ln -s log link
add_batch linked 1
run c2d-http send dev1 -m x -i linked --wait 1s --feedback-log link
check 'a link to a log is as good' is "$CODE $(records linked)" '0 1'

# ---- Others (W1, F3) ----

# Sends one with a number for an id; out.N, err.N and code.N tell what came of it.
start_numbered() { # N, option...
    number=$1
    shift
    {
        c2d-http send dev1 -m x -i "$number" --feedback-log log "$@" >"out.$number" \
            2>"err.$number"
        echo $? >"code.$number"
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
rm log
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
rm log
start_ten --wait 60s
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true all_ended 10
check 'ten who wait without a collector all get their record (W1)' is "$(served)" 10
check 'and it is in the log once, as those of others are (W1, F3)' \
    is "$(grep -c . log) $(records theirs) $(state .feedback.completed)" '15 5 1'

start_over
rm log
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

rm log
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

rm log
start_wait dies --wait 60s
fault '{"operation": "feedbackComplete", "drop": "before", "delayMs": 30000}'
rm -f code.*
start_numbered 1 --wait 60s
until_true has_requests send 2
c2d-device receive >/dev/null
add_batch theirs 5 dev2
until_true has_requests feedbackComplete 1
kill -KILL "$RUN_PID" 2>/dev/null
finish_run
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
check 'what is no feedback: 24' is_unknown 24 PROTOCOL JSON
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
    is "$CODE $(grep -c 'warning: .*503' err) $(grep -c 'error' err)" '0 1 0'
start_over
add_batch sent 1
fault '{"operation": "feedbackComplete", "status": 503}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log --retries 0
check 'a batch that could not be completed is a warning, once its record is found' \
    is "$CODE $(records sent | head -n 1) $(grep -c 'warning: .*503' err)" "0 $(records sent) 1"

start_over
rm log
add_batch theirs 10 dev2
add_batch sent 1
run sh -c 'ulimit -f 2; exec c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log'
check 'a log that cannot take a batch: 74, and the hub has the message' \
    is_unknown 74 IOERR 'log: File too large'
check 'the batch is left, and nothing of it is in the log (F3)' \
    is "$(requests feedbackComplete) $(wc -c <log)" '0 0'
set_sim clock '{"advance": 61}'
run c2d-http send dev1 -m x -i sent --wait 1s --feedback-log log
check 'the next one takes it' is "$CODE $(records theirs)" '0 10'
start_over
rm log
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
rm log
start_wait sent --wait 60s
fault '{"operation": "feedbackComplete", "delayMs": 1500}'
add_batch theirs 3 dev2
until_true has_requests feedbackComplete 1
kill "$RUN_PID"
finish_run
check 'a signal leaves no batch half done (Q2, F3)' \
    is "$CODE $(records theirs) $(state .feedback.completed)" '143 3 1'
