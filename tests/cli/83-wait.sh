# shellcheck shell=sh
# Goal: send --wait reports the outcome of the message by new records in the log, and not by old
# ones.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

# The record that a collector would append to the log.
record() { # id, outcome [, device]
    printf '{"v":1,"originalMessageId":"%s","deviceId":"%s","statusCode":"%s"}\n' "$1" \
        "${3-dev1}" "$2"
}
untouched() {
    nothing_was_asked && not test -e log
}
# True if the run exited 18 with no output, and its error differs from that of a send that timed
# out.
ran_out() { # id
    fails_with 18 TIMEOUT && is_empty out \
        && says err "message '$1' was accepted by the hub" 'outcome is unknown'
}
# The same after a record with an unknown outcome, which is printed.
ran_out_with_record() {
    is "$CODE $(wc -l <out)" '18 1' && says err 'error: TIMEOUT: ' 'outcome is unknown'
}
# ---- Usage and log errors ----

run c2d-http send dev1 -m x --wait 1s
check 'send --wait without a log exits 64' fails_with 64 USAGE
check 'the error for --wait without a log names C2D_FEEDBACK_LOG' \
    says err C2D_FEEDBACK_LOG 'shared by the whole hub'
run env C2D_FEEDBACK_LOG= c2d-http send dev1 -m x --wait 1s
check 'send --wait with an empty C2D_FEEDBACK_LOG exits 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --feedback-log log
check 'send --feedback-log without --wait exits 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --interval 1s
check 'send --interval without --wait exits 64' fails_with 64 USAGE
check 'the error for --interval without --wait names both' says err '--interval' 'for --wait'
run c2d-http send dev1 -m x --wait 1s --feedback-log log --interval 99ms
check 'send --interval below 100ms exits 64' fails_with 64 USAGE
for ack in none positive negative; do
    run c2d-http send dev1 -m x --wait 1s --feedback-log log --ack $ack
    check "send --wait with --ack $ack exits 64" fails_with 64 USAGE
done
echo '{"body":"x"}' >lines
run c2d-http send --batch lines dev1 --wait 1s --feedback-log log
check 'send --wait with --batch exits 64' fails_with 64 USAGE
check 'the error for --wait with --batch says that it is not for --batch' says err 'not for --batch'
run c2d-http send dev1 -m x --wait 1s --feedback-log log -n
check 'a dry run of send --wait shows a request with ack full' \
    is "$CODE $(grep -c 'iothub-ack: full' out)" '0 1'
check 'a usage error of send --wait causes no request and no log' untouched

mkfifo pipe
for log in pipe . /dev/full; do
    run timeout 5 c2d-http send dev1 -m x --wait 1s --feedback-log $log
    check "send --wait with the log '$log' exits 73" fails_with 73 CANTCREAT
    check "the error for the log '$log' says that it is no regular file" \
        says err "'$log' is no regular file"
done
for log in nowhere/log lines/log; do
    run c2d-http send dev1 -m x --wait 1s --feedback-log $log
    check "send --wait with the log '$log' that cannot be created exits 73" fails_with 73 CANTCREAT
done
check 'an unusable log of send --wait causes no request' nothing_was_asked

# ---- Outcomes ----

asked_often() {
    test "$(requests feedback)" -ge 3 # by default that takes 15 s
}
start_wait arrives --wait 20s --interval 200ms
until_true asked_often
check 'send --wait --interval 200ms asks the hub three times within 10 s' asked_often
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait exits 0 and prints the record of a completed message' \
    outcome_is 0 Success
check 'send --wait prints nothing to stderr for a completed message' is_empty err
check 'send --wait prints the record of its log, which has mode 600' \
    is "$(cat out) $(stat -c %a log)" "$(cat log) 600"
check 'send --wait completes the feedback batch' is "$(state .feedback.completed)" 1

start_over
start_run env C2D_FEEDBACK_LOG=log c2d-http send dev1 -m x -j --ack full --wait 20s --interval 500ms
until_true has_requests send 1
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait with C2D_FEEDBACK_LOG and a random id exits 0' outcome_is 0 Success
check 'the record that send --wait prints has the random id of the message' \
    is "$(jq -r .originalMessageId out)" "$(sent_header send iothub-messageid)"

start_wait no --wait 20s --interval 500ms
c2d-device reject "$(c2d-device receive --keep | jq -r .lockToken)"
close_batch
finish_run
check 'send --wait exits 19 for a rejected message' \
    is "$CODE $(jq -r .statusCode out) $(grep -c 'error: NEGATIVE: ' err)" '19 Rejected 1'
check 'the error for a rejected message names the message, the device and Rejected' \
    says err "message 'no'" dev1 Rejected
start_wait late --ttl 60s --wait 20s --interval 500ms -q
set_sim clock '{"advance": 120}' && queued >got
close_batch
finish_run
check 'send --wait -q exits 19 and prints nothing for an expired message' fails_with 19 NEGATIVE
check 'the error for an expired message says Expired' says err Expired

start_wait never --wait 1s
finish_run
check 'send --wait without a record exits 18 and says that the hub has accepted the message' \
    ran_out never
check 'send --wait asks the hub for feedback once at the end' is "$(requests feedback)" 1
check 'the hint for a missing record names other readers of the feedback' \
    says err 'feedback -o log' 'another reader' 'another machine'
start_over
run c2d-http send dev9 -m x --wait 1s --feedback-log log
check 'send --wait to an unknown device exits 14 and asks for no feedback' \
    is "$CODE $(requests feedback) $(grep -c accepted err)" '14 0 0'

# ---- Records in the log ----

rm log
start_over
record old Success >log
run c2d-http send dev1 -m x -i old --wait 1s --feedback-log log
check 'send --wait ignores a record from before the send and exits 18' ran_out old
start_wait old --wait 3s
head -c 500 /dev/zero | tr '\0' '\n' >>log
sleep 1.5
truncate -s "$(record old Success | wc -c)" log
finish_run
check 'send --wait ignores a record from before the send after the log was truncated' ran_out old

start_wait esc@ped --wait 20s
record 'esc\u0040ped' Rejected >>log
finish_run
check 'send --wait finds a record whose id another program has escaped' outcome_is 19 Rejected

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
check 'send --wait skips junk, other records and a partial line' kill -0 "$RUN_PID"
echo >>log
finish_run
check 'send --wait exits 0 when the partial line is complete' outcome_is 0 Success
start_wait unknown --wait 20s
record unknown Teleported >>log
finish_run
check 'send --wait exits 18 for a record with an unknown outcome' ran_out_with_record
check 'the error for an unknown outcome quotes it' says err "'Teleported'"
start_wait unknown --wait 20s
record unknown expired >>log
finish_run
check 'send --wait reads an outcome in lower case' is "$CODE" 19

for torn in '{"v":1,"originalMess' junk; do
    start_over
    printf %s "$torn" >log
    add_batch torn 1
    run c2d-http send dev1 -m x -i torn --wait 1s --feedback-log log
    check "send --wait writes its record to a new line after the torn line '$torn'" \
        is "$CODE $(records torn)" '0 1'
done

start_wait rotated --wait 20s
record rotated Success >>log
mv log log.1
finish_run
check 'send --wait finds a record that was moved away with its log' outcome_is 0 Success
start_wait next --wait 20s
mv log log.2
sleep 1
record next Success >log
finish_run
check 'send --wait finds a record in the log after a rotation' outcome_is 0 Success
head -c 5000 /dev/zero | tr '\0' '\n' >log
start_wait emptied --wait 20s
record emptied Success >log
finish_run
check 'send --wait finds a record in a truncated log' outcome_is 0 Success

echo old >log
start_wait refilled --wait 20s
record refilled Success >log
finish_run
check 'send --wait finds a record in a truncated log that has grown beyond its old length' \
    outcome_is 0 Success
start_over
echo old >log
add_batch copied 1
fault '{"operation": "feedback", "delayMs": 1500}'
start_run c2d-http send dev1 -m x -i copied --feedback-log log --wait 1s
until_true has_requests feedback 1
: >log # logrotate's copytruncate
finish_run
check 'send --wait that reads the feedback finds its record in a log truncated meanwhile' \
    is "$CODE $(jq -r .statusCode out) $(records copied)" '0 Success 1'

rm log
start_wait rotated --wait 20s --interval 500ms
mv log log.1
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait that reads the feedback writes to a new log after a rotation' \
    is "$CODE $(records rotated) $(wc -c <log.1) $(stat -c %a log)" '0 1 0 600'
start_over
ln -s log link
add_batch linked 1
run c2d-http send dev1 -m x -i linked --wait 1s --feedback-log link
check 'send --wait works with a symbolic link to a log' is "$CODE $(records linked)" '0 1'
