# shellcheck shell=sh
# Goal: each response of a real hub in tests/captures is read as its "expect" says. A capture that
# no command requests, or that is not served, is an error.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# A unique host name: c2d-device runs once per hub and device, and other scenarios run in parallel.
host=captures-$$.test
make_cert hub "DNS:$host"
captures=$C2D_TESTS/../captures
key=SharedAccessKey=a2V5
export SSL_CERT_FILE="$PWD/hub.crt"
export IOTHUB_CONNECTION_STRING="HostName=$host;SharedAccessKeyName=service;$key"
export IOTHUB_DEVICE_CONNECTION_STRING="HostName=$host;DeviceId=dev1;$key"
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >no-content

# Makes the file response of a capture. A body that was not kept is the file body, if there is one.
# Lengths are the real ones only where nothing of the body is missing.
make_response() { # capture
    jq -j '.body // ""' "$1" >kept
    [ -s kept ] || [ ! -e body ] || cp body kept
    {
        jq -j '"HTTP/1.1 \(.status) \(.status)\r\n",
               (.headers[] | select((.[0] | ascii_downcase) != "content-length")
                           | "\(.[0]): \(.[1])\r\n")' "$1"
        [ "$(jq .status "$1")" = 204 ] || printf 'Content-Length: %s\r\n' "$(wc -c <kept)"
        printf '\r\n'
        cat kept
    } >response
}
# serve N COMMAND...: runs COMMAND, which gets the response N times and then 204s.
serve() {
    count=$1
    shift
    replies=
    for _ in $(seq "$count"); do
        replies="$replies keep:response"
    done
    # shellcheck disable=SC2086 # words
    start_hostile --cert hub.crt --key hub.key $replies keep:no-content keep:no-content
    run "$@" --connect-to "127.0.0.1:$PORT"
    says hostile.log HTTP/1.1 >/dev/null && echo "$name" >>served
}
expected() { # filter
    jq -r ".expect | $1" "$capture"
}
capture_says() { # filter
    jq -r "$1" "$capture"
}
# True if the exit code, the hub code and the hub error name of the error are as expected.
refused_as_expected() {
    code_is "$(expected .exit)" || return 1
    jq -se --argjson want "$(expected .)" '.[-1]
        | .exit == $want.exit
          and ($want.hubCode == null or .hubCode == $want.hubCode)
          and ($want.hubCodeName == null
               or (.message | contains(", \($want.hubCodeName))")))' err >/dev/null \
        || { echo "expected: $(expected tostring)"; return 1; }
}
# True if the first line on stdout has the expected members that the filter selects.
is_as_expected() { # filter
    jq -se --argjson want "$(expected "$1")" \
        '.[0] as $line | $want | to_entries | all($line[.key] == .value)' out >/dev/null
}
hub_time() {
    date -ud "$(capture_says .body | grep -o 'TimeStamp:[0-9/: ]*' \
        | sed -E 's|.*:(..)/(..)/(....) |\3-\1-\2 |; s|TimeStamp:||')" +%s
}

for capture in "$captures"/*.json; do
    name=$(basename "$capture" .json)
    rm -f body response
    make_response "$capture"
    case $name in
    error-401-*)
        serve 2 c2d-device receive -j
        check "$name: the refusal is read" refused_as_expected
        check "$name: the second attempt is signed with the time in the body, for an hour" \
            says hostile.log "se=$(($(hub_time) + 3600))"
        check "$name: the error says that the local clock is ahead, in days" \
            grep -Eq "clock is [0-9]+ d ahead of the hub's" err
        ;;
    error-*)
        case $(capture_says .request) in
        *'/commands') serve 1 c2d-http purge dev1 --force -j ;;
        *'/deviceBound/t') serve 1 c2d-device complete t -j ;;
        *) serve 1 c2d-device receive -j ;;
        esac
        check "$name: the refusal is read" refused_as_expected
        ;;
    disabled-device-* | unknown-device-*)
        serve 1 c2d-device receive -j
        check "$name: the refusal is read" refused_as_expected
        check "$name: error and hint name an unknown and a disabled device" \
            says err "'dev1' is unknown to the hub, or disabled" \
            'that the id exists' 'the device is enabled'
        ;;
    feedback-*)
        serve 1 c2d-http feedback
        check "$name: feedback exits 0" code_is 0
        check "$name: the first feedback record is read as expected" is_as_expected .
        check "$name: the feedback batch is completed" \
            says hostile.log 'DELETE /messages/serviceBound/feedback/11111111-2222-3333-4444-555555'
        ;;
    headers-2019-08-data-plane)
        printf '%-10319s' '{"deviceId": "dev1", "status": "enabled"}' >body
        make_response "$capture"
        serve 1 c2d-http status dev1
        check "$name: a 200 with an error code of the hub is a success" \
            shows '.deviceId == "dev1" and .status == "enabled"'
        serve 1 c2d-device doctor
        check "$name: doctor reads the Date of the response" \
            grep -Eq "^FAIL +clock .* d ahead of the hub's" out
        ;;
    receive-2017-12)
        serve 1 c2d-device receive --spool spool
        check "$name: the message is kept under its sequence number and its time" \
            test -e spool/new/*-00000000000000000001-"$(expected .enqueuedAtMs)".json
        serve 1 c2d-device receive
        check "$name: every header is read" is_as_expected 'del(.enqueuedAtMs)'
        check "$name: empty headers are absent, the body is whole" shows \
            ".body == \"$(capture_says .body)\"
             and ([has(\"correlationId\", \"userId\", \"expiryTime\")] | any | not)"
        check "$name: the message is completed by its lock token" says hostile.log \
            "DELETE /devices/dev1/messages/deviceBound/$(expected .lockToken)?"
        ;;
    send-*)
        serve 1 c2d-http send dev1 -m x -i m1
        check "$name: the message is enqueued" ends_silently 0 m1
        ;;
    *)
        check "$name: a command requests this capture" false
        ;;
    esac
done
find "$captures" -name '*.json' -exec basename '{}' .json ';' | sort >all
check 'every capture was served to a command' is "$(sort -u served | xargs)" "$(xargs <all)"
check 'there are at least 18 captures' test "$(wc -l <all)" -ge 18

# ---- send --wait with the records of real hubs ----

# Sends a message with the id of the first record of the capture, which is queued at the hub.
wait_for_record() { # capture
    capture=$captures/$1.json
    rm -f log body
    make_response "$capture"
    start_hostile --cert hub.crt --key hub.key keep:no-content keep:response keep:no-content
    record='.body | fromjson[0]'
    run c2d-http send "$(capture_says "$record.deviceId")" -m x \
        -i "$(capture_says "$record.originalMessageId")" --wait 100ms --feedback-log log \
        --connect-to "127.0.0.1:$PORT"
}
for name in feedback-2015-10-success feedback-2016-01-success; do
    wait_for_record $name
    check "$name: send --wait ends with 0 and prints the record" shows '.statusCode == "Success"'
    check "$name: send --wait exits 0 and prints nothing to stderr" ends_silently 0 "$(cat out)"
done
wait_for_record feedback-2016-12-rejected
check 'feedback-2016-12-rejected: send --wait ends with 19' \
    is "$CODE $(jq -r .statusCode out)" '19 Rejected'
jq '.body |= sub(",\"statusCode\":\"Rejected\""; "")' "$capture" >unknown.json
captures=$PWD
wait_for_record unknown
check 'send --wait exits 18 and prints a record without statusCode whose description is unknown' \
    is "$CODE $(jq -r '.description, has("statusCode")' out | xargs)" '18 Message rejected false'
check 'the error for an unknown description says that the outcome is unknown' \
    says err 'outcome is unknown' 'accepted by'
