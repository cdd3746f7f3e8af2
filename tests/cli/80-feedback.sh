# shellcheck shell=sh
# Goal: no record of feedback is dropped: a batch is completed only when all of it is in the output
# (F1-F4, F19).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# One batch of N records waits at the hub.
batch() {
    reset_hub
    set_sim clock '{"offset": 0}'
    add_batch "$1"
}
add_batch() {
    enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"m$1\", \"ack\": \"full\", \"count\": $1}"
    c2d-device receive >/dev/null
    set_sim clock '{"advance": 16}'
}
completed() {
    is "$(state '.feedback.completed') $(requests feedbackComplete)" "$1"
}
batch_is_left() {
    code_is "$1" && says err "error: $2" && completed '0 0'
}

batch 3
run c2d-http feedback
check 'each record is one line (F1)' is "$CODE $(wc -l <out)" '0 3'
check 'in the form of the contract (F2)' \
    is "$(head -n 1 out | jq -r 'keys_unsorted + (.batch | keys_unsorted) | join(" ")')" \
    "v originalMessageId deviceId deviceGenerationId statusCode description enqueuedTimeUtc \
batch lockToken index size"
check 'numbered within its batch (F2)' \
    is "$(jq -c '[.batch.index, .batch.size]' out | tr -d '\n')" '[0,3][1,3][2,3]'
check 'the batch is completed (F1)' is "$(requests feedbackComplete)" 1
run c2d-http feedback
check 'then there is none, and nothing is printed (F2)' ends_silently 0 ''

batch 2
run c2d-http feedback --keep
check '--keep prints the batch (F19)' is "$CODE $(wc -l <out)" '0 2'
check '--keep settles nothing, not even by an abandon (F1, F3, F19)' \
    is "$(requests feedbackComplete) $(requests feedbackAbandon)" '0 0'
set_sim clock '{"advance": 61}'
run c2d-http feedback
check 'and the batch comes again when its lock lapses (F1)' is "$(wc -l <out)" 2

batch 2
c2d-http feedback --keep >out
add_batch 3
c2d-http feedback --keep >out
add_batch 1
set_sim clock '{"advance": 61}'
run c2d-http feedback -c 1
check '-c 1 takes one batch whole, and no other (F1, F3)' \
    is "$CODE $(wc -l <out) $(requests feedbackComplete)" '0 2 1'
run c2d-http feedback -c 4
check '-c 4 takes batches until there are 4 records (F1)' is "$CODE $(wc -l <out)" '0 4'
run c2d-http feedback -c 1
check '-c without feedback: 10 in silence (4)' ends_silently 10 ''
run c2d-http feedback --wait 1s --interval 100ms
check '--wait without feedback: 10 in silence (4)' ends_silently 10 ''

batch 2
run c2d-http feedback -o collected
check '-o FILE gets the lines, mode 600 (F4)' \
    is "$CODE $(stat -c %a collected) $(wc -l <collected) $(wc -c <out)" '0 600 2 0'
add_batch 1
run c2d-http feedback -o collected
check '-o FILE appends (F4)' is "$(wc -l <collected)" 3
printf '{"v":1,"originalMess' >>collected
add_batch 1
run c2d-http feedback -o collected
check 'a torn last line is cut off (R2)' is "$(jq -s length collected)" 4

# ---- Failures leave the batch ----

batch 2
c2d-http feedback >/dev/full 2>err
CODE=$?
check 'a full device: 74, the batch is left alone (F1)' batch_is_left 74 IOERR
batch 2
{ c2d-http feedback 2>err; echo $? >code; } | true
CODE=$(cat code)
check 'a closed pipe: 74, the batch is left alone (F1)' batch_is_left 74 IOERR
batch 1
run c2d-http feedback -o /nonexistent/file
check 'a file that cannot be made: 73, before anything is asked (F1)' \
    is "$CODE $(requests feedback)" '73 0'
for body in 'no JSON' '{"a": 1}' '[1]' '[{"originalMessageId": 5}' ''; do
    batch 1
    fault "{\"operation\": \"feedback\", \"body\": $(printf %s "$body" | jq -Rs .)}"
    run c2d-http feedback
    check "a batch that reads '$body': 24, and it is left (F3)" batch_is_left 24 PROTOCOL
done
batch 1
fault '{"operation": "feedback", "omit": ["ETag"]}'
run c2d-http feedback
check 'a batch without lock token: 24 (R7)' batch_is_left 24 PROTOCOL
batch 1
fault '{"operation": "feedbackComplete", "status": 412, "errorNumber": 412002}'
run c2d-http feedback
check 'a batch whose lock was lost: 13, with its records in the output and a warning (F1)' \
    is "$CODE $(wc -l <out) $(grep -c warning err)" '13 1 1'

# ---- What is not known is passed on (F2) ----

batch 1
fault '{"operation": "feedback", "body": "[{\"originalMessageId\": \"m\", \"statusCode\": 3,
    \"newField\": {\"a\": 1}}, {\"StatusCode\": \"success\"},
    {\"statusCode\": \"Teleported\"}, {}]"}'
run c2d-http feedback
check 'numbers and any case become the five words, others are passed on (F2, wire 4.2)' \
    is "$(jq -c .statusCode out | tr '\n' ' ')" '"Rejected" "Success" "Teleported" null '
check 'unknown fields stand under extra (F2)' \
    is "$(head -n 1 out | jq -c .extra)" '{"newField":{"a":1}}'
check 'a record without a single member counts too (F3)' is "$(tail -n 1 out | jq -c .batch.size)" 4

long=12345678901234567890123456789012345678901234567890123456789012345678901
batch 1
fault "{\"operation\": \"feedback\",
    \"body\": \"[{\\\"ticks\\\": 637449875281230001, \\\"long\\\": $long}]\"}"
run c2d-http feedback
check 'numbers that are not known are passed on digit by digit' \
    says out "\"extra\":{\"ticks\":637449875281230001,\"long\":$long}"
check 'and their batch is completed' completed '1 1'

for outcome in Expired Rejected Purged; do
    reset_hub
    set_sim clock '{"offset": 0}'
    c2d-http send dev1 -m x -i fate --ttl 60s --ack full -q
    case $outcome in
    Expired) set_sim clock '{"advance": 120}' && queued >got ;;
    Rejected) c2d-device reject "$(c2d-device receive --keep | jq -r .lockToken)" ;;
    Purged) c2d-http purge dev1 --force -q ;;
    esac
    set_sim clock '{"advance": 16}'
    run c2d-http feedback
    check "$outcome is reported as $outcome (F2)" shows ".statusCode == \"$outcome\""
done
