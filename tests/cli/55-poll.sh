# shellcheck shell=sh
# poll goes on after errors that may pass, reports each change of state once, and only one instance
# serves a device.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

start_run c2d-device poll --interval 200ms -q
until_true has_requests receive 3
enqueue '{"deviceId": "dev1", "body": "later"}'
until_true says out '"body":"later"'
until_true has_requests complete 1
check 'poll receives and completes a message that arrives later' is "$(queued dev1)" 0

run c2d-device receive
check 'a second instance for a device exits 26 and prints nothing' ends_silently 26 ''
run c2d-device receive -v
check 'a second instance for a device reports the first one with -v' says err 'another instance'
run script -qec 'c2d-device receive' /dev/null
check 'a second instance for a device on a terminal reports why it exits 26' \
    eval "code_is 26 && says out 'LOCKED: another instance'"
run c2d-device receive --no-lock
check 'receive --no-lock exits 0 beside another instance' code_is 0
kill -TERM "$RUN_PID"
finish_run
check 'TERM ends poll with 143' code_is 143
run c2d-device receive
check 'receive exits 0 after the instance with the lock has ended' code_is 0
check 'the folder of the lock file has mode 700' \
    is "$(stat -c %a "/run/lock/c2d-$(id -u)" 2>/dev/null || stat -c %a "/tmp/c2d-$(id -u)")" 700

reset_hub
start_run c2d-device poll --interval 200ms
until_true says err 'once a minute'
check 'poll warns once about an interval under a minute' is "$(grep -c 'once a minute' err)" 1
set_sim clock '{"advance": 7200}'
enqueue '{"deviceId": "dev1", "body": "behind the step"}'
check 'poll receives a message after the clock of the hub was moved by two hours' \
    until_true says out 'behind the step'
check 'poll reports that its clock is behind the clock of the hub' says err 'min behind'
check 'poll goes on with a clock that is two hours behind' kill -0 "$RUN_PID"
kill -TERM "$RUN_PID"
finish_run
set_sim clock '{"offset": 0}'

reset_hub
fault '{"operation": "receive", "status": 403, "errorNumber": 403010}'
run timeout 10 c2d-device poll --interval 1s
check 'poll exits 77 for a permanent error' fails_with 77 AUTH

# goes_on_after FAULT NAME: poll still runs after such a response, and has reported NAME.
goes_on_after() {
    reset_hub
    fault "{\"operation\": \"receive\", $1}"
    start_run c2d-device poll -q
    until_true says err "error: $2: "
    sleep 0.2
    kill -0 "$RUN_PID" || return 1
    kill -TERM "$RUN_PID"
    finish_run
    code_is 143
}
check 'poll goes on after a 400, which a middlebox may have sent' \
    goes_on_after '"status": 400, "errorNumber": 400004' PROTOCOL
check 'poll goes on after a 404, as a disabled device may be enabled again' \
    goes_on_after '"status": 404, "errorNumber": 404001' NOT_FOUND
check 'poll goes on after the 403 of a filter on the way' \
    goes_on_after '"status": 403, "shape": "html"' AUTH

reset_hub
fault '{"operation": "receive", "status": 503, "count": -1}'
start_run c2d-device poll --interval 1s --retries 0 -q
until_true says err SERVER
sleep 1
check 'poll reports a failing hub once and backs off' is \
    "$(grep -c error: err) $(requests receive)" '1 1'
check 'poll goes on while the hub answers 503' kill -0 "$RUN_PID"
kill -TERM "$RUN_PID"
finish_run

# ---- Load on the hub ----

run c2d-device poll --interval 10ms
check 'poll with an interval under 100 ms exits 64' fails_with 64 USAGE
reset_hub
fault '{"operation": "receive", "status": 429, "retryAfter": 20, "count": -1}'
start_run c2d-device poll --interval 100ms -q
until_true has_requests receive 1
sleep 1
check 'poll sends no request before the Retry-After of a 429 is over' has_requests receive 1
kill -TERM "$RUN_PID"
finish_run

reset_hub
start_run c2d-device poll -q
until_true has_requests receive 1
sleep 0.5
switches() {
    grep ctxt_switches "/proc/$RUN_PID/status" | xargs
}
before=$(switches)
sleep 1
check 'poll does not wake up between two requests' is "$(switches)" "$before"
kill -TERM "$RUN_PID"
finish_run
