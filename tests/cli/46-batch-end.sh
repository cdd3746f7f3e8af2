# shellcheck shell=sh
# Goal: the fault of one line or device fails that line alone; a fault that all lines share ends the
# batch, with an exit code that says which one it was.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

afresh() {
    reset_hub
    set_sim devices '{"prefix": "f", "count": 20}'
}
for round in 1 2 3; do
    seq 0 19 | sed "s/.*/{\"deviceId\":\"f&\",\"messageId\":\"$round-&\"}/"
done >sixty
results() { # how many of each status
    jq -r .status out | sort | uniq -c | xargs
}

# ---- One line, one device ----

afresh
fault '{"operation": "send", "device": "f3", "errorNumber": 403012, "count": -1}'
run c2d-http send --batch sixty --journal journal
check 'a disabled device fails its own lines alone: 11' \
    is "$CODE $(results) $(grep -c error: err)" '11 57 enqueued 3 failed 1'
run c2d-http send --batch sixty --journal journal
check 'with a journal the next run goes past these lines, too' \
    is "$CODE $(results) $(requests send)" '11 57 enqueued 3 failed 63'
afresh
fault '{"operation": "send", "device": "f3", "html": true, "status": 403, "count": -1}'
run c2d-http send --batch sixty
check 'a filter that refuses one device fails its lines alone: 11' \
    is "$CODE $(results)" '11 57 enqueued 3 failed'
afresh
for device in f1 f5; do
    fault "{\"operation\": \"send\", \"device\": \"$device\", \"status\": 403, \"count\": -1}"
done
run c2d-http send --batch sixty
check 'a filter that refuses two devices fails their lines alone: 11' \
    is "$CODE $(results)" '11 54 enqueued 6 failed'

# ---- All lines ----

at_most() { # a number, its bound
    echo "got $1, expected at most $2"
    [ "$1" -le "$2" ]
}
ends_batch() { # exit code, what refuses, how
    afresh
    fault "{\"operation\": \"send\", $3, \"skip\": 20, \"count\": -1}"
    run c2d-http send --batch sixty -P 1
    check "$2 that refuses all lines ends the batch, although some were enqueued: $1" \
        is "$CODE $(jq -r .status out | sort -u | xargs) $(grep -c 'error: ' err)" \
        "$1 enqueued failed skipped 1"
    check "$2 that refuses all lines is asked few times" at_most "$(requests send)" 23
}
ends_batch 77 'a filter' '"status": 403'
ends_batch 77 'a tier without C2D' '"errorNumber": 403010'
ends_batch 16 'a quota' '"errorNumber": 403002'
ends_batch 77 'a policy' '"errorNumber": 401002'

afresh
fault '{"operation": "send", "device": "f0", "status": 503, "count": -1}'
fault '{"operation": "send", "errorNumber": 403002, "skip": 30, "count": -1}'
run c2d-http send --batch sixty -P 4
check 'a batch that is ended does not wait for a line that waits for the hub' \
    is "$CODE $(jq -r 'select(.line == 1).status' out)" '16 skipped'
