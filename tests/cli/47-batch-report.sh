# shellcheck shell=sh
# The report of a batch that did not send everything: one line on stderr, and results that name
# device, message and reason. Skipped lines take no time.
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
check 'a batch with -q that did not send 3 of 5 lines reports it in one error line' eval \
    'code_is 11 && errors_are 1 && says err "error: PARTIAL: 3 of the 5 lines read were not sent"'
check 'the error line of a batch names the first failed line, its device and the reason' \
    grep -qE "line [25], device 'f[13]': (QUEUE_FULL: device 'f1' already holds|DATA: 'Body')" err
check 'a batch with failed lines prints one hint that names --journal' \
    is "$(grep -c '^c2d-http: hint: .*--journal' err)" 1
check 'send --batch -q prints only the results of failed and skipped lines' is \
    "$(jq -rs 'sort_by(.line) | map("\(.line) \(.status)") | join(", ")' out)" \
    '2 failed, 3 skipped, 5 failed'
check 'the result of a skipped line names the line that failed, and its error' is \
    "$(result 3 '.error.name + " " + .error.message')" \
    'QUEUE_FULL not sent: line 2, for the same device, failed with QUEUE_FULL less than a minute ago'
check 'the result of a skipped line has its device and message id' is \
    "$(result 3 '.deviceId + " " + (.messageId | length | tostring)')" 'f1 36'
run c2d-http send --batch some -q -j
check 'send --batch -j reports the first failure in one object with device and message id' \
    jq -es 'length == 1 and (.[0] | .level == "error" and .name == "PARTIAL" and .exit == 11
        and (.message | contains("4 of the 5 lines")) and (.deviceId | length) > 0
        and (.messageId | length) > 0 and (.hint | length) > 0)' err
run c2d-http send --batch some --journal journal
check 'with a journal the hint of a failed batch is to run the same command again' \
    says err 'hint: ' 'run the same command again: with its journal'
run c2d-http send --batch some -n
check 'a dry run of a batch reports how many lines cannot be sent' eval 'code_is 65 || code_is 11
    says err "1 of the 5 lines read cannot be sent" "correct these lines"'

afresh
seq -f '{"deviceId":"f%.0f"}' 0 19 >twenty
run c2d-http send --batch twenty
check 'a batch that sent all lines prints nothing to stderr' is "$CODE $(wc -c <err)" '0 0'

seq -f '{"deviceId":"f1","messageId":"m%.0f"}' 1 1000 >many
fault '{"operation": "send", "status": 401, "errorNumber": 401002, "count": -1}'
run c2d-http send --batch many -q
check 'a batch that ended early reports why in one line, and that the rest was not read' eval \
    'errors_are 1 && says err "error: AUTH: " "lines read were not sent, and the rest of many was" \
        "line 1, device '"'f1'"': the hub refused the credentials"'
check 'the result of a line skipped at the end of a batch says why the batch ended' is \
    "$(result 2 '.status + " " + .error.name + " " + .error.message' | cut -c 1-71)" \
    'skipped AUTH not sent: the batch ended: the hub refused the credentials'

afresh
start_run c2d-http send --batch twenty --rate 1/s -q
until_true has_requests send 1
kill -INT "$RUN_PID"
finish_run
check 'a batch with -q that a signal stopped reports how many lines it did not send' \
    grep -q '^c2d-http: warning: 1[89] of the 20 lines read were not sent; stopped by a sig' err
check 'the results of lines that a signal skipped say that the batch was stopped' \
    is "$(jq -rs '[.[] | select(.status == "skipped")
    | .error.name + ": " + .error.message] | unique | join(" ")' out)" \
    'CANCELLED: not sent: the batch was stopped'

afresh
fault '{"operation": "send", "drop": "after", "count": -1}'
head -n 1 twenty | c2d-http send --batch - --retries 0 >out 2>err
check 'the error of a batch reports a line without a response as in doubt' \
    says err ': 1 of the 1 lines read are in doubt; line 1'
c2d-http send --batch twenty --journal /dev/null/x >out 2>err
check 'a batch that fails before its first line does not count lines' lacks err 'lines read'

# ---- Device and message id of an invalid line ----

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
check 'the result of an invalid line names its device and message id where it has them' is \
    "$(jq -rs 'sort_by(.line) | map("\(.deviceId) \(.messageId)") | join(", ")' out)" \
    'd1 m1, dé m2, d3 m3, d4 m4, d5 m5, d6 m6, null null, null null, d9 m9'

# ---- Lines that are not sent ----

afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 50}'
{ printf '{"deviceId":"f1"}\n%.0s' $(seq 40); printf '{"deviceId":"f2","properties":{"a b":"c"}}\n%.0s' \
    $(seq 40); } >slow
run timeout 20 c2d-http send --batch slow --rate 1/s
check '--rate does not delay lines that are skipped or cannot be sent' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs)" '12 41 failed 39 skipped'

# ---- A device with a full queue is tried again after a minute ----

# A preloaded library of the tests moves the clock.
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
check 'a batch tries a device with a full queue again after a minute and sends its later lines' is \
    "$(jq -rs 'sort_by(.line) | map(.status) | join(" ")' out)" \
    'failed skipped skipped skipped enqueued enqueued'

# ---- A journal in use ----

rm -f journal
c2d-http send --batch pipe --journal journal >/dev/null 2>&1 &
PIDS="$PIDS $!"
exec 8>pipe
until_true test -s journal
run c2d-http send --batch twenty --journal journal
check 'a batch without a terminal whose journal is in use exits 26 and prints nothing' \
    ends_silently 26 ''
script -qec 'c2d-http send --batch twenty --journal journal' /dev/null </dev/null >out
check 'a batch on a terminal whose journal is in use reports it' \
    says out 'error: LOCKED: ' "'journal'"
exec 8>&-
