# shellcheck shell=sh
# shellcheck disable=SC2016  # what looks like an expansion must not become one
# Text of a peer or a user is shown without harm: no byte of it moves a cursor, reorders a line,
# shows a signature or runs in a shell that a hint is pasted into.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
make_cert hub DNS:hub.test

# Control bytes except newline, U+0080-009F, and controls of the writing direction.
controls='[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]'
controls="$controls|\\xe2\\x81[\\xa6-\\xa9]"
harmless() {
    ! LC_ALL=C grep -aqP "$controls" "$1" || { echo "$1 holds a control"; return 1; }
}

# ---- Messages and tokens ----

bidi=$(printf 'a\342\200\256b\342\201\246c\330\234d\342\200\216e\342\200\250f')
enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"m\", \"body\": \"$bidi\",
    \"properties\": {\"x\": \"$bidi\"}}"
run c2d-device receive --format text --keep
check 'text output shows the bidirectional controls of a body and a property as \xNN' \
    says out 'property       x = a\xe2\x80\xaeb\xe2\x81\xa6c\xd8\x9cd\xe2\x80\x8ee\xe2\x80\xa8f' \
    'body           a\xe2\x80\xaeb'
check 'text output of a message holds no control character' harmless out
set_sim clock '{"advance": 61}'
run c2d-device receive
check 'JSON output of a message holds no control character' harmless out
check 'JSON output of a message with controls parses to the same body' \
    is "$(jq -r .body out)" "$bidi"
set_sim clock '{"offset": 0}'

fields='sr=h%1B%5D0%3Bx%07%0Aexpiry%E2%80%AE&sig=YQ%3D%3D&se=4102444800&skn=%C2%9B'
echo "SharedAccessSignature $fields" | c2d-http sas --decode >out 2>err
check "sas --decode prints the control characters of a token as \\xNN" \
    says out 'resource  h\x1b]0;x\x07\x0aexpiry\xe2\x80\xae' 'policy    \xc2\x9b'
check "sas --decode of a token with controls prints three lines and no control character" \
    is "$(wc -l <out) $(harmless out && echo ok)" '3 ok'

# ---- Traces and errors of a hostile server ----

signature='Ab+cd/efghijklmnopqrstuvwxyzABCDEFGHIJKLMNO='
sent=$(printf %s "$signature" | jq -sRr @uri)
token="SharedAccessSignature sr=hub.test&sig=$sent&se=4102444800"
string="HostName=hub.test;DeviceId=dev1;SharedAccessSignature=$token"
device_at_hostile() {
    start_hostile --cert hub.crt --key hub.key "keep:$1"
    shift
    IOTHUB_DEVICE_CONNECTION_STRING=$string SSL_CERT_FILE=$PWD/hub.crt \
        run c2d-device receive --retries 0 --connect-to "127.0.0.1:$PORT" "$@"
}
has_no_signature() {
    for file in "$@"; do
        ! grep -aiqF -e 'efghijklmnopqrstuvwxyz' "$file" \
            || { echo "the signature is in $file"; return 1; }
    done
}

printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\302\2331mEvil\302\205: v\r\n\r\n' \
    >name.http
device_at_hostile name.http --trace trace
check 'the trace shows U+009B in a header name as \xNN' says trace '< \xc2\x9b1mEvil\xc2\x85: v'
check 'the trace of a header name with U+009B holds no control character' harmless trace
lower=$(printf %s "$sent" | sed 's/%2B/%2b/; s/%2F/%2f/; s/%3D/%3d/')
html=$(printf %s "$signature" | sed 's/+/\&#43;/; s/=/\&#x3D;/')
for echo in "$signature" "$sent" "$lower" "$(printf %s "$sent" | sed 's/%/%25/g')" "$html" \
    "$(printf %s "$signature" | sed 's|/|\\\\/|')"; do
    body="{\"Message\":\"ErrorCode:ArgumentInvalid;you sent sig=$echo\"}"
    printf 'HTTP/1.1 400 Bad\r\nContent-Length: %s\r\nX-Echo: %s\r\nx-ms-request-id: %s\r\n\r\n%s' \
        "${#body}" "$echo" "$echo" "$body" >echo.http
    rm -f trace
    device_at_hostile echo.http --trace trace -v -j
    check "a signature that the server echoes as $echo is in no error" has_no_signature err
    check "a signature that the server echoes as $echo is in no trace" has_no_signature trace
    check "the error text that echoes a signature as $echo is shown with the signature masked" \
        says err 'you sent sig=*****'
done

# ---- Commands to be pasted ----

fault '{"operation": "send", "status": 403, "errorNumber": 403004, "count": -1}'
device="a'\$(touch=pwned)b"
run c2d-http send "$device" -m x
check 'a device id with quotes and $( is one word of the command that a hint names' \
    says err "c2d-http purge 'a'\\''\$(touch=pwned)b'"
run c2d-http send dev1 -m x
check 'an ordinary device id is not quoted in the command that a hint names' \
    says err 'c2d-http purge dev1'
reset_hub
open='open $(touch pwned).conn'
cp "$HUB/service.conn" "$open"
chmod 644 "$open"
run c2d-http send dev1 -m x -C "$open"
check 'a path with a blank and $( is one word of the chmod that a hint names' \
    says err "hint: chmod 600 'open \$(touch pwned).conn'"
sed -n 's/^c2d-http: hint: //p' err >hint.sh
sh hint.sh
check 'the chmod that a hint names changes the mode of the file and runs nothing else' \
    is "$(stat -c %a "$open") $(find . -name pwned)" '600 '
run c2d-http send dev1 -m x --wait 1 --feedback-log "it's.log"
check "a log's path with a quote is one word of the command that a hint names" \
    says err "c2d-http feedback -o 'it'\\''s.log'"

# ---- A dry run ----

run c2d-http send dev1 -m x -n -p empty= -p full=1
check "a dry run shows a property without a value as curl's 'Name;'" \
    says out "'--header' 'iothub-app-empty;'" "'--header' 'iothub-app-full: 1'"
