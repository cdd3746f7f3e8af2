# shellcheck shell=sh
# Goal: an error of one line or device fails that line alone. An error that all lines share ends the
# batch, with the exit code of that error.
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
check 'a batch with a disabled device fails the lines of that device alone with 11' \
    is "$CODE $(results) $(grep -c error: err)" '11 57 enqueued 3 failed 1'
run c2d-http send --batch sixty --journal journal
check 'the next run with a journal tries the lines of a disabled device again and exits 11' \
    is "$CODE $(results) $(requests send)" '11 57 enqueued 3 failed 63'
afresh
fault '{"operation": "send", "device": "f3", "html": true, "status": 403, "count": -1}'
run c2d-http send --batch sixty
check 'a batch with one device refused by a filter fails its lines alone with 11' \
    is "$CODE $(results)" '11 57 enqueued 3 failed'
afresh
for device in f1 f5; do
    fault "{\"operation\": \"send\", \"device\": \"$device\", \"status\": 403, \"count\": -1}"
done
run c2d-http send --batch sixty
check 'a batch with two devices refused by a filter fails their lines alone with 11' \
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
    check "$2 that refuses all lines ends a batch with $1, although some lines were enqueued" \
        is "$CODE $(jq -r .status out | sort -u | xargs) $(grep -c 'error: ' err)" \
        "$1 enqueued failed skipped 1"
    check "a batch sends few requests when $2 refuses all lines" at_most "$(requests send)" 23
}
ends_batch 77 'a filter' '"status": 403'
ends_batch 77 'a tier without C2D' '"errorNumber": 403010'
ends_batch 16 'a quota' '"errorNumber": 403002'
ends_batch 77 'a policy' '"errorNumber": 401002'

afresh
fault '{"operation": "send", "device": "f0", "status": 503, "count": -1}'
fault '{"operation": "send", "errorNumber": 403002, "skip": 30, "count": -1}'
run c2d-http send --batch sixty -P 4
check 'a batch that ends for a shared error skips a line that waits for the hub' \
    is "$CODE $(jq -r 'select(.line == 1).status' out)" '16 skipped'
