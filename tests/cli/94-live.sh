# shellcheck shell=sh
# Goal: scripts/live agrees with c2d-sim in every check, and each of its checks can fail: with a hub
# that behaves otherwise it says "differs".
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
! is_sanitized || exit 0 # tests a shell script

ROOT=$C2D_TESTS/../..
SCALE=10
start_sim --time-scale $SCALE --device dev1 --device off

# live OPTION...: the kit, for the hub of this scenario.
live() {
    rm -f live-report.json
    run "$ROOT/scripts/live" -S "${SERVICE:-$HUB/service.conn}" -D "${DEVICE:-$HUB/device-dev1.conn}" \
        --time-scale $SCALE "$@"
}

# The names of the checks of the last report with this verdict.
checks_that() { # VERDICT
    jq -r --arg verdict "$1" '.checks[] | select(.verdict == $verdict) | .name' live-report.json
}

# live_differs CHECK,CHECK... [OPTION]...: each of these checks says "differs", with a place.
live_differs() {
    names=$1
    shift
    live --only "$names" "$@"
    checks_that differs >>differed
    code_is 1 && is "$(checks_that differs | sort | xargs)" "$(echo "$names" | tr , '\n' \
        | sort | xargs)" && jq -e 'all(.checks[]; .verdict != "differs" or .change != "")' \
        live-report.json >/dev/null
}

# Forgets faults and messages, and disables the device off.
renew_hub() {
    reset_hub
    set_sim devices '{"devices": [{"deviceId": "off", "status": "disabled"}]}'
}

: >differed
renew_hub
live --registry "$HUB/iothubowner.conn" --disabled "$HUB/device-off.conn" --i-own-the-feedback
check 'scripts/live exits 0 for c2d-sim' ends_silently 0
check 'scripts/live finds c2d-sim as assumed in every check that it may run' is \
    "$(checks_that 'not tried' | xargs) $(checks_that differs)" 'throttled '
check 'scripts/live ends with the queue of the device empty' is "$(queued dev1)" 0
check 'scripts/live leaves no record of its own in the feedback queue' is \
    "$(state '.feedback | "\(.pending) \(.batches | length)"')" '0 0'
check 'scripts/live reports what was sent and what came, but for checks of TLS alone' is \
    "$(jq -r '.checks[] | select(.verdict == "as assumed" and .exchanges == []) | .name' \
        live-report.json | xargs)" \
    'keep-alive tls-versions tls-chain feedback-status feedback-success feedback-rejected'\
' feedback-given-up feedback-expired feedback-purged'

renew_hub
set_sim throttle '{"receives": 30}'
live --only throttled --throttle
check 'scripts/live --throttle finds the 429 of c2d-sim as assumed' is \
    "$CODE $(checks_that 'as assumed')" '0 throttled'

# One fault touches many checks: headers that a message lacks, or has otherwise.
renew_hub
fault '{"operation": "receive", "count": -1, "lowerCase": true, "omit": ["iothub-messageid",
    "iothub-userid", "ContentEncoding", "iothub-ack", "iothub-expiry"], "headers": [
    ["iothub-deliverycount", "7"], ["ContentType", "x"], ["ETag", "W/\"x\""],
    ["iothub-enqueuedtime", "12/22/2017 12:14:12 AM"]]}'
check 'scripts/live notices other headers in a received message' live_differs "send-message-id,\
send-ids,send-content,send-ack,send-expiry,receive-lock-token,receive-spelling,receive-times,\
receive-counters,receive-name-case,receive-lapsed-lock,abandon-counts"

renew_hub
fault '{"operation": "send", "count": -1, "status": 204}'
check 'scripts/live notices that sends have no effect' live_differs "send-past-expiry,\
send-escaped-path,send-older-form,send-characters,send-64-kib,send-51st,purge-right,unknown-receiver"

renew_hub
fault '{"operation": "complete", "count": -1, "status": 204}'
fault '{"operation": "reject", "count": -1, "status": 204}'
check 'scripts/live notices that settlements have no effect' live_differs \
    settle-no-lock,settle-twice,reject-by-presence

renew_hub
fault '{"operation": "complete", "count": -1, "errorNumber": 412002, "shape": "html"}'
check 'scripts/live notices that settlements are refused' live_differs \
    receive-lock-header,settle-no-if-match,error-body

renew_hub
fault '{"operation": "purge", "errorNumber": 401002}'
fault '{"device": "c2d-live-no-such-device", "count": -1, "errorNumber": 401002}'
fault '{"device": "off", "errorNumber": 403012}'
fault '{"operation": "status", "count": -1, "status": 200,
    "body": "{\"cloudToDeviceMessageCount\": 0}"}'
check 'scripts/live notices other rights, and other answers about devices' live_differs "purge-right,\
unknown-device,unknown-receiver,disabled-device,registry-right,registry-count" \
    --registry "$HUB/iothubowner.conn" --disabled "$HUB/device-off.conn"

renew_hub
fault '{"operation": "receive", "count": -1, "omit": ["Date"]}'
check 'scripts/live notices that responses have no Date' live_differs wrong-key,date-of-success

renew_hub
fault '{"operation": "receive", "skip": 1, "errorNumber": 429001, "retryAfter": "soon"}'
check 'scripts/live notices a Retry-After that cannot be read' live_differs throttled --throttle

renew_hub
set_sim feedback '{"omitSuccessCode": true, "description": "other words"}'
fault '{"operation": "feedback", "count": -1, "omit": ["ETag"]}'
check 'scripts/live notices other feedback' live_differs "feedback-token,feedback-status,\
feedback-success,feedback-rejected,feedback-given-up,feedback-expired,feedback-purged" \
    --i-own-the-feedback

# A server that closes each connection, knows TLS 1.3 alone, and sends a long chain.
make_cert server DNS:localhost
for _ in $(seq 30); do
    cat server.crt
done >chain.pem
inbox=devices/dev1/messages
mkdir -p $inbox
printf 'HTTP/1.1 204 No Content\r\n\r\n' >"$inbox/deviceBound?api-version=2021-04-12"
openssl s_server -accept 0 -tls1_3 -HTTP -cert server.crt -key server.key -cert_chain chain.pem \
    >server.out 2>&1 &
PIDS="$PIDS $!"
until_true grep -q '^ACCEPT' server.out
port=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' server.out)
DEVICE=server-device.conn SERVICE=server-service.conn
echo "HostName=localhost:$port;DeviceId=dev1;SharedAccessKey=a2V5" >$DEVICE
echo "HostName=localhost:$port;SharedAccessKeyName=service;SharedAccessKey=a2V5" >$SERVICE
chmod 600 $DEVICE $SERVICE
export SSL_CERT_FILE="$PWD/server.crt" CURL_CA_BUNDLE="$PWD/server.crt"
check 'scripts/live notices another TLS, and a connection that does not stay' \
    live_differs keep-alive,tls-versions,tls-chain

check 'each check of scripts/live has said "differs" in one of these cases' is \
    "$(sort -u differed | xargs)" "$("$ROOT/scripts/live" --list | cut -d ' ' -f 1 | sort | xargs)"

# The places to change, as PATH or PATH: WORD, separated by semicolons.
sed -e '/^#/d' -e '/^$/d' -e 's/.*| *//' "$ROOT/tests/live/checks.txt" | tr ';' '\n' \
    | sed 's/^ *//' | sort -u >places
missing_places() {
    while IFS=: read -r file word; do
        grep -qF -e "${word# }" "$ROOT/$file" || echo "$file: $word"
    done <places
}
check 'each place that scripts/live may name exists in the source' is "$(missing_places 2>&1)" ''
