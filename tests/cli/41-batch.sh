# shellcheck shell=sh
# A file of messages: each line has its result (B1), devices do not wait for each other but keep
# their order (B2), what would fail for all ends it (B3), and the input is only a stream (B5).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
afresh() { # a hub with the devices f0 to f19
    reset_hub
    set_sim devices '{"prefix": "f", "count": 20}'
}
afresh

outcomes() { # line and status of each result, in the order of the lines
    jq -rs 'sort_by(.line) | map("\(.line) \(.status)") | join(", ")' out
}
line_says() { # line, text
    jq -r "select(.line == $1) | .error.message" out | grep -qF -e "$2"
}

# ---- Lines in, lines out ----

cat >mixed <<'X'
{"deviceId": "f1", "body": "text", "messageId": "own-1", "properties": {"k": "v"}, "ack": "full", "ttl": "10m"}

{"deviceId": "f2", "bodyBase64": "AP8K"}
{"body": "for the default"}
X
printf '{"deviceId": "f3", "body": "no newline at the end"}' >>mixed
run c2d-http send --batch mixed dev1
check 'every line has one result (B1)' is "$CODE $(outcomes)" \
    '0 1 enqueued, 3 enqueued, 4 enqueued, 5 enqueued'
check 'a result names device and message (B1)' jq -es \
    'map(select(.line == 1))[0] | .v == 1 and .deviceId == "f1" and .messageId == "own-1"
     and .attempts == 1 and .maybeDuplicate == false' out
check 'a message has what its line says' is "$(state '.devices.f1.queue[0] |
    [.messageId, .properties.k, .ack, .bodySize] | tostring')" '["own-1","v","full",4]'
check 'bytes go as base64' is "$(state '.devices.f2.queue[0].bodyBase64')" AP8K
check 'a line without deviceId is for the device of the command' is "$(queued dev1)" 1
check 'messages without an id have one each' is "$(jq -r .messageId out | sort -u | wc -l)" 4
afresh
printf '{"deviceId":"f1"}\r\n{"deviceId":"f2"}\r\n' | c2d-http send --batch - >out 2>err
check 'stdin is taken, and so are lines that end in CRLF' is "$(outcomes)" '1 enqueued, 2 enqueued'

# ---- Lines that are wrong ----

afresh
{
    printf '{"deviceId":"f1","body":"\377"}\n{"deviceId":"f1","body":"\\u0000"}\n'
    printf '{"deviceId":"f1","body":1}\n{"deviceId":"f1","deviceId":"f2"}\n{"Body":"x"}\n'
    printf '{"deviceId":"f1"} x\n{"deviceId":"f1","body":"x","bodyBase64":"eA=="}\n'
    printf '{"deviceId":"a/b"}\n{"deviceId":"f1","properties":{"a b":"c"}}\n{"body":"x"}\n'
    printf '{"deviceId":"f1","body":"%0262200d"}\n{"deviceId":"f1","body":"%070000d"}\n' 0 0
    printf '{"deviceId":"f1","body":"%01048576d"}\n{"deviceId":"f1","messageId":"good"}' 0
} >wrong
unset IOTHUB_DEVICE_ID
run c2d-http send --batch wrong
check 'a line that is wrong fails alone: 11 (B5)' is "$CODE $(jq -r .status out | sort | uniq -c |
    xargs)" '11 1 enqueued 13 failed'
check 'and the good one is sent' is "$(requests send) $(jq -r 'select(.line == 14).messageId' out)" \
    '1 good'
check 'each says what is wrong' eval 'line_says 1 "valid UTF-8" && line_says 2 u0000 &&
    line_says 3 "body must be a string" && line_says 4 "given twice" && line_says 5 "not a member" &&
    line_says 6 "nothing after" && line_says 7 exclude && line_says 8 "/" && line_says 9 " " &&
    line_says 10 "no deviceId" && line_says 11 "256 KiB" && line_says 12 65536 &&
    line_says 13 "256 KiB"'
check 'and with which code' is "$(jq -r '.error.name // empty' out | sort | uniq -c | xargs)" \
    '12 DATA 1 TOO_LARGE'
all_requests_before=$(all_requests)
run c2d-http send --batch wrong -n
check '-n finds the same faults, and asks nothing' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs) $(all_requests)" \
    "11 13 failed $all_requests_before"
head -n 3 wrong >all-wrong
run c2d-http send --batch all-wrong
check 'when all fail their code is the exit code (B5)' code_is 65
: >empty
run c2d-http send --batch empty
check 'an empty file is no failure' ends_silently 0 ''

# ---- Order (B2) ----

afresh
for i in $(seq 1 20); do
    printf '{"deviceId":"f1","messageId":"a%d"}\n{"deviceId":"f2","messageId":"b%d"}\n' "$i" "$i"
done >ordered
fault '{"operation": "send", "device": "f1", "status": 503, "count": 2}'
run c2d-http send --batch ordered -P 16
check 'messages of one device are queued in the order of their lines (B2)' \
    is "$CODE $(state '.devices.f1.queue[].messageId' | xargs)" "0 $(seq -f 'a%.0f' 1 20 | xargs)"
check 'another device does not wait for one that is tried again (B2)' is \
    "$(jq -r .deviceId out | head -n 10 | sort -u)" f2

afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 49}'
printf '{"deviceId":"%s"}\n' f1 f1 f1 nobody nobody f2 >full
run c2d-http send --batch full
check 'behind a full queue or an unknown device its later lines are skipped (B2)' \
    is "$CODE $(outcomes)" \
    '11 1 enqueued, 2 failed, 3 skipped, 4 failed, 5 skipped, 6 enqueued'
check 'and not asked for' is "$(requests send)" 4

# ---- What ends it (B3) ----

seq -f '{"deviceId":"dev1","messageId":"m%.0f"}' 1 40 >forty
seq -f '{"deviceId":"f%.0f"}' 0 19 >twenty
for ending in '77 401 401002' '16 403 403002'; do
    afresh
    # shellcheck disable=SC2086  # three words
    set -- $ending
    fault "{\"operation\": \"send\", \"status\": $2, \"errorNumber\": $3, \"count\": -1}"
    run c2d-http send --batch twenty -P 2
    check "what would fail for all stops it: $1 (B3)" is "$CODE $(grep -c ': error: ' err)" "$1 1"
    check "after few requests, and the others are skipped: $1 (B3)" is \
        "$(test "$(requests send)" -le 4 && jq -r .status out | sort -u | xargs)" 'failed skipped'
    check "every line that was read has a result: $1 (B1)" is \
        "$(jq -s 'map(.line) | unique | length' out)" "$(wc -l <out | xargs)"
done
run c2d-http send --batch twenty --cacert /etc/hostname
check 'credentials and trust are checked first (G7)' fails_with 78 CONFIG

afresh
fault '{"operation": "send", "status": 429, "retryAfter": 1, "count": 3}'
run c2d-http send --batch twenty --retries 0 --timeout 2s
check 'a throttled batch waits, which is no try (B3)' is \
    "$CODE $(jq -s 'map(select(.status == "enqueued")) | length' out)" '0 20'
check 'and says so, once' is "$(grep -c throttling err) $(wc -l <err)" '1 1'

afresh
fault '{"operation": "send", "status": 429, "retryAfter": 30, "count": -1}'
start_run c2d-http send --batch twenty
until_true has_requests send 8
kill -INT "$RUN_PID"
finish_run
check 'what is throttled when INT comes is skipped, and no failure: 130 (B3)' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs) $(grep -c error err)" '130 20 skipped 0'

afresh
fault '{"operation": "send", "delayMs": 1500, "skip": 3, "count": -1}'
start_run c2d-http send --batch forty -P 1
until_true has_requests send 4
kill -INT "$RUN_PID"
finish_run
check 'after INT what is in flight finishes, and no more is begun: 130 (B3)' is \
    "$CODE $(requests send) $(jq -r .status out | sort | uniq -c | xargs)" \
    '130 4 4 enqueued 36 skipped'

# ---- Input and output ----

run c2d-http send --batch /nonexistent
check 'a file that is not there: 66' fails_with 66 NOINPUT
run c2d-http send --batch .
check 'a folder: 66' fails_with 66 NOINPUT
afresh
mkfifo pipe
c2d-http send --batch pipe >out 2>err &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
exec 8>pipe
echo '{"deviceId":"f1"}' >&8
until_true has_requests send 1
check 'a pipe that stays open holds nothing back' says out '"status":"enqueued"'
echo '{"deviceId":"f2"}' >&8
until_true has_requests send 2
exec 8>&-
finish_run
check 'and the batch ends when it is closed' is "$CODE $(outcomes)" '0 1 enqueued, 2 enqueued'
afresh
c2d-http send --batch twenty >/dev/full 2>err
CODE=$?
check 'results that cannot be written end it: 74' is \
    "$CODE $(test "$(requests send)" -lt 20 && echo few)" '74 few'
check 'which is said once' is "$(grep -c . err)" 1
mkfifo nobody
start_run c2d-http send --batch nobody
sleep 0.3
kill -INT "$RUN_PID"
finish_run
check 'INT while nobody writes to a pipe is no fault of it: 130' ends_silently 130 ''
afresh
run c2d-http send --batch twenty -q
check '-q prints no result of what went well' ends_silently 0 ''
run c2d-http send --batch twenty --rate 10/x
check '--rate must be a rate: 64' fails_with 64 USAGE
for wrong in '-m x' '-i id' '-p a=b' '--ttl 1m'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-http send --batch twenty $wrong
    check "what describes one message does not go with --batch: $wrong" fails_with 64 USAGE
done
run c2d-http send dev1 -m x -P 4
check '-P alone is 64' fails_with 64 USAGE
afresh
start_run c2d-http send --batch twenty --rate 1/s
until_true has_requests send 1
sleep 0.6
check '--rate keeps the others back' is "$(test "$(requests send)" -le 2 && echo few)" few
kill -TERM "$RUN_PID"
finish_run

afresh
script -qec 'c2d-http send --batch forty --rate 20/s 2>&1 >/dev/null' /dev/null </dev/null >out
check 'on a terminal it shows how far it is, and erases that at the end (E5)' \
    grep -qE "done, 0 failed, [0-9.]+/s, [0-9]+ s left.*$(printf '\r +\r$')" out
