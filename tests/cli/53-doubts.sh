# shellcheck shell=sh
# What an answer that was lost leaves in doubt is said, and never taken for "nothing was there".
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
fault '{"operation": "purge", "drop": "after"}'
run c2d-http purge dev1 --force
check 'a purge whose first answer was lost does not pass its count off as the whole (X2)' \
    says err 'an earlier try got no answer'

reset_hub
c2d-http send dev1 -m x --ack full -q
c2d-device receive >received
set_sim clock '{"advance": 20}'
fault '{"operation": "feedback", "drop": "after"}'
run c2d-http feedback
check 'feedback whose answer was lost is not reported as an empty queue: 20' fails_with 20 NETWORK
check 'and the text says that a batch may be locked' says err 'may be locked for a minute'

set_sim clock '{"advance": 61}'
fault '{"operation": "feedbackComplete", "drop": "after"}'
run c2d-http feedback
check 'a batch whose completion got no response, then 412: 13' code_is 13
check 'a warning says that the completion of the batch is in doubt' \
    says err 'whether it was completed is in doubt'
set_sim clock '{"offset": 0}'

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 49}'
fault '{"operation": "send", "drop": "after"}'
run c2d-http send dev1 -m y -i doubtful
check 'a refusal behind a lost answer keeps its code (S2)' fails_with 12 QUEUE_FULL
check 'and says which message may be queued' says err "message 'doubtful' may be queued"

reset_hub
fault '{"operation": "send", "drop": "after"}'
fault '{"operation": "send", "status": 404}'
run c2d-http send dev1 -m y -j
check 'the doubt outlives the older form of send (S2)' shows '.maybeDuplicate and .attempts == 3'

reset_hub
fault '{"operation": "complete", "status": 503, "retryAfter": 2}'
enqueue '{"deviceId": "dev1", "body": "x"}'
start_run c2d-device receive
until_true has_requests complete 1
kill -TERM "$RUN_PID"
finish_run
check 'a settlement that waits for its next try still gets it after a signal (Q2)' \
    is "$CODE $(queued dev1)" '143 0'
