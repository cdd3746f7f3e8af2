# shellcheck shell=sh
# A batch: each line has its result, and devices do not wait for each other but keep their order. An
# error that all lines share ends the batch. The input is read as a stream.
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
check 'send --batch prints one result for each line' is "$CODE $(outcomes)" \
    '0 1 enqueued, 3 enqueued, 4 enqueued, 5 enqueued'
check 'the result of a batch line names device, message id and attempts' jq -es \
    'map(select(.line == 1))[0] | .v == 1 and .deviceId == "f1" and .messageId == "own-1"
     and .attempts == 1 and .maybeDuplicate == false' out
check 'a message of a batch has the id, properties, ack and body of its line' \
    is "$(state '.devices.f1.queue[0] |
    [.messageId, .properties.k, .ack, .bodySize] | tostring')" '["own-1","v","full",4]'
check 'bodyBase64 of a batch line is sent as bytes' \
    is "$(state '.devices.f2.queue[0].bodyBase64')" AP8K
check 'a line without deviceId is for the device of the command' is "$(queued dev1)" 1
check 'each batch line without a messageId gets its own id' \
    is "$(jq -r .messageId out | sort -u | wc -l)" 4
afresh
printf '{"deviceId":"f1"}\r\n{"deviceId":"f2"}\r\n' | c2d-http send --batch - >out 2>err
check 'send --batch - reads lines that end in CRLF from stdin' \
    is "$(outcomes)" '1 enqueued, 2 enqueued'

# ---- Invalid lines ----

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
check 'a batch with 13 invalid lines and a valid one exits 11' \
    is "$CODE $(jq -r .status out | sort | uniq -c |
    xargs)" '11 1 enqueued 13 failed'
check 'the valid line of a batch with invalid lines is sent' \
    is "$(requests send) $(jq -r 'select(.line == 14).messageId' out)" '1 good'
check 'the result of each invalid batch line says what is wrong' \
    eval 'line_says 1 "valid UTF-8" && line_says 2 u0000 &&
    line_says 3 "body must be a string" && line_says 4 "given twice" && line_says 5 "not a member" &&
    line_says 6 "nothing after" && line_says 7 exclude && line_says 8 "/" && line_says 9 " " &&
    line_says 10 "no deviceId" && line_says 11 "256 KiB" && line_says 12 65536 &&
    line_says 13 "256 KiB"'
check 'the results of invalid batch lines have the names DATA and TOO_LARGE' \
    is "$(jq -r '.error.name // empty' out | sort | uniq -c | xargs)" '12 DATA 1 TOO_LARGE'
all_requests_before=$(all_requests)
run c2d-http send --batch wrong -n
check 'a dry run of a batch finds the same invalid lines and sends no request' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs) $(all_requests)" \
    "11 13 failed $all_requests_before"
head -n 3 wrong >all-wrong
run c2d-http send --batch all-wrong
check 'a batch whose lines all fail with 65 exits 65' code_is 65
: >empty
run c2d-http send --batch empty
check 'send --batch with an empty file exits 0' ends_silently 0 ''

# ---- Order ----

afresh
for i in $(seq 1 20); do
    printf '{"deviceId":"f1","messageId":"a%d"}\n{"deviceId":"f2","messageId":"b%d"}\n' "$i" "$i"
done >ordered
fault '{"operation": "send", "device": "f1", "status": 503, "count": 2}'
run c2d-http send --batch ordered -P 16
check 'the batch messages of one device are queued in the order of their lines' \
    is "$CODE $(state '.devices.f1.queue[].messageId' | xargs)" "0 $(seq -f 'a%.0f' 1 20 | xargs)"
check 'a batch sends to one device while a message to another is retried' is \
    "$(jq -r .deviceId out | head -n 10 | sort -u)" f2

afresh
enqueue '{"deviceId": "f1", "body": "x", "count": 49}'
printf '{"deviceId":"%s"}\n' f1 f1 f1 nobody nobody f2 >full
run c2d-http send --batch full
check 'a batch skips the later lines of a device after a full queue or an unknown device' \
    is "$CODE $(outcomes)" \
    '11 1 enqueued, 2 failed, 3 skipped, 4 failed, 5 skipped, 6 enqueued'
check 'a skipped batch line causes no request' is "$(requests send)" 4

# ---- Errors that end a batch ----

seq -f '{"deviceId":"dev1","messageId":"m%.0f"}' 1 40 >forty
seq -f '{"deviceId":"f%.0f"}' 0 19 >twenty
for ending in '77 401 401002' '16 403 403002'; do
    afresh
    # shellcheck disable=SC2086  # three words
    set -- $ending
    fault "{\"operation\": \"send\", \"status\": $2, \"errorNumber\": $3, \"count\": -1}"
    run c2d-http send --batch twenty -P 2
    check "a batch that the hub refuses as a whole exits $1 with one error" \
        is "$CODE $(grep -c ': error: ' err)" "$1 1"
    check "a batch that ends with $1 sends few requests and skips the other lines" is \
        "$(test "$(requests send)" -le 4 && jq -r .status out | sort -u | xargs)" 'failed skipped'
    check "each line of a batch that ends with $1 has one result" is \
        "$(jq -s 'map(.line) | unique | length' out)" "$(wc -l <out | xargs)"
done
run c2d-http send --batch twenty --cacert /etc/hostname
check 'send --batch with an unusable --cacert exits 78 with one error' fails_with 78 CONFIG

afresh
fault '{"operation": "send", "status": 429, "retryAfter": 1, "count": 3}'
run c2d-http send --batch twenty --retries 0 --timeout 2s
check 'a throttled batch waits and sends all lines with --retries 0' is \
    "$CODE $(jq -s 'map(select(.status == "enqueued")) | length' out)" '0 20'
check 'a throttled batch prints one warning' is "$(grep -c throttling err) $(wc -l <err)" '1 1'

afresh
fault '{"operation": "send", "status": 429, "retryAfter": 30, "count": -1}'
start_run c2d-http send --batch twenty
until_true has_requests send 8
kill -INT "$RUN_PID"
finish_run
check 'INT ends a throttled batch with 130, its lines skipped and no error' is \
    "$CODE $(jq -r .status out | sort | uniq -c | xargs) $(grep -c error err)" '130 20 skipped 0'

afresh
fault '{"operation": "send", "delayMs": 1500, "skip": 3, "count": -1}'
start_run c2d-http send --batch forty -P 1
until_true has_requests send 4
kill -INT "$RUN_PID"
finish_run
check 'INT ends a batch with 130 after the message in flight and skips the rest' is \
    "$CODE $(requests send) $(jq -r .status out | sort | uniq -c | xargs)" \
    '130 4 4 enqueued 36 skipped'

# ---- Input and output ----

run c2d-http send --batch /nonexistent
check 'send --batch with a file that does not exist exits 66' fails_with 66 NOINPUT
run c2d-http send --batch .
check 'send --batch with a folder exits 66' fails_with 66 NOINPUT
afresh
mkfifo pipe
c2d-http send --batch pipe >out 2>err &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
exec 8>pipe
echo '{"deviceId":"f1"}' >&8
until_true has_requests send 1
check 'a batch prints the result of a line while its input pipe is open' \
    says out '"status":"enqueued"'
echo '{"deviceId":"f2"}' >&8
until_true has_requests send 2
exec 8>&-
finish_run
check 'a batch ends with 0 when its input pipe is closed' \
    is "$CODE $(outcomes)" '0 1 enqueued, 2 enqueued'
afresh
c2d-http send --batch twenty >/dev/full 2>err
CODE=$?
check 'a batch whose results cannot be written exits 74 before all lines are sent' is \
    "$CODE $(test "$(requests send)" -lt 20 && echo few)" '74 few'
check 'a batch whose results cannot be written prints one line on stderr' is "$(grep -c . err)" 1
mkfifo nobody
start_run c2d-http send --batch nobody
sleep 0.3
kill -INT "$RUN_PID"
finish_run
check 'INT ends a batch that waits for a writer of its pipe with 130 and no output' \
    ends_silently 130 ''
afresh
run c2d-http send --batch twenty -q
check 'send --batch -q prints no result of an enqueued line' ends_silently 0 ''
run c2d-http send --batch twenty --rate 10/x
check 'send --batch with an invalid --rate exits 64' fails_with 64 USAGE
for wrong in '-m x' '-i id' '-p a=b' '--ttl 1m'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-http send --batch twenty $wrong
    check "send --batch together with $wrong exits 64" fails_with 64 USAGE
done
run c2d-http send dev1 -m x -P 4
check 'send -P without --batch exits 64' fails_with 64 USAGE
afresh
start_run c2d-http send --batch twenty --rate 1/m
until_true has_requests send 1
sleep 0.6
check 'send --batch --rate 1/m sends at most two lines at once' \
    is "$(test "$(requests send)" -le 2 && echo few)" few
kill -TERM "$RUN_PID"
finish_run

afresh
script -qec 'c2d-http send --batch forty --rate 20/s 2>&1 >/dev/null' /dev/null </dev/null >out
check 'a batch on a terminal shows its progress and erases it at the end' \
    grep -qE "done, 0 failed, [0-9.]+/s, [0-9]+ s left.*$(printf '\r +\r$')" out
