# shellcheck shell=sh
# The progress of a batch on a terminal, and the status of many devices.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
set_sim devices '{"prefix": "f", "count": 30}'
seq -f '{"deviceId":"f%.0f"}' 0 29 >thirty

# on_terminal NAME COMMAND: writes the output of COMMAND on a terminal to NAME.
on_terminal() {
    script -qec "$2" /dev/null </dev/null >"$1"
}
# The text that a terminal shows of a file at its end: a CR returns to the first column.
rendered() {
    awk '{
        count = split($0, parts, "\r"); shown = ""
        for (i = 1; i <= count; i++)
            shown = parts[i] substr(shown, length(parts[i]) + 1)
        sub(/ +$/, "", shown); print shown
    }' "$1"
}
# The progress lines of a file.
drawn() {
    tr '\r' '\n' <"$1" | grep ' done, '
}

# ---- Progress: four runs in parallel, as each takes over a second ----

fault '{"operation": "send", "device": "f25", "status": 429, "retryAfter": 1, "count": 1}'
on_terminal mixed 'c2d-http send --batch thirty --rate 20/s' &
pids=$!
seq -f '{"deviceId":"f2","messageId":"m%.0f"}' 1 30 >one-device
on_terminal narrow "stty cols 17; TERM=xterm c2d-http send --batch one-device --rate 20/s >/dev/null" &
pids="$pids $!"
head -n 3 thirty >three
on_terminal slow "c2d-http send --batch three --rate 50/m >/dev/null" &
pids="$pids $!"
{ seq -f '{"deviceId":"f1","messageId":"m%.0f"}' 1 8 && cat thirty; } >resumed
head -n 8 resumed >first-part
c2d-http send --batch first-part --journal journal -q
on_terminal again "timeout 2.2 c2d-http send --batch resumed --journal journal --rate 2/s \
    >/dev/null" &
pids="$pids $!"
# shellcheck disable=SC2086  # several words are wanted
wait $pids
rendered mixed | grep . >shown
check 'each result and warning of a batch on a terminal is on a separate line' is \
    "$(grep -vc '^c2d-http: ' shown) $(grep -v '^c2d-http: ' shown | jq -s length) $(
        grep -c '^c2d-http: warning: the hub is throttling: [a-z ]*$' shown)" '30 30 1'
check 'the progress line is drawn again after a result or a warning' \
    grep -qE "$(printf '\n?\r')[0-9]+ done, .*$(printf '\r')" mixed
check 'a batch on a terminal without TERM sends no escape sequence' \
    not grep -q "$(printf '\033')" mixed
check 'the progress line is cut to the width of the terminal' is \
    "$(drawn narrow | awk '{ print length($0) }' | sort -nu | tail -n 1)" 16
check 'the progress line shows a rate below one a second per minute' eval \
    'drawn slow | grep -qE "failed, [0-9]+/min" && ! drawn slow | grep -q /s'
# 30 lines at 2/s, less those of two seconds; 4 s if the 8 that were sent before counted.
check 'the time left in the progress line excludes lines that an earlier run has sent' is \
    "$(drawn again | tail -n 1 | sed -n 's/.*, \([0-9]*\) s left.*/\1/p' |
        awk '{ print ($1 >= 8) }')" 1

# ---- status of many devices ----

owner=$HUB/iothubowner.conn
reset_hub
set_sim devices '{"prefix": "f", "count": 30}'
fault '{"operation": "status", "device": "f0", "delayMs": 1000}'
devices=$(seq -f 'f%.0f' 0 29 | xargs)
# shellcheck disable=SC2086  # several words are wanted
start_run c2d-http status -C "$owner" $devices
until_true has_requests status 30
check 'status asks for other devices while one response is delayed' is_empty out
finish_run
check 'status prints the devices in the order of its arguments' \
    is "$CODE $(jq -r .deviceId out | xargs)" "0 $devices"
# shellcheck disable=SC2086
run c2d-http status -C "$owner" $devices --connect-to 127.0.0.1:1 --retries 0 -v
check 'status of many devices exits 20 after few requests when the hub cannot be reached' \
    is "$CODE $(test "$(grep -c 'info: GET' err)" -le 8 && echo few)" '20 few'
check 'status reports an unreachable hub in one line with the number of devices left' is \
    "$(grep ': error: ' err | cut -d : -f 3-5)" " NETWORK: 30 of 30 devices not looked up: 'f0'"
reset_hub
set_sim devices '{"prefix": "f", "count": 30}'
fault '{"operation": "status", "status": 503, "skip": 5, "count": -1}'
# shellcheck disable=SC2086
run c2d-http status -C "$owner" $devices --retries 0
check 'status of many devices exits 23 after few requests when the hub answers 503' is \
    "$CODE $(wc -l <out) $(test "$(requests status)" -le 20 && echo few)" '23 5 few'
fault '{"clear": true}'
fault '{"operation": "status", "device": "f3", "status": 500, "count": -1}'
run c2d-http status -C "$owner" f1 f3 no1 no2 no3 no4 f4 --retries 0
check 'status exits 11 and prints the other devices when some fail' \
    is "$CODE $(jq -r .deviceId out | xargs)" '11 f1 f4'
check 'each error of status names its device' is \
    "$(sed -n "s/^c2d-http: error: [A-Z_]*: .*device '\([a-z0-9]*\)'.*/\1/p" err | xargs)" \
    'f3 no1 no2 no3 no4'
run c2d-http send f1 -m x --connect-to 127.0.0.1:1 --retries 0
check 'the error of a single send names its device' says err "NETWORK: device 'f1': "
run c2d-http status -C "$owner" -n f1 f2
check 'a dry run of status shows one request for each device, in order' is \
    "$CODE $(grep -oE 'devices/f[0-9]' out | xargs)" '0 devices/f1 devices/f2'
