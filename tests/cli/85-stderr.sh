# shellcheck shell=sh
# Goal: stderr is one clear line for people or one object for programs, and nothing that a stranger
# wrote reaches a terminal raw (E1-E4, X3, F32).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# Neither C0 controls but newline, nor DEL, nor U+0080-009F, nor invalid UTF-8.
is_harmless() {
    if LC_ALL=C tr -d '\n' <"$1" | LC_ALL=C grep -aq -e '[[:cntrl:]]' \
        -e "$(printf '\302[\200-\237]')"; then
        echo 'a control character'
        return 1
    fi
    iconv -f UTF-8 -t UTF-8 <"$1" >/dev/null
}

run c2d-http send dev1 -m quiet
check 'success is silent on stderr (E1)' is_empty err
run c2d-http send dev1 -m loud -v
inbox=/devices/dev1/messages/deviceBound
check '-v says one line for a request: method, path, status, time, try (3)' \
    grep -qE "^c2d-http: info: POST $inbox\?api-version=[0-9-]+: HTTP 204, [0-9]+ ms, try 1\$" err
check 'and stdout still holds the result alone (F32)' is "$(wc -l <out)" 1
run c2d-http send dev1 -m x --trace - -v
check 'a trace on stderr leaves stdout alone (F32)' is "$(wc -l <out)" 1

# ---- -j (E4) ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 50}'
run c2d-http send dev1 -m x -i id-1 -j
check 'with -j an error is one object on one line (E4)' \
    is "$CODE $(wc -l <err) $(wc -c <out)" '12 1 0'
check 'with all that is known (E4)' jq -e '.v == 1 and .level == "error" and .program == "c2d-http"
    and .command == "send" and .name == "QUEUE_FULL" and .exit == 12 and .deviceId == "dev1"
    and .messageId == "id-1" and .httpStatus == 403 and .hubCode == 403004 and .attempts == 1
    and .retryable == false and (.requestId | length) > 0 and (.message | length) > 0
    and (.hint | contains("purge dev1"))' err
reset_hub
fault '{"operation": "send", "status": 503, "count": -1}'
run c2d-http send dev1 -m x -j --retries 1
check 'attempts counts the tries, and retryable says that another may help (E4)' \
    jq -e '.attempts == 2 and .retryable and .httpStatus == 503 and (has("hubCode") | not)' err
run c2d-http send -j --nonsense
check 'a usage error with -j is an object too (E4)' jq -e '.exit == 64 and .name == "USAGE"' err
fault '{"clear": true}'
run c2d-http send dev1 -m x -v -j
check 'with -v -j every line of stderr is an object (E4)' is "$(jq -s 'all(.v == 1)' err)" true
run c2d-device receive -c 1 -j
run c2d-device receive -c 1 -j
check '10 is silent with -j too (X3)' ends_silently 10 ''
fault '{"operation": "send", "status": 500}'
run c2d-http send dev1 -m x -q
check '-q hides neither result code nor errors, but all else (3)' ends_silently 0 ''

# ---- Hostile text (E2) ----

# The body of a refusal, as a string in JSON.
refusal=$(jq -nr '{Message: "ErrorCode:Evil;\u001b]0;owned\u0007 \u009b31m \u007f \r\n end"}
    | tojson | tojson')
for shape in text nested; do
    for field in '"errorCode": "DeviceNotFound"' '"errorNumber": 400004' '"errorNumber": 500001'; do
        fault "{\"operation\": \"send\", \"status\": 400, $field, \"shape\": \"$shape\",
            \"body\": $refusal}"
        for form in '' -j -v; do
            # shellcheck disable=SC2086
            run c2d-http send dev1 -m x --retries 0 $form
            check "hostile text in an error ($shape, $field, $form) is made harmless (E2)" \
                is_harmless err
        done
    done
done
fault '{"operation": "send", "status": 302,
    "headers": [["Location", "https://evil\u009b31m\u00ff/"]]}'
run c2d-http send dev1 -m x
check 'hostile text in a Location is made harmless (E2)' is_harmless err
fault "{\"operation\": \"send\", \"status\": 400, \"headers\":
    [[\"iothub-errorcode\", \"Evil\u009b31m\"], [\"x-ms-request-id\", \"$(printf '\033')[2J\"]]}"
run c2d-http send dev1 -m x
check 'hostile text in error headers is made harmless (E2)' is_harmless err
make_cert hub DNS:hub.test
{
    printf 'HTTP/1.1 400 Bad\033[2J\377\r\niothub-errorcode: E\377\233\302\r\n'
    printf 'Content-Length: 33\r\n\r\n{"Message":"ErrorCode:E;\377\233\302\033[2J"}'
} >raw.http
for form in '' -j -v '--trace -'; do
    start_hostile --cert hub.crt --key hub.key close:raw.http
    # shellcheck disable=SC2086
    IOTHUB_CONNECTION_STRING='HostName=hub.test;SharedAccessKeyName=p;SharedAccessKey=a2V5' \
        run c2d-http send dev1 -m x --cacert hub.crt --connect-to "127.0.0.1:$PORT" $form
    check "bytes that are no UTF-8 in an error ($form) are made harmless (E2)" is_harmless err
    check "that answer was read ($form)" says err 400
done
run c2d-http send "$(printf 'dev\033[2J\233')" -m x
check 'hostile text in an argument is made harmless (E2)' is_harmless err
run c2d-http "$(printf 'se\033[2J\233nd')"
check 'so in the name of a command (E2)' is_harmless err
run c2d-http send dev1 "$(printf -- '--\033[2J\233')"
check 'so in an option (E2)' is_harmless err

reset_hub
enqueue '{"deviceId": "dev1", "messageId": "id\u009b31m", "bodyBase64": "G10wO293bmVkB/+Am5v/",
    "contentType": "a\u009bb", "properties": {"k": "v\u009b31m"},
    "rawHeaders": [["iothub-app-x", "\u0085"]]}'
run c2d-device receive --keep --format text
check 'hostile text in a message is made harmless in text output (E2)' is_harmless out
check 'and shown as \xNN (E2)' says out '\x1b]0;owned\x07\xff' 'v\xc2\x9b31m'
set_sim clock '{"advance": 61}'
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
run c2d-device receive
check 'and in a warning that quotes its id (E2)' is_harmless err
check 'the json of it parses (J4)' jq -e .v out
