# shellcheck shell=sh
# Goal: stderr has one clear line for people or one object for programs, and no text of a peer
# reaches a terminal unescaped.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# True if a file holds no C0 control except newline, no DEL, no U+0080-009F and no invalid UTF-8.
is_harmless() {
    if LC_ALL=C tr -d '\n' <"$1" | LC_ALL=C grep -aq -e '[[:cntrl:]]' \
        -e "$(printf '\302[\200-\237]')"; then
        echo 'a control character'
        return 1
    fi
    iconv -f UTF-8 -t UTF-8 <"$1" >/dev/null
}

run c2d-http send dev1 -m quiet
check 'send prints nothing to stderr on success' is_empty err
run c2d-http send dev1 -m loud -v
inbox=/devices/dev1/messages/deviceBound
check 'send -v prints one line for a request: method, path, status, time, attempt' \
    grep -qE "^c2d-http: info: POST $inbox\?api-version=[0-9-]+: HTTP 204, [0-9]+ ms, try 1\$" err
check 'send -v prints only the result to stdout' is "$(wc -l <out)" 1
run c2d-http send dev1 -m x --trace - -v
check 'send --trace - prints only the result to stdout' is "$(wc -l <out)" 1

# ---- -j ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 50}'
run c2d-http send dev1 -m x -i id-1 -j
check 'send -j prints an error as one line on stderr' \
    is "$CODE $(wc -l <err) $(wc -c <out)" '12 1 0'
check 'send -j prints an error as an object with all known members' \
    jq -e '.v == 1 and .level == "error" and .program == "c2d-http"
    and .command == "send" and .name == "QUEUE_FULL" and .exit == 12 and .deviceId == "dev1"
    and .messageId == "id-1" and .httpStatus == 403 and .hubCode == 403004 and .attempts == 1
    and .retryable == false and (.requestId | length) > 0 and (.message | length) > 0
    and (.hint | contains("purge dev1"))' err
reset_hub
fault '{"operation": "send", "status": 503, "count": -1}'
run c2d-http send dev1 -m x -j --retries 1
check 'the error object after two 503 responses has attempts 2 and retryable' \
    jq -e '.attempts == 2 and .retryable and .httpStatus == 503 and (has("hubCode") | not)' err
run c2d-http send -j --nonsense
check 'a usage error with -j is an object too' jq -e '.exit == 64 and .name == "USAGE"' err
fault '{"clear": true}'
run c2d-http send dev1 -m x -v -j
check 'send -v -j prints only objects to stderr' is "$(jq -s 'all(.v == 1)' err)" true
run c2d-device receive -c 1 -j
run c2d-device receive -c 1 -j
check 'receive -c 1 -j from an empty queue exits 10 and prints nothing' ends_silently 10 ''
fault '{"operation": "send", "status": 500}'
run c2d-http send dev1 -m x -q
check 'send -q after one 500 exits 0 and prints nothing' ends_silently 0 ''

# ---- Hostile text ----

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
            check "hostile text in an error ($shape, $field, $form) is escaped" \
                is_harmless err
        done
    done
done
fault '{"operation": "send", "status": 302,
    "headers": [["Location", "https://evil\u009b31m\u00ff/"]]}'
run c2d-http send dev1 -m x
check 'hostile text in a Location is escaped' is_harmless err
fault "{\"operation\": \"send\", \"status\": 400, \"headers\":
    [[\"iothub-errorcode\", \"Evil\u009b31m\"], [\"x-ms-request-id\", \"$(printf '\033')[2J\"]]}"
run c2d-http send dev1 -m x
check 'hostile text in error headers is escaped' is_harmless err
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
    check "bytes that are not UTF-8 in an error ($form) are escaped" is_harmless err
    check "send reports the 400 of a response that is not UTF-8 ($form)" says err 400
done
run c2d-http send "$(printf 'dev\033[2J\233')" -m x
check 'hostile text in a device id is escaped' is_harmless err
run c2d-http "$(printf 'se\033[2J\233nd')"
check 'hostile text in the name of a command is escaped' is_harmless err
run c2d-http send dev1 "$(printf -- '--\033[2J\233')"
check 'hostile text in an option is escaped' is_harmless err

reset_hub
enqueue '{"deviceId": "dev1", "messageId": "id\u009b31m", "bodyBase64": "G10wO293bmVkB/+Am5v/",
    "contentType": "a\u009bb", "properties": {"k": "v\u009b31m"},
    "rawHeaders": [["iothub-app-x", "\u0085"]]}'
run c2d-device receive --keep --format text
check 'hostile text in a message is escaped in text output' is_harmless out
check 'hostile text in a message is shown as \xNN in text output' \
    says out '\x1b]0;owned\x07\xff' 'v\xc2\x9b31m'
set_sim clock '{"advance": 61}'
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
run c2d-device receive
check 'hostile text in a message id is escaped in a warning' is_harmless err
check 'the JSON line of a message with hostile text parses' jq -e .v out
