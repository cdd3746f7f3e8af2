# shellcheck shell=sh
# Errors for text pasted as a connection string, a device id or a name say what it is, or name the
# character and its position. An expired ready token is refused without a request to the hub.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
device=$IOTHUB_DEVICE_CONNECTION_STRING
service=$IOTHUB_CONNECTION_STRING
unset IOTHUB_DEVICE_CONNECTION_STRING
key=${device##*SharedAccessKey=}
umask 077

# refuses_file WHAT TEXT HINT: the file pasted.conn is refused with both, and nothing was asked.
refuses_file() {
    run c2d-device receive -C pasted.conn
    check "a connection string file that is $1 exits 78" fails_with 78 CONFIG
    check "the error for a connection string file that is $1 says so" says err "$2"
    check "the hint for a connection string file that is $1 says what to do" says err 'hint: ' "$3"
    check "the key in a file that is $1 is in no output" lacks err "$key"
}

printf '\357\273\277%s\n' "$device" >pasted.conn
refuses_file 'UTF-8 with a byte order mark' "'pasted.conn' begins with a byte order mark" \
    'UTF-8 without'
printf '\357\273\277%s\n' "$device" | iconv -f UTF-8 -t UTF-16LE >pasted.conn
refuses_file 'UTF-16 with a byte order mark' 'UTF-16' 'iconv -f UTF-16'
printf '%s\n' "$device" | iconv -f UTF-8 -t UTF-16LE >pasted.conn
refuses_file 'UTF-16 without a byte order mark' 'UTF-16' 'iconv -f UTF-16'
printf '%s \n' "$device" >pasted.conn
refuses_file 'a string with a space at its end' "a space at position $((${#device} + 1))" remove
printf ' %s\n' "$device" >pasted.conn
refuses_file 'a string with a space before it' 'a space at position 1' remove
printf '%s\n' "$device" | sed 's/;/; /g' >pasted.conn
refuses_file 'a string with spaces between its parts' \
    "a space at position $(($(printf %s "${device%%;*}" | wc -c) + 2))" remove
printf '%s\302\240\n' "$device" >pasted.conn
refuses_file 'a string with a no-break space' \
    "a no-break space (U+00A0) at position $((${#device} + 1))" 'type that character by hand'
printf '\342\200\234%s\342\200\235\n' "$device" >pasted.conn
refuses_file 'a string in typographic quotes' 'a typographic quote (U+201C) at position 1' \
    'type that character by hand'
printf '{\n  "connectionString": "%s"\n}\n' "$device" >pasted.conn
refuses_file "a cloud command's JSON" 'the connection string is JSON' '-o tsv'
printf '"%s"\n' "$device" >pasted.conn
refuses_file 'a JSON string' 'begins with a quote' 'give only the string'
printf 'export IOTHUB_DEVICE_CONNECTION_STRING="%s"\n' "$device" >pasted.conn
refuses_file 'a line of a shell script' "begins with a variable's name" 'what follows NAME='
printf 'IOTHUB_DEVICE_CONNECTION_STRING=%s\nOTHER=x\n' "$device" >pasted.conn
refuses_file 'an .env file' "begins with a variable's name" 'what follows NAME='
printf '%s;EntityPath=x\n' "$(echo "$service" | sed 's,^HostName=,Endpoint=sb://,')" >pasted.conn
refuses_file 'the string of an Event Hubs endpoint' 'Event Hubs' HostName=

IOTHUB_DEVICE_CONNECTION_STRING=$(printf '%s\r' "$device") run c2d-device receive
check 'a connection string variable with a Windows line end exits 78' fails_with 78 CONFIG
check 'the hint for a variable with a Windows line end names CRLF' says err 'hint: ' CRLF
IOTHUB_DEVICE_CONNECTION_STRING="\"$device\"" run c2d-device receive
check 'the error for a connection string variable in quotes names the quote' \
    says err 'begins with a quote'
printf '\357\273\277user:CANARY\n' >proxy-user
run c2d-device receive -C "$HUB/device-dev1.conn" --proxy http://127.0.0.1:1 \
    --proxy-user-file proxy-user
check 'a --proxy-user-file with a byte order mark exits 78' fails_with 78 CONFIG
check 'the error for a --proxy-user-file with a byte order mark names the mark' \
    says err 'byte order mark'

# ---- Ids and names ----

# refuses_word WHAT TEXT ARGUMENT...
refuses_word() {
    what=$1
    text=$2
    shift 2
    run c2d-http "$@"
    check "$what exits 65" fails_with 65 DATA
    check "the error for $what names the character and its position" says err "$text"
}
nbsp=$(printf '\302\240')
refuses_word 'a no-break space in a device id' 'a no-break space (U+00A0) at position 5' \
    send "dev1$nbsp" -m x
refuses_word 'a no-break space in the name of a property' 'a no-break space (U+00A0) at position 2' \
    send dev1 -m x -p "a$nbsp=b"
refuses_word 'a typographic quote in a message id' 'a typographic quote (U+201D) at position 2' \
    send dev1 -m x -i "a$(printf '\342\200\235')"
refuses_word 'a Windows line end in a device id' 'a control character (0x0d) at position 5' \
    status "$(printf 'dev1\r')"
check 'the hint for a Windows line end in a device id names CRLF' says err 'hint: ' CRLF
check 'an invalid character in an id or a name causes no request to the hub' nothing_was_asked

# ---- x509=true ----

make_cert x509dev DNS:x509dev
string="${device%%;*};DeviceId=x509dev;x509="
for word in True TRUE; do
    IOTHUB_DEVICE_CONNECTION_STRING=$string$word \
        run c2d-device receive -n --cert x509dev.crt --key x509dev.key
    check "x509=$word is read as x509=true" code_is 0
done

# ---- A ready token ----

# token SECONDS: a connection string with a token of dev1 that expires in SECONDS.
token() {
    host=${device%%;*} && host=${host#HostName=} && host=${host%:*}
    end=$(($(date +%s) + $1))
    hex=$(printf %s "$key" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    signature=$(printf '%s%%2Fdevices%%2Fdev1\n%s' "$host" "$end" \
        | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64 \
        | sed 's,+,%2B,g; s,/,%2F,g; s,=,%3D,g')
    printf '%s;DeviceId=dev1;SharedAccessSignature=SharedAccessSignature ' "${device%%;*}"
    printf 'sr=%s%%2Fdevices%%2Fdev1&sig=%s&se=%s\n' "$host" "$signature" "$end"
}

token 600 >token.conn
run c2d-device receive -C token.conn
check 'receive uses a ready token that is still valid' ends_silently 0 ''
reset_hub
token -7200 >token.conn
end=$(date -u -d "@${end:-$(sed 's/.*se=//' token.conn)}" +%Y-%m-%dT%H:%M:%SZ)
run c2d-device receive -C token.conn
check 'receive with an expired ready token exits 77' fails_with 77 AUTH
check 'the error for an expired ready token says when it expired' says err "expired at $end"
check 'the hint for an expired ready token names the clock of the machine' \
    says err 'hint: ' "machine's clock"
check 'an expired ready token causes no request to the hub' nothing_was_asked
run c2d-device receive -C token.conn -n
check 'a dry run with an expired ready token exits 77' fails_with 77 AUTH

token -294 >token.conn
run timeout 20 c2d-device poll --interval 1s -C token.conn
check 'poll exits 77 when its ready token expires' code_is 77
check 'the error of poll says when its ready token expired' says err 'error: AUTH' 'expired at'
check 'poll uses an expired ready token for the 5 minutes that a hub tolerates' \
    test "$(requests receive)" -ge 1

# ---- Refused by network rules ----

fault '{"operation": "receive", "status": 401, "count": -1}'
run c2d-device receive -C "$HUB/device-dev1.conn"
check 'the hint for a 401 names IP rules and private endpoints' \
    says err 'hint: ' 'IP rules' 'private endpoint'
fault '{"clear": true}'
fault '{"operation": "receive", "status": 403, "body": "<html>"}'
run c2d-device receive -C "$HUB/device-dev1.conn" --retries 0
check 'the hint for a 403 without a hub error code names private endpoints' \
    says err 'hint: ' 'private endpoint'
