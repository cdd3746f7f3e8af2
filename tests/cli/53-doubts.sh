# shellcheck shell=sh
# An outcome that a lost response leaves in doubt is reported, and never taken for an empty queue.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
fault '{"operation": "purge", "drop": "after"}'
run c2d-http purge dev1 --force
check 'a purge whose first response was lost warns that its count may be incomplete' \
    says err 'an earlier attempt got no response'

reset_hub
c2d-http send dev1 -m x --ack full -q
c2d-device receive >received
set_sim clock '{"advance": 20}'
fault '{"operation": "feedback", "drop": "after"}'
run c2d-http feedback
check 'feedback exits 20 when its response was lost and the retry finds nothing' \
    fails_with 20 NETWORK
check 'the error for a lost feedback response says that a batch may be locked' \
    says err 'may be locked for a minute'

set_sim clock '{"advance": 61}'
fault '{"operation": "feedbackComplete", "drop": "after"}'
run c2d-http feedback
check 'feedback exits 13 when a completion gets no response and the retry gets 412' code_is 13
check 'feedback warns that the completion of the batch is in doubt' \
    says err 'whether it was completed is in doubt'
set_sim clock '{"offset": 0}'

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 49}'
fault '{"operation": "send", "drop": "after"}'
run c2d-http send dev1 -m y -i doubtful
check 'send exits 12 when a response is lost and the retry finds a full queue' \
    fails_with 12 QUEUE_FULL
check 'the error after a lost response names the message that may be queued' \
    says err "message 'doubtful' may be queued"

reset_hub
fault '{"operation": "send", "drop": "after"}'
fault '{"operation": "send", "status": 404}'
run c2d-http send dev1 -m y -j
check 'send keeps maybeDuplicate when it switches to the older form of the request' \
    shows '.maybeDuplicate and .attempts == 3'

reset_hub
fault '{"operation": "complete", "status": 503, "retryAfter": 2}'
enqueue '{"deviceId": "dev1", "body": "x"}'
start_run c2d-device receive
until_true has_requests complete 1
kill -TERM "$RUN_PID"
finish_run
check 'TERM during the back-off of a complete lets its retry finish and exits 143' \
    is "$CODE $(queued dev1)" '143 0'

for fault in '"drop": "after"' '"status": 500' '"html": true'; do
    reset_hub
    fault "{\"operation\": \"complete\", $fault}"
    enqueue '{"deviceId": "dev1", "messageId": "m1", "body": "x"}'
    run c2d-device receive --retries 0
    check "the error of a complete names the message that may come again ($fault)" \
        says err "message 'm1': "
done
