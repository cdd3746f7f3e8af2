# shellcheck shell=sh
# Goal: a time to live ends by the clock of the hub. A wrong local clock causes a warning.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
start_sim --device dev1 --device dev2

# Seconds from now until the message that was sent last expires.
ttl_sent() {
    echo $(($(date -ud "$(sent_header send iothub-expiry)" +%s) - $(date +%s)))
}
# True if the message that was sent last expires in SECONDS, minus at most a minute.
expires_in() {
    got=$(ttl_sent)
    echo "expires in $got s"
    [ "$got" -le "$1" ] && [ "$got" -gt $(($1 - 60)) ]
}
clock() { # seconds by which the clock of the hub is ahead
    reset_hub
    set_sim clock "{\"offset\": $1}"
}

# ---- A clock that is followed ----

clock 7200
run c2d-http send dev1 -m x --ttl 10m
check 'send --ttl with a clock two hours behind sets the expiry by the clock of the hub' \
    expires_in 7800
check 'send --ttl with a clock two hours behind exits 0 with one warning about the clock' \
    is "$CODE $(wc -l <err) $(grep -c '120 min' err)" '0 1 1'
printf '{"deviceId":"dev%s","body":"x","ttl":"10m"}\n' 1 2 >lines
run c2d-http send --batch lines -P 1 -q
check "a batch with a clock two hours behind sets the expiry by the clock of the hub" \
    expires_in 7800
check 'a batch with a clock two hours behind enqueues all lines' \
    is "$CODE $(queued dev1) $(queued dev2)" '0 2 1'
clock -7200
run c2d-http send dev1 -m x --ttl 10m
check 'send --ttl with a clock two hours ahead warns once that the message expires too late' \
    is "$CODE $(wc -l <err) $(grep -c '120 min ahead.*120 min too late' err)" '0 1 1'

# ---- A clock that is off by less ----

clock 40
run c2d-http send dev1 -m x --ttl 1m
check 'send with a ttl of 60 s and a clock 40 s behind warns once' \
    is "$CODE $(wc -l <err) $(grep -Ec '(39|40|41) s behind.*ttl of 60 s.*too early' err)" '0 1 1'
run c2d-http send dev1 -m x --ttl 1m -q
check 'send -q with a ttl of 60 s and a clock 40 s behind prints nothing' ends_silently 0 ''
run c2d-http send dev1 -m x --ttl 10m
check 'send with a ttl of 10 min and a clock 40 s behind does not warn' \
    is "$CODE $(wc -l <err)" '0 0'
run c2d-http send dev1 -m x
check 'send without a ttl and with a clock 40 s behind does not warn' is "$CODE $(wc -l <err)" '0 0'
clock -40
run c2d-http send --batch lines
check 'a batch with ttls of 10 min and a clock 40 s ahead does not warn' \
    is "$CODE $(wc -l <err)" '0 0'
printf '{"deviceId":"dev%s","body":"x","ttl":60}\n' 1 2 1 2 >lines
run c2d-http send --batch lines -P 2
check 'a batch with ttls of 60 s and a clock 40 s ahead warns once that they end too late' \
    is "$CODE $(wc -l <out) $(wc -l <err) $(grep -c 'too late' err)" '0 4 1 1'

# ---- Attempts ----

clock 0
fault '{"operation": "send", "status": 503, "retryAfter": 20}'
run timeout 10 c2d-http send dev1 -m x --ttl 1s
check 'send exits 65 without a second attempt when its ttl ends before that' \
    is "$CODE $(requests send) $(grep -c 'error: DATA: .*ttl of 1 s had passed' err)" '65 1 1'
check 'the error for a ttl over before the second attempt does not name the clock' lacks err clock
reset_hub
fault '{"operation": "send", "delayMs": 1100, "status": 403, "errorNumber": 403009}'
run c2d-http send dev1 -m x --ttl 1s
check 'send exits 65 when its ttl is over before the hub has read the request' \
    fails_with 65 DATA
check 'the error for a ttl over at the hub names the ttl' \
    says err 'ttl of 1 s had passed when the hub'
check 'the error for a ttl over at the hub does not name the clock' lacks err clock
reset_hub
fault '{"operation": "send", "drop": "after", "delayMs": 1100}'
run c2d-http send dev1 -m x -i doubt --ttl 1s
check 'send exits 25 when its ttl is over after an attempt in doubt' \
    fails_with 25 UNKNOWN_OUTCOME
check 'the error for a ttl over after an attempt in doubt names the message and the ttl' \
    says err "'doubt' may be queued" 'ttl of 1 s had passed'

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
check 'a batch line whose expiry has passed by the clock of the hub fails with DATA' \
    is "$CODE $(jq -r '"\(.line) \(.status) \(.error.name)"' out | sort | xargs)" \
    '11 1 failed DATA 2 enqueued null'
check 'a batch line whose expiry has passed is not sent again' is "$(requests send)" 2
run c2d-http send dev1 -m x --ttl 90s -n
check 'a dry run of send --ttl shows the expiry' grep -q iothub-expiry out
