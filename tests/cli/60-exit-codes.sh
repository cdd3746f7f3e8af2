# shellcheck shell=sh
# Goal: every outcome has its code and its name, and a try that may help is made (4, N3, N4, X2,
# X3).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# hub_says SENTENCE CODE NAME FAULT TEXT: a send that meets the fault at every try.
hub_says() {
    reset_hub
    fault "{\"operation\": \"send\", \"count\": -1, $4}"
    run c2d-http send dev1 -m x --retries 0
    check "$1" fails_with "$2" "$3"
    check "$1: it says why" says err "$5"
}

run c2d-device receive -c 1
check 'none came with -c: 10, in silence (X3)' ends_silently 10 ''
run c2d-device receive --wait 1
check 'none came with --wait: 10, in silence (X3)' ends_silently 10 ''
run c2d-device receive -c 1 -v
check 'with -v it says NO_MESSAGE (X3)' says err 'error: NO_MESSAGE'
run c2d-http feedback -c 1
check 'no feedback with -c: 10, in silence (X3)' ends_silently 10 ''
hub_says '429 after all tries: 15' 15 THROTTLED \
    '"status": 429, "errorNumber": 429001, "errorCode": "ThrottlingException"' 429
hub_says 'the quota of the day: 16 (F29)' 16 QUOTA \
    '"status": 403, "errorNumber": 403002, "errorCode": "IotHubQuotaExceeded"' 'resets at 00:00 UTC'
hub_says '413: 17' 17 TOO_LARGE '"status": 413, "errorNumber": 413001' 413001
hub_says '403007: 12' 12 QUEUE_FULL '"status": 403, "errorNumber": 403007' dev1
hub_says '404: 14' 14 NOT_FOUND '"status": 404, "errorCode": "DeviceNotFound"' dev1
hub_says '500: 23' 23 SERVER '"status": 500, "errorNumber": 500001' 500
hub_says '503: 23' 23 SERVER '"status": 503, "shape": "empty"' 503
hub_says '400: 24' 24 PROTOCOL '"status": 400, "errorNumber": 400004, "shape": "nested"' 400004
hub_says '302: 24' 24 PROTOCOL '"status": 302, "headers": [["Location", "https://other.test/"]]' \
    https://other.test/
hub_says 'a disabled device: 77' \
    77 AUTH '"status": 403, "errorNumber": 403012' "device 'dev1' is disabled"
hub_says '403 without a code of the hub: a filter on the way (E3)' 77 AUTH \
    '"status": 403, "shape": "html"' 'a network filter responded'
hub_says 'a Basic-tier hub is told so (E3)' 77 AUTH '"status": 403, "errorNumber": 403010' tier
hub_says '401: 77' 77 AUTH '"status": 401, "errorNumber": 401002' 401

reset_hub
fault '{"operation": "receive", "delayMs": 4000}'
run c2d-device receive --timeout 300ms
check 'no answer within --timeout: 18' fails_with 18 TIMEOUT
reset_hub
fault '{"operation": "receive", "drop": "before", "reset": true, "count": -1}'
run c2d-device receive --retries 0
check 'a reset connection: 20' fails_with 20 NETWORK
run c2d-device receive --retries 0 --connect-to 127.0.0.1:1
check 'a refused connection: 20, with the host' fails_with 20 NETWORK
check 'and nothing on stdout (F32)' is_empty out
IOTHUB_DEVICE_CONNECTION_STRING='HostName=no.such.invalid;DeviceId=d;SharedAccessKey=a2V5' \
    run c2d-device receive --retries 0
check 'a name that does not exist: 20, and it is named' fails_with 20 NETWORK
check 'with the name' says err no.such.invalid

# ---- Tries (N3, N4) ----

reset_hub
fault '{"operation": "send", "status": 503, "count": 2}'
run c2d-http send dev1 -m x -j
check '503 twice, then 204: attempts 3 (N3)' shows '.attempts == 3 and .status == "enqueued"'
check 'on the wire three requests (F34)' has_requests send 3
reset_hub
fault '{"operation": "receive", "status": 401}'
run c2d-device receive -j
check 'a single 401 is tried again with a fresh token (N3)' is "$CODE $(requests receive)" '0 2'
reset_hub
fault '{"operation": "receive", "status": 401, "count": -1}'
run c2d-device receive --retries 9
check 'but only once (N3)' is "$CODE $(requests receive)" '77 2'
for answer in 400 404 412 413; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $answer, \"count\": -1}"
    run c2d-device receive
    check "$answer is not tried again (N3)" has_requests receive 1
done
for answer in 408 429 500 502 504; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $answer}"
    run c2d-device receive
    check "$answer is tried again (N3)" is "$CODE $(requests receive)" '0 2'
done
reset_hub
fault '{"operation": "receive", "status": 429, "retryAfter": 20, "count": -1}'
run c2d-device receive --timeout 5s
check 'Retry-After beyond --timeout: it gives up with the code of the answer (N4)' \
    is "$CODE $(requests receive)" '15 1'
reset_hub
fault '{"operation": "receive", "status": 503, "count": -1}'
run c2d-device receive --timeout 1s --retries 1000
check 'when --timeout ends the tries, the last answer is the code, not 18 (N4)' code_is 23

# ---- One collector (26) ----

start_run c2d-http feedback -o collected --wait 60s --interval 1s
asked_feedback() {
    [ "$(requests feedback)" -gt 0 ]
}
until_true asked_feedback
first=$RUN_PID
run c2d-http feedback -o collected
check 'a second collector into one file: 26, in silence (F4, X3)' ends_silently 26 ''
run c2d-http feedback -o collected -v
check 'with -v it says LOCKED (X3)' says err 'error: LOCKED'
kill "$first"
wait "$first" 2>/dev/null
run c2d-http feedback -o collected
check 'when the first has ended the file is free (F4)' code_is 0

# ---- Several failures (X1, 11) ----

reset_hub
set_sim devices '{"devices": ["dev2"]}'
admin="-C $HUB/iothubowner.conn"
# shellcheck disable=SC2086
run c2d-http status dev1 nobody dev2 $admin
check 'one of several devices failed: 11, the others are shown (11)' is "$CODE $(wc -l <out)" '11 2'
# shellcheck disable=SC2086
run c2d-http status nobody nobody2 $admin
check 'all failed alike: their code (11)' code_is 14
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
fault '{"operation": "receive", "skip": 1, "status": 401, "count": 2}'
run c2d-device receive
check 'a lost lock and then refused credentials: 77 comes first (X1)' code_is 77
