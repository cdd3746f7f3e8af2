# shellcheck shell=sh
# Goal: send --wait tells what became of the message, by the log and by nothing that was in it
# before (W1, W2, F20, F21).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

# What a collector would append to the log.
record() { # id, outcome [, device]
    printf '{"v":1,"originalMessageId":"%s","deviceId":"%s","statusCode":"%s"}\n' "$1" \
        "${3-dev1}" "$2"
}
untouched() {
    nothing_was_asked && not test -e log
}
# 18 with nothing on stdout, and the words that keep it apart from a send that timed out (F20).
ran_out() { # id
    fails_with 18 TIMEOUT && is_empty out \
        && says err "message '$1' was accepted by the hub" 'outcome is unknown'
}
# The same where the record came: it is printed.
ran_out_with_record() {
    is "$CODE $(wc -l <out)" '18 1' && says err 'error: TIMEOUT: ' 'outcome is unknown'
}
# ---- What cannot be ----

run c2d-http send dev1 -m x --wait 1s
check '--wait without a log: 64 (W1)' fails_with 64 USAGE
check 'and the text says why (W1)' says err C2D_FEEDBACK_LOG 'shared by the whole hub'
run env C2D_FEEDBACK_LOG= c2d-http send dev1 -m x --wait 1s
check 'an empty variable is none: 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --feedback-log log
check 'a log without --wait: 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --interval 1s
check '--interval without --wait: 64' fails_with 64 USAGE
check 'which says so, too' says err '--interval' 'for --wait'
run c2d-http send dev1 -m x --wait 1s --feedback-log log --interval 99ms
check '--interval below 100ms: 64' fails_with 64 USAGE
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

asked_often() {
    test "$(requests feedback)" -ge 3 # by default that takes 15 s
}
start_wait arrives --wait 20s --interval 200ms
until_true asked_often
check 'the hub is asked at the interval that is given' asked_often
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
start_run env C2D_FEEDBACK_LOG=log c2d-http send dev1 -m x -j --ack full --wait 20s --interval 500ms
until_true has_requests send 1
c2d-device receive >/dev/null
close_batch
finish_run
check 'the log may come from the environment, the id be a random one (F21)' outcome_is 0 Success
check 'that went out with the message (F21)' \
    is "$(jq -r .originalMessageId out)" "$(sent_header send iothub-messageid)"

start_wait no --wait 20s --interval 500ms
c2d-device reject "$(c2d-device receive --keep | jq -r .lockToken)"
close_batch
finish_run
check 'a message that the device rejects: 19 (W2)' is "$CODE $(jq -r .statusCode out) $(grep -c 'error: NEGATIVE: ' err)" '19 Rejected 1'
check 'and the error says what it was' says err "message 'no'" dev1 Rejected
start_wait late --ttl 60s --wait 20s --interval 500ms -q
set_sim clock '{"advance": 120}' && queued >got
close_batch
finish_run
check 'a message that expires: 19, with -q nothing is printed (W2)' fails_with 19 NEGATIVE
check 'and the error says so' says err Expired

start_wait never --wait 1s
finish_run
check 'nothing came: 18, and the text says that the hub has the message (W2, F20)' ran_out never
check 'the hub was asked once more at the end (W1)' is "$(requests feedback)" 1
check 'and the hint thinks of other readers of the queue' \
    says err 'feedback -o log' 'another reader' 'another machine'
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
start_wait old --wait 3s
head -c 500 /dev/zero | tr '\0' '\n' >>log
sleep 1.5
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
check 'junk, records of others and half a line are passed over' kill -0 "$RUN_PID"
echo >>log
finish_run
check 'until the line is whole: 0' outcome_is 0 Success
start_wait unknown --wait 20s
record unknown Teleported >>log
finish_run
check 'an outcome that is not known: 18, since the message may have arrived' ran_out_with_record
check 'and the error quotes the word' says err "'Teleported'"
start_wait unknown --wait 20s
record unknown expired >>log
finish_run
check 'a known outcome counts in any case: 19' is "$CODE" 19

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

echo old >log
start_wait refilled --wait 20s
record refilled Success >log
finish_run
check 'and one in a log that was emptied and is longer than before when it is looked at' \
    outcome_is 0 Success
start_over
echo old >log
add_batch copied 1
fault '{"operation": "feedback", "delayMs": 1500}'
start_run c2d-http send dev1 -m x -i copied --feedback-log log --wait 1s
until_true has_requests feedback 1
: >log # logrotate's copytruncate
finish_run
check 'whoever reads the queue finds its record in a log that was emptied meanwhile' \
    is "$CODE $(jq -r .statusCode out) $(records copied)" '0 Success 1'

rm log
start_wait rotated --wait 20s --interval 500ms
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
