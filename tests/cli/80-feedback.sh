# shellcheck shell=sh
# Goal: no feedback record is lost: a batch is completed only after all of it is in the output.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# Queues one batch of N records at the hub.
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
check 'feedback prints one line for each record' is "$CODE $(wc -l <out)" '0 3'
check 'the keys of a feedback record have the documented order' \
    is "$(head -n 1 out | jq -r 'keys_unsorted + (.batch | keys_unsorted) | join(" ")')" \
    "v originalMessageId deviceId deviceGenerationId statusCode description enqueuedTimeUtc \
batch lockToken index size"
check 'a feedback record has its index and the size of its batch' \
    is "$(jq -c '[.batch.index, .batch.size]' out | tr -d '\n')" '[0,3][1,3][2,3]'
check 'feedback completes the batch' is "$(requests feedbackComplete)" 1
run c2d-http feedback
check 'feedback without feedback at the hub exits 0 and prints nothing' ends_silently 0 ''

batch 2
run c2d-http feedback --keep
check 'feedback --keep prints the records of the batch' is "$CODE $(wc -l <out)" '0 2'
check 'feedback --keep does not complete or abandon the batch' \
    is "$(requests feedbackComplete) $(requests feedbackAbandon)" '0 0'
set_sim clock '{"advance": 61}'
run c2d-http feedback
check 'feedback prints a kept batch again after its lock expiry' is "$(wc -l <out)" 2

batch 2
c2d-http feedback --keep >out
add_batch 3
c2d-http feedback --keep >out
add_batch 1
set_sim clock '{"advance": 61}'
run c2d-http feedback -c 1
check 'feedback -c 1 takes one whole batch and no other' \
    is "$CODE $(wc -l <out) $(requests feedbackComplete)" '0 2 1'
run c2d-http feedback -c 4
check 'feedback -c 4 takes batches until it has 4 records' is "$CODE $(wc -l <out)" '0 4'
run c2d-http feedback -c 1
check 'feedback -c 1 without feedback exits 10 and prints nothing' ends_silently 10 ''
run c2d-http feedback --wait 1s --interval 100ms
check 'feedback --wait without feedback exits 10 and prints nothing' ends_silently 10 ''

batch 2
run c2d-http feedback -o collected
check 'feedback -o writes the records to a file of mode 600' \
    is "$CODE $(stat -c %a collected) $(wc -l <collected) $(wc -c <out)" '0 600 2 0'
add_batch 1
run c2d-http feedback -o collected
check 'feedback -o appends to a file' is "$(wc -l <collected)" 3
printf '{"v":1,"originalMess' >>collected
add_batch 1
run c2d-http feedback -o collected
check 'feedback -o cuts off a torn last line' is "$(jq -s length collected)" 4

# ---- Failures leave the batch ----

batch 2
c2d-http feedback >/dev/full 2>err
CODE=$?
check 'feedback to a full device exits 74 and leaves the batch' batch_is_left 74 IOERR
batch 2
{ c2d-http feedback 2>err; echo $? >code; } | true
CODE=$(cat code)
check 'feedback to a closed pipe exits 74 and leaves the batch' batch_is_left 74 IOERR
batch 1
run c2d-http feedback -o /nonexistent/file
check 'feedback -o with a file that cannot be created exits 73 before a request' \
    is "$CODE $(requests feedback)" '73 0'
for body in 'no JSON' '{"a": 1}' '[1]' '[{"originalMessageId": 5}' ''; do
    batch 1
    fault "{\"operation\": \"feedback\", \"body\": $(printf %s "$body" | jq -Rs .)}"
    run c2d-http feedback
    check "feedback exits 24 and leaves a batch with the body '$body'" batch_is_left 24 PROTOCOL
done
batch 1
fault '{"operation": "feedback", "omit": ["ETag"]}'
run c2d-http feedback
check 'feedback exits 24 and leaves a batch without a lock token' batch_is_left 24 PROTOCOL
batch 1
fault '{"operation": "feedbackComplete", "status": 412, "errorNumber": 412002}'
run c2d-http feedback
check 'feedback exits 13 with a warning and prints the records of a batch whose lock was lost' \
    is "$CODE $(wc -l <out) $(grep -c warning err)" '13 1 1'

# ---- Unknown values are passed on ----

batch 1
fault '{"operation": "feedback", "body": "[{\"originalMessageId\": \"m\", \"statusCode\": 3,
    \"newField\": {\"a\": 1}}, {\"StatusCode\": \"success\"},
    {\"statusCode\": \"Teleported\"}, {}]"}'
run c2d-http feedback
check 'feedback normalises numbers and case of statusCode and passes unknown ones on' \
    is "$(jq -c .statusCode out | tr '\n' ' ')" '"Rejected" "Success" "Teleported" null '
check 'feedback prints unknown members of a record under extra' \
    is "$(head -n 1 out | jq -c .extra)" '{"newField":{"a":1}}'
check 'feedback prints a record without members' is "$(tail -n 1 out | jq -c .batch.size)" 4

long=12345678901234567890123456789012345678901234567890123456789012345678901
batch 1
fault "{\"operation\": \"feedback\",
    \"body\": \"[{\\\"ticks\\\": 637449875281230001, \\\"long\\\": $long}]\"}"
run c2d-http feedback
check 'feedback passes unknown numbers on digit by digit' \
    says out "\"extra\":{\"ticks\":637449875281230001,\"long\":$long}"
check 'feedback completes a batch with unknown numbers' completed '1 1'

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
    check "feedback reports a message with the outcome $outcome as $outcome" \
        shows ".statusCode == \"$outcome\""
done
