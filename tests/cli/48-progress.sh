# shellcheck shell=sh
# The progress of a batch on a terminal, and the status of many devices.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
set_sim devices '{"prefix": "f", "count": 30}'
seq -f '{"deviceId":"f%.0f"}' 0 29 >thirty

# on_terminal NAME COMMAND: what the terminal was sent, to NAME.
on_terminal() {
    script -qec "$2" /dev/null </dev/null >"$1"
}
# What a terminal shows of a file in the end: a CR leads back to the left end.
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

# ---- Progress: four runs side by side, as each has to take over a second ----

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
head -n 8 resumed >begun
c2d-http send --batch begun --journal journal -q
on_terminal again "timeout 2.2 c2d-http send --batch resumed --journal journal --rate 2/s \
    >/dev/null" &
pids="$pids $!"
# shellcheck disable=SC2086  # several words are wanted
wait $pids
rendered mixed | grep . >shown
check 'results and warnings on the terminal of the progress line stand alone in their lines' is \
    "$(grep -vc '^c2d-http: ' shown) $(grep -v '^c2d-http: ' shown | jq -s length) $(
        grep -c '^c2d-http: warning: the hub is throttling: [a-z ]*$' shown)" '30 30 1'
check 'the progress line is drawn again after such a line' \
    grep -qE "$(printf '\n?\r')[0-9]+ done, .*$(printf '\r')" mixed
check 'without TERM nothing sends an escape sequence' not grep -q "$(printf '\033')" mixed
check 'the progress line is cut to the width of the terminal' is \
    "$(drawn narrow | awk '{ print length($0) }' | sort -nu | tail -n 1)" 16
check 'a rate below one a second is shown per minute' eval \
    'drawn slow | grep -qE "failed, [0-9]+/min" && ! drawn slow | grep -q /s'
# 30 lines at 2/s, less those of two seconds; 4 s if the 8 that were sent before counted.
check 'the time left does not count lines that an earlier run has sent' is \
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
check 'while one device is waited for others are asked' is_empty out
finish_run
check 'devices are shown in the order of the arguments' is "$CODE $(jq -r .deviceId out | xargs)" \
    "0 $devices"
# shellcheck disable=SC2086
run c2d-http status -C "$owner" $devices --connect-to 127.0.0.1:1 --retries 0 -v
check 'a hub that cannot be reached is asked for few of many devices: 20' \
    is "$CODE $(test "$(grep -c 'info: GET' err)" -le 8 && echo few)" '20 few'
check 'which is said in one line, with how many devices were not looked up' is \
    "$(grep ': error: ' err | cut -d : -f 3-5)" " NETWORK: 30 of 30 devices not looked up: 'f0'"
reset_hub
set_sim devices '{"prefix": "f", "count": 30}'
fault '{"operation": "status", "status": 503, "skip": 5, "count": -1}'
# shellcheck disable=SC2086
run c2d-http status -C "$owner" $devices --retries 0
check 'a hub that fails is not asked for every device: 23' is \
    "$CODE $(wc -l <out) $(test "$(requests status)" -le 20 && echo few)" '23 5 few'
fault '{"clear": true}'
fault '{"operation": "status", "device": "f3", "status": 500, "count": -1}'
run c2d-http status -C "$owner" f1 f3 no1 no2 no3 no4 f4 --retries 0
check 'devices that fail alone leave the others: 11' is "$CODE $(jq -r .deviceId out | xargs)" \
    '11 f1 f4'
check 'each error names its device' is \
    "$(sed -n "s/^c2d-http: error: [A-Z_]*: .*device '\([a-z0-9]*\)'.*/\1/p" err | xargs)" \
    'f3 no1 no2 no3 no4'
run c2d-http send f1 -m x --connect-to 127.0.0.1:1 --retries 0
check 'so does the error of a single send' says err "NETWORK: device 'f1': "
run c2d-http status -C "$owner" -n f1 f2
check 'a dry run shows a request for each device, in order' is \
    "$CODE $(grep -oE 'devices/f[0-9]' out | xargs)" '0 devices/f1 devices/f2'
