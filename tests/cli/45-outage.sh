# shellcheck shell=sh
# Goal: a hub that fails in the middle of a batch costs no line and gets few requests meanwhile.
# Only announced messages are queued twice. A stopped process reads a response that came meanwhile.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

afresh() {
    reset_hub
    set_sim devices '{"prefix": "f", "count": 20}'
}
for round in $(seq 1 20); do
    seq 0 19 | sed "s/.*/{\"deviceId\":\"f&\",\"messageId\":\"$round-&\"}/"
done >lines
count=$(wc -l <lines)

results() { # how many of each status
    jq -r .status out | sort | uniq -c | xargs
}
has_sent() { # requests at least
    [ "$(requests send)" -ge "$1" ]
}
at_most() { # a number, its bound
    echo "got $1, expected at most $2"
    [ "$1" -le "$2" ]
}
has_heard() { # requests at least, of the hostile server
    [ "$(heard POST)" -ge "$1" ]
}
has_enqueued() { # lines, by the results
    is "$(grep -c '"enqueued"' out)" "$1"
}
has_failed() { # lines of stderr at least, that say so
    [ "$(grep -c "$2" err)" -ge "$1" ]
}
# True if all messages are queued in the order of their lines, and only those announced twice.
is_all_there() {
    state '.devices[].queue[].messageId' | sort | uniq -c >there
    jq -r 'select(.maybeDuplicate).messageId' out | sort >announced
    awk '$1 > 1 { print $2 }' there | sort >twice
    echo "$(wc -l <there) ids, twice: $(wc -l <twice), announced: $(wc -l <announced)"
    is "$(wc -l <there)" "$count" && is "$(comm -23 twice announced)" '' \
        && is "$(state '.devices.f7.queue[].messageId' | uniq | xargs)" \
            "$(seq -f '%.0f-7' 1 20 | xargs)"
}

# ---- 503 ----

afresh
fault '{"operation": "send", "status": 503, "skip": 100, "count": -1}'
start_run c2d-http send --batch lines --retries 0
until_true has_failed 1 'the hub is failing: waiting' # 8 in flight and a probe
sleep 0.3
check 'while a hub answers 503 a batch sends it one request at a time' \
    at_most "$(requests send)" 111
check 'the batch warns once that it waits for the hub' \
    is "$(grep -c 'warning: the hub is failing: waiting' err) $(wc -l <err)" '1 1'
fault '{"clear": true}'
finish_run
check 'a batch with --retries 0 sends all lines although the hub answers 503 for a while' \
    is "$CODE $(results)" "0 $count enqueued"
check 'after 503 responses all messages of a batch are queued in their order' is_all_there

# ---- No response ----

afresh
fault '{"operation": "send", "drop": "after", "skip": 100, "count": -1}'
start_run c2d-http send --batch lines -v
until_true has_failed 8 'lost before' && until_true has_sent 109
fault '{"clear": true}'
finish_run
check 'a batch sends all lines although responses are lost for a while' \
    is "$CODE $(results)" "0 $count enqueued"
check 'a message queued twice after a lost response has maybeDuplicate in its result' is_all_there
check 'a batch sends few requests while responses are lost' \
    at_most "$(requests send)" $((count + 30))

# ---- No connection ----

make_cert gone DNS:gone.test
printf 'HTTP/1.1 204 No Content\r\n\r\n' >enqueued
replies() {
    yes keep:enqueued | head -n "$1"
}
# shellcheck disable=SC2046  # one word for each reply is wanted
start_hostile --cert gone.crt --key gone.key $(replies 19) close:enqueued
head -n 40 lines >forty
IOTHUB_CONNECTION_STRING='HostName=gone.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
    start_run c2d-http send --batch forty -P 1 -v --cacert gone.crt \
    --connect-to "127.0.0.1:$PORT"
until_true has_heard 20
stop_hostile
until_true has_failed 1 'cannot connect'
# shellcheck disable=SC2046
start_hostile --cert gone.crt --key gone.key --port "$PORT" $(replies 40)
finish_run
check 'a batch sends all lines although the hub refuses connections for a while' \
    is "$CODE $(results)" '0 40 enqueued'
check 'after refused connections a batch sends each remaining line once' \
    at_most "$(heard POST)" 21

# ---- One device ----

afresh
fault '{"operation": "send", "device": "f0", "status": 503, "count": -1}'
start_run c2d-http send --batch lines -P 1
until_true has_enqueued $((count - 20))
check 'a batch over one connection sends to all devices but one that always gets 503' \
    is "$(results)" "$((count - 20)) enqueued"
kill -INT "$RUN_PID"
finish_run
check 'INT ends a batch that waits for the hub with 130 and skips the lines that wait' \
    is "$CODE $(results)" "130 $((count - 20)) enqueued 20 skipped"

# ---- A process that was stopped ----

afresh
fault '{"operation": "send", "delayMs": 700, "count": -1}'
head -n 1 lines >line
start_run c2d-http send --batch line --timeout 1500ms --retries 0
batch_pid=$RUN_PID
c2d-http send f1 -m x --timeout 1500ms --retries 0 >single.out 2>&1 &
PIDS="$PIDS $!"
until_true has_sent 2
kill -STOP "$batch_pid" $!
sleep 1.7
kill -CONT "$batch_pid" $!
wait $!
check 'a send stopped until after its time-out reads the response that came meanwhile' \
    is "$?" 0
finish_run
check 'a batch stopped until after its time-out reads the response that came meanwhile' \
    is "$CODE $(results)" '0 1 enqueued'
