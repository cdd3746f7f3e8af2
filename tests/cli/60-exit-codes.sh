# shellcheck shell=sh
# Goal: every outcome has its exit code and name, and an attempt that may succeed is retried.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# hub_says SENTENCE CODE NAME FAULT TEXT: a send whose every attempt meets the fault.
hub_says() {
    reset_hub
    fault "{\"operation\": \"send\", \"count\": -1, $4}"
    run c2d-http send dev1 -m x --retries 0
    check "$1" fails_with "$2" "$3"
    check "$1, and the error says why" says err "$5"
}

run c2d-device receive -c 1
check 'receive -c 1 from an empty queue exits 10 and prints nothing' ends_silently 10 ''
run c2d-device receive --wait 1
check 'receive --wait without a message exits 10 and prints nothing' ends_silently 10 ''
run c2d-device receive -c 1 -v
check 'receive -c 1 -v from an empty queue reports NO_MESSAGE' says err 'error: NO_MESSAGE'
run c2d-http feedback -c 1
check 'feedback -c 1 without feedback exits 10 and prints nothing' ends_silently 10 ''
hub_says 'send exits 15 when each attempt gets 429' 15 THROTTLED \
    '"status": 429, "errorNumber": 429001, "errorCode": "ThrottlingException"' 429
hub_says 'send exits 16 when the daily quota is used up' 16 QUOTA \
    '"status": 403, "errorNumber": 403002, "errorCode": "IotHubQuotaExceeded"' 'resets at 00:00 UTC'
hub_says 'send exits 17 for a 413' 17 TOO_LARGE '"status": 413, "errorNumber": 413001' 413001
hub_says 'send exits 12 for the hub code 403007' \
    12 QUEUE_FULL '"status": 403, "errorNumber": 403007' dev1
hub_says 'send exits 14 for a 404' 14 NOT_FOUND '"status": 404, "errorCode": "DeviceNotFound"' dev1
hub_says 'send exits 23 for a 500' 23 SERVER '"status": 500, "errorNumber": 500001' 500
hub_says 'send exits 23 for a 503' 23 SERVER '"status": 503, "shape": "empty"' 503
hub_says 'send exits 24 for a 400' \
    24 PROTOCOL '"status": 400, "errorNumber": 400004, "shape": "nested"' 400004
hub_says 'send exits 24 for a 302' \
    24 PROTOCOL '"status": 302, "headers": [["Location", "https://other.test/"]]' \
    https://other.test/
hub_says 'send exits 77 for a disabled device' \
    77 AUTH '"status": 403, "errorNumber": 403012' "device 'dev1' is disabled"
hub_says 'send exits 77 for a 403 without a hub error code' 77 AUTH \
    '"status": 403, "shape": "html"' 'a network filter responded'
hub_says 'send exits 77 for a hub of the Basic tier' \
    77 AUTH '"status": 403, "errorNumber": 403010' tier
hub_says 'send exits 77 for a 401' 77 AUTH '"status": 401, "errorNumber": 401002' 401

reset_hub
fault '{"operation": "receive", "delayMs": 4000}'
run c2d-device receive --timeout 300ms
check 'receive exits 18 without a response within --timeout' fails_with 18 TIMEOUT
reset_hub
fault '{"operation": "receive", "drop": "before", "reset": true, "count": -1}'
run c2d-device receive --retries 0
check 'receive exits 20 for a reset connection' fails_with 20 NETWORK
run c2d-device receive --retries 0 --connect-to 127.0.0.1:1
check 'receive exits 20 for a refused connection' fails_with 20 NETWORK
check 'receive prints nothing to stdout for a refused connection' is_empty out
IOTHUB_DEVICE_CONNECTION_STRING='HostName=no.such.invalid;DeviceId=d;SharedAccessKey=a2V5' \
    run c2d-device receive --retries 0
check 'receive exits 20 for a host name that does not exist' fails_with 20 NETWORK
check 'the error for a host name that does not exist names it' says err no.such.invalid

# ---- Attempts ----

reset_hub
fault '{"operation": "send", "status": 503, "count": 2}'
run c2d-http send dev1 -m x -j
check 'send -j counts three attempts after two 503 responses' \
    shows '.attempts == 3 and .status == "enqueued"'
check 'send makes three requests after two 503 responses' has_requests send 3
reset_hub
fault '{"operation": "receive", "status": 401}'
run c2d-device receive -j
check 'receive retries once after a 401 and exits 0' is "$CODE $(requests receive)" '0 2'
reset_hub
fault '{"operation": "receive", "status": 401, "count": -1}'
run c2d-device receive --retries 9
check 'receive exits 77 after two 401 responses' is "$CODE $(requests receive)" '77 2'
for answer in 400 404 412 413; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $answer, \"count\": -1}"
    run c2d-device receive
    check "receive does not retry after a $answer" has_requests receive 1
done
reset_hub
fault '{"operation": "receive", "status": 429}'
run c2d-device receive
check 'receive retries after a 429' is "$CODE $(requests receive)" '0 2'
for answer in 408 500 502 504; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $answer}"
    run c2d-device receive
    check "receive retries after a $answer, which may have locked a message, and exits 20" \
        is "$CODE $(requests receive)" '20 2'
done
reset_hub
fault '{"operation": "receive", "status": 429, "retryAfter": 20, "count": -1}'
run c2d-device receive --timeout 5s
check 'receive exits 15 at once when Retry-After is beyond --timeout' \
    is "$CODE $(requests receive)" '15 1'
reset_hub
fault '{"operation": "receive", "status": 503, "count": -1}'
run c2d-device receive --timeout 1s --retries 1000
check 'receive exits with the code of the last response when --timeout ends its attempts' code_is 23

# ---- One collector (26) ----

start_run c2d-http feedback -o collected --wait 60s --interval 1s
asked_feedback() {
    [ "$(requests feedback)" -gt 0 ]
}
until_true asked_feedback
first=$RUN_PID
run c2d-http feedback -o collected
check 'a second feedback -o to the same file exits 26 and prints nothing' ends_silently 26 ''
run c2d-http feedback -o collected -v
check 'a second feedback -o -v to the same file reports LOCKED' says err 'error: LOCKED'
kill "$first"
wait "$first" 2>/dev/null
run c2d-http feedback -o collected
check 'feedback -o exits 0 after the first collector has ended' code_is 0

# ---- Several errors ----

reset_hub
set_sim devices '{"devices": ["dev2"]}'
admin="-C $HUB/iothubowner.conn"
# shellcheck disable=SC2086
run c2d-http status dev1 nobody dev2 $admin
check 'status of three devices of which one fails exits 11 and prints the others' \
    is "$CODE $(wc -l <out)" '11 2'
# shellcheck disable=SC2086
run c2d-http status nobody nobody2 $admin
check 'status of two unknown devices exits 14' code_is 14
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
fault '{"operation": "receive", "skip": 1, "status": 401, "count": 2}'
run c2d-device receive
check 'receive exits 77 after a lost lock and refused credentials' code_is 77
