# shellcheck shell=sh
# What an operator learns of a batch that did not send everything: one line on stderr, results that
# name device, message and reason, and lines that are passed over at no cost.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
afresh() { # a hub with the devices f0 to f19
    reset_hub
    set_sim devices '{"prefix": "f", "count": 20}'
}
result() { # jq filter of the result of a line
    jq -r "select(.line == $1) | $2" out
}
errors_are() {
    is "$(grep -c '^c2d-http: error: ' err)" "$1"
}

# ---- The line at the end ----

afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 49}'
{
    printf '{"deviceId":"%s"}\n' f1 f1 f1 f2
    echo '{"deviceId":"f3","messageId":"m5","Body":"x"}'
} >some
run c2d-http send --batch some -q
check 'a batch that did not send 3 of 5 lines says so in one error line, with -q too' eval \
    'code_is 11 && errors_are 1 && says err "error: PARTIAL: 3 of the 5 lines read were not sent"'
check 'the line names the first line that failed, its device and the reason' \
    grep -qE "line [25], device 'f[13]': (QUEUE_FULL: device 'f1' already holds|DATA: 'Body')" err
check 'a hint says what to do next' is "$(grep -c '^c2d-http: hint: .*--journal' err)" 1
check '-q prints the results of lines that failed or were skipped, and no other' is \
    "$(jq -rs 'sort_by(.line) | map("\(.line) \(.status)") | join(", ")' out)" \
    '2 failed, 3 skipped, 5 failed'
check 'a skipped line says which line failed, and with what' is \
    "$(result 3 '.error.name + " " + .error.message')" \
    'QUEUE_FULL not sent: line 2, for the same device, failed with QUEUE_FULL less than a minute ago'
check 'a skipped line has its device and message id' is \
    "$(result 3 '.deviceId + " " + (.messageId | length | tostring)')" 'f1 36'
run c2d-http send --batch some -q -j
check 'with -j the line at the end is one object with device, message and facts of the first failure' \
    jq -es 'length == 1 and (.[0] | .level == "error" and .name == "PARTIAL" and .exit == 11
        and (.message | contains("4 of the 5 lines")) and (.deviceId | length) > 0
        and (.messageId | length) > 0 and (.hint | length) > 0)' err
run c2d-http send --batch some --journal journal
check 'with a journal the hint is to run the same command again' says err 'hint: ' \
    'run the same command again: with its journal'
run c2d-http send --batch some -n
check 'a dry run says how many lines cannot be sent' eval 'code_is 65 || code_is 11
    says err "1 of the 5 lines read cannot be sent" "correct these lines"'

afresh
seq -f '{"deviceId":"f%.0f"}' 0 19 >twenty
run c2d-http send --batch twenty
check 'a batch that sent everything says nothing on stderr' is "$CODE $(wc -c <err)" '0 0'

seq -f '{"deviceId":"f1","messageId":"m%.0f"}' 1 1000 >many
fault '{"operation": "send", "status": 401, "errorNumber": 401002, "count": -1}'
run c2d-http send --batch many -q
check 'a batch that was ended says why in one line, and that the rest was not read' eval \
    'errors_are 1 && says err "error: AUTH: " "lines read were not sent, and the rest of many was" \
        "line 1, device '"'f1'"': the hub refused the credentials"'
check 'the lines that it skipped say why' is \
    "$(result 2 '.status + " " + .error.name + " " + .error.message' | cut -c 1-71)" \
    'skipped AUTH not sent: the batch ended: the hub refused the credentials'

afresh
start_run c2d-http send --batch twenty --rate 1/s -q
until_true has_requests send 1
kill -INT "$RUN_PID"
finish_run
check 'a batch that was stopped by a signal says how many lines it did not send, with -q too' \
    grep -q '^c2d-http: warning: 1[89] of the 20 lines read were not sent; stopped by a sig' err
check 'the results of these lines say so' is "$(jq -rs '[.[] | select(.status == "skipped")
    | .error.name + ": " + .error.message] | unique | join(" ")' out)" \
    'CANCELLED: not sent: the batch was stopped'

afresh
fault '{"operation": "send", "drop": "after", "count": -1}'
head -n 1 twenty | c2d-http send --batch - --retries 0 >out 2>err
check 'a line in doubt is not called unsent' says err ': 1 of the 1 lines read are in doubt; line 1'
c2d-http send --batch twenty --journal /dev/null/x >out 2>err
check 'what fails before the first line has no line about lines' lacks err 'lines read'

# ---- Device and message id of a line that is no message ----

{
    echo '{"deviceId":"d1","messageId":"m1","body":1}'
    printf '{"messageId":"m2", "properties": {"a": ["}", "\\""]}, "deviceId":"d\\u00e9","body":"\377"}\n'
    echo '{"deviceId":"d3","messageId":"m3","body":"say "no""}'
    echo '{"deviceId":"d4","messageId":"m4"'
    printf '{"deviceId":"d5","messageId":"m5","body":"%0300000d"}\n' 0
    printf '{"deviceId":"d6","messageId":"m6","body":"%0900000d"}\n' 0
    echo '{"body":{"deviceId":"not this"}}'
    echo '{"deviceId":7,"messageId":["m8"]}'
    printf '{"deviceId":"d9","messageId":"m9","body":"%0900000d"}' 0
} >broken
run c2d-http send --batch broken
check 'a line that cannot be read names its device and message where it has them' is \
    "$(jq -rs 'sort_by(.line) | map("\(.deviceId) \(.messageId)") | join(", ")' out)" \
    'd1 m1, dé m2, d3 m3, d4 m4, d5 m5, d6 m6, null null, null null, d9 m9'

# ---- Lines that cost nothing ----

afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 50}'
{ printf '{"deviceId":"f1"}\n%.0s' $(seq 40); printf '{"deviceId":"f2","properties":{"a b":"c"}}\n%.0s' \
    $(seq 40); } >slow
run timeout 20 c2d-http send --batch slow --rate 1/s
check 'lines that are skipped or cannot be sent cost no --rate' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs)" '12 41 failed 39 skipped'

# ---- A full device is tried again after a minute ----

# The clock is moved by a library of ours.
flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086  # one word for each flag is wanted
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 50}'
mkfifo pipe
JUMP=$PWD/jump LD_PRELOAD=$PWD/preload.so \
    ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
    c2d-http send --batch pipe >out 2>err &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
exec 8>pipe
printf '{"deviceId":"f1"}\n%.0s' 1 2 >&8
until_true says out '"line":2'
c2d-http purge f1 --force -q
echo '{"deviceId":"f1"}' >&8
until_true says out '"line":3'
echo 59 >jump
echo '{"deviceId":"f1"}' >&8
until_true says out '"line":4'
echo 62 >jump
printf '{"deviceId":"f1"}\n%.0s' 5 6 >&8
until_true says out '"line":6'
exec 8>&-
finish_run
check 'a device that was full is asked again after a minute, and its later lines are sent' is \
    "$(jq -rs 'sort_by(.line) | map(.status) | join(" ")' out)" \
    'failed skipped skipped skipped enqueued enqueued'

# ---- Where another batch uses the journal ----

rm -f journal
c2d-http send --batch pipe --journal journal >/dev/null 2>&1 &
PIDS="$PIDS $!"
exec 8>pipe
until_true test -s journal
run c2d-http send --batch twenty --journal journal
check 'a journal in use says nothing to cron: 26' ends_silently 26 ''
script -qec 'c2d-http send --batch twenty --journal journal' /dev/null </dev/null >out
check 'a journal in use says so on a terminal' says out 'error: LOCKED: ' "'journal'"
exec 8>&-
