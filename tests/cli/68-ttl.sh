# shellcheck shell=sh
# Goal: a time to live ends when the hub's clock says so, and a clock that spoils it is warned of.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
start_sim --device dev1 --device dev2

# How many seconds after now the message that was sent last expires.
ttl_sent() {
    echo $(($(date -ud "$(sent_header send iothub-expiry)" +%s) - $(date +%s)))
}
# The same is SECONDS, less what this machine took.
expires_in() {
    got=$(ttl_sent)
    echo "expires in $got s"
    [ "$got" -le "$1" ] && [ "$got" -gt $(($1 - 60)) ]
}
clock() { # by how much the hub's is ahead
    reset_hub
    set_sim clock "{\"offset\": $1}"
}

# ---- A clock that is followed ----

clock 7200
run c2d-http send dev1 -m x --ttl 10m
check 'with a clock two hours behind, --ttl counts by the hub that refused its token' \
    expires_in 7800
check 'with one warning, about the clock' is "$CODE $(wc -l <err) $(grep -c '120 min' err)" '0 1 1'
printf '{"deviceId":"dev%s","body":"x","ttl":"10m"}\n' 1 2 >lines
run c2d-http send --batch lines -P 1 -q
check "so does a batch's ttl" expires_in 7800
check 'and all of it is enqueued' is "$CODE $(queued dev1) $(queued dev2)" '0 2 1'
clock -7200
run c2d-http send dev1 -m x --ttl 10m
check 'with a clock two hours ahead, which no 401 shows: one warning says what --ttl is off by' \
    is "$CODE $(wc -l <err) $(grep -c '120 min ahead.*120 min too late' err)" '0 1 1'

# ---- A clock that is off by less ----

clock 40
run c2d-http send dev1 -m x --ttl 1m
check 'a clock that takes 40 s off a ttl of 60 s: one warning that says so' \
    is "$CODE $(wc -l <err) $(grep -Ec '(39|40|41) s behind.*ttl of 60 s.*too early' err)" '0 1 1'
run c2d-http send dev1 -m x --ttl 1m -q
check 'and none with -q' ends_silently 0 ''
run c2d-http send dev1 -m x --ttl 10m
check '40 s of 10 min are not warned of' is "$CODE $(wc -l <err)" '0 0'
run c2d-http send dev1 -m x
check 'nor is a message without a ttl' is "$CODE $(wc -l <err)" '0 0'
clock -40
run c2d-http send --batch lines
check 'a batch with ttls of 10 min is not warned of 40 s' is "$CODE $(wc -l <err)" '0 0'
printf '{"deviceId":"dev%s","body":"x","ttl":60}\n' 1 2 1 2 >lines
run c2d-http send --batch lines -P 2
check 'a batch with ttls of 60 s is warned once that they end too late' \
    is "$CODE $(wc -l <out) $(wc -l <err) $(grep -c 'too late' err)" '0 4 1 1'

# ---- Attempts ----

clock 0
fault '{"operation": "send", "status": 503, "retryAfter": 20}'
run timeout 10 c2d-http send dev1 -m x --ttl 1s
check 'a ttl that is over before the second attempt: 65 at once, and no second attempt' \
    is "$CODE $(requests send) $(grep -c 'error: DATA: .*ttl of 1 s had passed' err)" '65 1 1'
check 'and the clock is not blamed for it' lacks err clock
reset_hub
fault '{"operation": "send", "delayMs": 1100, "status": 403, "errorNumber": 403009}'
run c2d-http send dev1 -m x --ttl 1s
check 'a ttl that is over when the hub has read the request: 65, and the text says so' \
    fails_with 65 DATA
check 'with the ttl and not the clock as the reason' says err 'ttl of 1 s had passed when the hub'
check 'and without a question about the clock' lacks err clock
reset_hub
fault '{"operation": "send", "drop": "after", "delayMs": 1100}'
run c2d-http send dev1 -m x -i doubt --ttl 1s
check 'a ttl that is over after an attempt in doubt: 25, with the id' \
    fails_with 25 UNKNOWN_OUTCOME
check 'and the reason' says err "'doubt' may be queued" 'ttl of 1 s had passed'

# ---- A batch ----

jq -nc 'range(40) | {deviceId: "dev\(. % 2 + 1)", body: "x", ttl: "1s"}' >slow
reset_hub
run c2d-http send --batch slow --rate 20/s
check 'lines with a ttl of 1 s are all enqueued at a rate that takes 2 s' \
    is "$CODE $(jq -r .status out | sort | uniq -c | xargs)" '0 40 enqueued'
clock 7200
printf '{"deviceId":"dev%s","body":"x","expiry":"%s"}\n' 1 "$(date -ud '+1 hour' +%FT%TZ)" \
    2 "$(date -ud '+3 hours' +%FT%TZ)" >lines
run c2d-http send --batch lines -P 1
check 'an expiry that has passed by the hub that refused the token: that line fails with DATA' \
    is "$CODE $(jq -r '"\(.line) \(.status) \(.error.name)"' out | sort | xargs)" \
    '11 1 failed DATA 2 enqueued null'
check 'and makes no attempt after the one that showed the clock' is "$(requests send)" 2
run c2d-http send dev1 -m x --ttl 90s -n
check '-n shows the expiry' grep -q iothub-expiry out
