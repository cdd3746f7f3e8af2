# shellcheck shell=sh
# Headers, lock tokens and empty responses that a middlebox has changed do not stop a message that
# can still be read and settled.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
hub_ca=$SSL_CERT_FILE
make_cert hub DNS:hub.test
# A unique device id: other runs on this machine may hold the lock of a device.
device="HostName=hub.test;DeviceId=dev$$;SharedAccessKey=a2V5"
policy='HostName=hub.test;SharedAccessKeyName=service;SharedAccessKey=a2V5'

hostile_tls() {
    start_hostile --cert hub.crt --key hub.key "$@"
}
at_hostile() {
    IOTHUB_CONNECTION_STRING=$policy IOTHUB_DEVICE_CONNECTION_STRING=$device \
        SSL_CERT_FILE=$PWD/hub.crt run "$@" --connect-to "127.0.0.1:$PORT"
}
# message FORMAT: a response with a message and with the header lines of FORMAT.
message() {
    printf 'HTTP/1.1 200 OK\r\niothub-messageid: m1\r\niothub-sequencenumber: 1\r\n'
    # shellcheck disable=SC2059  # a format is wanted
    printf "$1"
    printf 'Content-Length: 1\r\n\r\nx'
}
printf 'HTTP/1.1 204 No Content\r\n\r\n' >no-content
printf 'HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n' >lost

# ---- Headers ----

took() {
    shows "$1" && is "$CODE $(heard DELETE)" '0 1'
}
while IFS='|' read -r what lines filter; do
    message "$lines"'ETag: "t1"\r\n' >first
    hostile_tls keep:first keep:no-content keep:no-content
    at_hostile c2d-device receive
    check "receive completes a message with $what" took "$filter"
done <<'END'
control bytes in a cookie|Set-Cookie: a=\001\033b\r\n|.body == "x"
a folded cookie|Set-Cookie: a=b;\r\n\tpath=/\001\r\n|.body == "x" and .lockToken == "t1"
control bytes in a property|iothub-app-note: a\001b\033\r\n|.properties == {"note": "a\u0001b\u001b"}
a property in another encoding|iothub-app-ort: K\366ln\r\n|.lossy == {"ort": "S/Zsbg=="}
a folded property|iothub-app-note: a\r\n  b\r\n|.properties == {"note": "a b"}
a blank before the colon|iothub-app-note : a\r\n|.properties == {"note": "a"}
END
message 'iothub-app-a\033b: c\r\nETag: "t1"\r\n' >first
hostile_tls keep:first keep:no-content keep:no-content
at_hostile c2d-device receive --trace -
check 'receive prints a control byte in a property name escaped' \
    took '.properties == {"a\u001bb": "c"}'
check 'the trace does not hold the raw control byte of a property name' \
    not grep -q "$(printf '\033')" err
not_settled() {
    fails_with 24 PROTOCOL && is "$(heard DELETE)" 0
}
while IFS='|' read -r what lines; do
    message "$lines" >first
    hostile_tls keep:first keep:no-content
    at_hostile c2d-device receive --retries 0
    check "receive exits 24 and leaves a message with $what" not_settled
done <<'END'
a control byte in its lock token|ETag: "t1\001"\r\n
a folded lock token|ETag: "t\r\n 1"\r\n
a blank before the colon of its length|ETag: "t1"\r\nContent-Length : 5\r\n
two lock tokens|ETag: "t1"\r\nETag: "t2"\r\n
two lock tokens in one line|ETag: "t1", "t2"\r\n
a lock token of two dots|ETag: ".."\r\n
a lock token of one dot|ETag: .\r\n
END
message "ETag: \"$(head -c 1025 /dev/zero | tr '\0' t)\"\r\n" >first
hostile_tls keep:first keep:no-content
at_hostile c2d-device receive --retries 0
check 'receive exits 24 and leaves a message with a lock token over 1 KiB' not_settled
message 'ETag: ".."\r\n' >first
message 'ETag: "t2"\r\n' >second
hostile_tls keep:first keep:second keep:no-content keep:no-content
at_hostile c2d-device receive
check 'receive completes the message after one without a usable lock token and exits 24' \
    is "$CODE $(heard GET) $(heard DELETE) $(grep -c error: err)" '24 3 1 1'
{
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\nETag: "t1"\r\n'
    printf 'iothub-sequencenumber: 9\r\n\r\n'
    head -c 2000000 /dev/zero
} >huge
hostile_tls close:huge keep:second keep:no-content keep:no-content
at_hostile c2d-device receive
check 'receive completes the message after one whose body is too large and exits 24' \
    is "$CODE $(heard GET) $(heard DELETE) $(grep -c error: err)" '24 3 1 1'

# ---- Lock tokens ----

while IFS='|' read -r what lines; do
    message "$lines" >first
    hostile_tls keep:first keep:no-content keep:no-content
    at_hostile c2d-device receive
    check "receive completes by a lock token that is $what" \
        says hostile.log 'DELETE /devices/dev' 'deviceBound/t1?'
done <<'END'
weak|ETag: W/"t1"\r\n
bare|ETag: t1\r\n
in single quotes|ETag: 't1'\r\n
in encoded quotes|ETag: %%22t1%%22\r\n
beside a weak one of a proxy|ETag: "t1"\r\nETag: W/"page"\r\n
after a weak one of a proxy|ETag: W/"page"\r\nETag: "t1"\r\n
END
run c2d-device complete ..
check 'complete of the token .. exits 65' fails_with 65 DATA
message 'ETag: "t1"\r\n' >first
hostile_tls keep:first keep:lost keep:no-content
at_hostile c2d-device receive
check 'the report of a lock lost at once names the message and ETag as a possible reason' \
    says err "message 'm1' was lost" ETag
check 'receive exits 13 for a lock lost at once' code_is 13

# ---- A 204 rewritten by a middlebox ----

for status in '200 OK' '201 Created' '202 Accepted'; do
    printf 'HTTP/1.1 %s\r\nContent-Length: 0\r\nVia: 1.1 box\r\n\r\n' "$status" >rewritten
    hostile_tls keep:rewritten
    at_hostile c2d-device receive
    check "receive takes an empty ${status%% *} for an empty queue, with one warning" \
        is "$CODE $(grep -c warning err) $(wc -l <err)" '0 1 1'
    hostile_tls keep:first keep:rewritten keep:rewritten
    at_hostile c2d-device receive
    check "receive takes an empty ${status%% *} for a probable settlement, with one warning" \
        is "$CODE $(heard DELETE) $(grep -c 'warning: .*probably' err) $(wc -l <err)" '0 1 1 1'
    hostile_tls keep:rewritten
    at_hostile c2d-http send dev1 -m x -i m9
    check "send exits 25 for an empty ${status%% *} and does not retry" \
        is "$CODE $(heard POST) $(grep -c "UNKNOWN_OUTCOME.*'m9'.*HTTP ${status%% *}" err)" '25 1 1'
    hostile_tls keep:rewritten
    at_hostile c2d-http feedback
    check "feedback takes an empty ${status%% *} for an empty queue, with one warning" \
        is "$CODE $(grep -c warning err) $(wc -l <err)" '0 1 1'
done
printf 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhtml' >portal
hostile_tls keep:portal
at_hostile c2d-http send dev1 -m x
check 'send exits 24 for a 200 with a body' fails_with 24 PROTOCOL
hostile_tls keep:rewritten
at_hostile c2d-device doctor
check 'doctor does not exit 0 for an empty 202' not is "$CODE" 0

# ---- Large headers without a body ----

value=$(head -c 1000 /dev/zero | tr '\0' v)
set --
for number in 1 2 3 4 5 6 7 8 9; do
    for tens in 1 2 3 4 5 6; do
        set -- "$@" -p "p$tens$number=$value"
    done
done
SSL_CERT_FILE=$hub_ca run c2d-http send dev1 -m '' --timeout 10s --retries 0 "$@"
check 'send of an empty message with 54 KB of properties exits 0' code_is 0
run c2d-device receive
check 'receive prints an empty message with 54 properties of 1 KB' \
    shows '.bodySize == 0 and (.properties | length) == 54'
