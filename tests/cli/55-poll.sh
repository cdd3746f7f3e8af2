# shellcheck shell=sh
# poll goes on where it makes sense (R5), tells a change of state once, and one instance serves a
# device (7.1).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

start_run c2d-device poll --interval 200ms -q
until_true has_requests receive 3
enqueue '{"deviceId": "dev1", "body": "later"}'
until_true says out '"body":"later"'
until_true has_requests complete 1
check 'poll asks again, and takes what has come' is "$(queued dev1)" 0

run c2d-device receive
check 'a second instance for the device ends with 26, and says nothing (F6, X3)' ends_silently 26 ''
run c2d-device receive -v
check 'but with -v' says err 'another instance'
run script -qec 'c2d-device receive' /dev/null
check 'on a terminal a second instance says why it ends with 26' \
    eval "code_is 26 && says out 'LOCKED: another instance'"
run c2d-device receive --no-lock
check '--no-lock does not care' code_is 0
kill -TERM "$RUN_PID"
finish_run
check 'a signal ends poll' code_is 143
run c2d-device receive
check 'the lock goes with its process' code_is 0
check 'its folder is our own' is "$(stat -c %a "/run/lock/c2d-$(id -u)" 2>/dev/null \
    || stat -c %a "/tmp/c2d-$(id -u)")" 700

reset_hub
start_run c2d-device poll --interval 200ms
until_true says err 'once a minute'
check 'under a minute it warns, once' is "$(grep -c 'once a minute' err)" 1
set_sim clock '{"advance": 7200}'
enqueue '{"deviceId": "dev1", "body": "behind the step"}'
check 'a clock that is two hours off leaves no gap (F9)' until_true says out 'behind the step'
check 'and is told' says err 'min behind'
check 'poll goes on with it' kill -0 "$RUN_PID"
kill -TERM "$RUN_PID"
finish_run
set_sim clock '{"offset": 0}'

reset_hub
fault '{"operation": "receive", "status": 403, "errorNumber": 403010}'
run timeout 10 c2d-device poll --interval 1s
check 'what asking again cannot mend ends poll: 77' fails_with 77 AUTH

# goes_on_after FAULT NAME: poll is still there after such a response, and reported NAME.
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
check 'poll goes on after a 400: what answered may be a box on the way' \
    goes_on_after '"status": 400, "errorNumber": 400004' PROTOCOL
check 'poll goes on after a 404: a disabled device may be enabled again' \
    goes_on_after '"status": 404, "errorNumber": 404001' NOT_FOUND
check 'poll goes on after the 403 of a filter on the way' \
    goes_on_after '"status": 403, "shape": "html"' AUTH

reset_hub
fault '{"operation": "receive", "status": 503, "count": -1}'
start_run c2d-device poll --interval 1s --retries 0 -q
until_true says err SERVER
sleep 1
check 'trouble is told once, and asked after less often' is \
    "$(grep -c error: err) $(requests receive)" '1 1'
check 'poll goes on after it (R5)' kill -0 "$RUN_PID"
kill -TERM "$RUN_PID"
finish_run

# ---- What a hub is spared (F22) ----

run c2d-device poll --interval 10ms
check 'nobody polls more often than ten times a second: 64 (F22)' fails_with 64 USAGE
reset_hub
fault '{"operation": "receive", "status": 429, "retryAfter": 20, "count": -1}'
start_run c2d-device poll --interval 100ms -q
until_true has_requests receive 1
sleep 1
check 'poll waits as long as the hub asks for (F22)' has_requests receive 1
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
check 'between two rounds it sleeps: nothing wakes it' is "$(switches)" "$before"
kill -TERM "$RUN_PID"
finish_run
