# shellcheck shell=sh
# Goal: not one byte of HTTP goes to a server that is not proven to be the hub (N1, F12).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
hub_ca=$SSL_CERT_FILE
unset SSL_CERT_FILE
make_cert hub DNS:hub.test
make_cert elsewhere DNS:elsewhere.test
make_cert expired DNS:hub.test -1
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >no-content
printf 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n' >bad-request
string='HostName=hub.test;DeviceId=dev1;SharedAccessKey=a2V5'

at_hostile() {
    IOTHUB_DEVICE_CONNECTION_STRING=$string \
        run c2d-device receive --retries 0 --connect-to "127.0.0.1:$PORT" "$@"
}
heard_no_http() {
    lacks hostile.log Authorization && lacks hostile.log HTTP/1 && lacks hostile.log sig=
}
refused_tls() {
    fails_with 21 TLS && heard_no_http && says err "$@"
}

# The same server, trusted: else the refusals below would prove nothing.
start_hostile --cert hub.crt --key hub.key keep:no-content
at_hostile --cacert hub.crt
check 'a server with a trusted certificate of the right name is asked (N1)' \
    is "$CODE $(heard GET)" '0 1'

start_hostile --cert hub.crt --key hub.key keep:no-content
at_hostile
check 'a self-signed certificate: 21, the issuer is named, no HTTP is heard (N1, F12)' \
    refused_tls 'hub issuer'
check 'and the hint says --cacert (E3)' says err '--cacert'
start_hostile --cert elsewhere.crt --key elsewhere.key keep:no-content
at_hostile --cacert elsewhere.crt
check 'a certificate of another name: 21, no HTTP is heard (N1)' refused_tls hub.test
start_hostile --cert expired.crt --key expired.key keep:no-content
at_hostile --cacert expired.crt
check 'an expired certificate: 21, no HTTP is heard (N1)' refused_tls expired

# A certificate whose time has not come; req and x509 can only end one early.
touch index.txt && echo 01 >serial
cat >ca.cnf <<END
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
END
openssl req -new -key hub.key -subj '/CN=hub issuer' -addext subjectAltName=DNS:hub.test \
    -out early.csr
openssl ca -batch -config ca.cnf -selfsign -keyfile hub.key -in early.csr -out early.crt -notext \
    -startdate 20900101000000Z -enddate 20950101000000Z 2>/dev/null
start_hostile --cert early.crt --key hub.key keep:no-content
at_hostile --cacert early.crt
check 'a certificate that is not valid yet: 21, no HTTP is heard (N1)' refused_tls 'not yet valid'
check 'and the hint asks about the clock (N6)' says err clock

start_hostile --plain close:bad-request
at_hostile
check 'plain HTTP on the port: no HTTP is heard (N1)' heard_no_http
check 'and it is 21 (N1)' fails_with 21 TLS
start_hostile --cert hub.crt --key hub.key --old-tls keep:no-content
at_hostile --cacert hub.crt
check 'TLS 1.1: 21, no HTTP is heard (N1)' refused_tls ''
curl -s --tls-max 1.1 --tlsv1.0 --ciphers DEFAULT:@SECLEVEL=0 --cacert hub.crt \
    --connect-to "::127.0.0.1:$PORT" https://hub.test/ >got 2>&1
check 'but another client could talk TLS 1.1 there' is "$(heard GET)" 1

# ---- Redirects ----

start_hostile --cert hub.crt --key hub.key keep:no-content
for redirect in 301 302 307 308; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $redirect,
        \"headers\": [[\"Location\", \"https://hub.test:$PORT/\"]]}"
    run c2d-device receive --cacert "$hub_ca"
    check "a $redirect is not followed: 24, and it is said where it led (N1)" fails_with 24 PROTOCOL
    check "$redirect: the other server hears nothing (N1)" is_empty hostile.log
done

# ---- Where trust comes from (--cacert, SSL_CERT_FILE, SSL_CERT_DIR) ----

reset_hub
run c2d-device receive
check "without the hub's root: 21 (N1)" fails_with 21 TLS
check 'and the hub hears nothing' nothing_was_asked
run c2d-device receive --cacert "$hub_ca"
check '--cacert FILE works (F12)' ends_silently 0 ''
mkdir hashed empty
cp "$hub_ca" hashed/ca.pem
openssl rehash hashed
run c2d-device receive --cacert hashed
check '--cacert with a hashed folder works (3)' ends_silently 0 ''
SSL_CERT_FILE=$hub_ca run c2d-device receive
check 'SSL_CERT_FILE works (F12)' ends_silently 0 ''
SSL_CERT_DIR=$PWD/hashed run c2d-device receive
check 'SSL_CERT_DIR works (F12)' ends_silently 0 ''
SSL_CERT_FILE=$hub_ca run c2d-device receive --cacert hub.crt
check '--cacert replaces SSL_CERT_FILE (3)' fails_with 21 TLS

reset_hub
echo nonsense >nonsense.pem
: >nothing.pem
for file in /nonexistent.pem nonsense.pem nothing.pem empty; do
    run c2d-device receive --cacert $file
    check "--cacert $file: 78 before connecting (3)" fails_with 78 CONFIG
    check "--cacert $file is named (3)" says err "${file#/}"
done
SSL_CERT_FILE=$PWD/nonsense.pem run c2d-device receive
check 'SSL_CERT_FILE without a certificate: 78 before connecting (3)' fails_with 78 CONFIG
check 'none of these asked the hub (G7)' nothing_was_asked

# ---- --connect-to ----

reset_hub
hub_port=${C2D_SIM_URL##*:}
host_less_port=$(echo "$IOTHUB_DEVICE_CONNECTION_STRING" | sed 's/:[0-9]*;/;/')
IOTHUB_DEVICE_CONNECTION_STRING=$host_less_port \
    run c2d-device receive --cacert "$hub_ca" --connect-to "127.0.0.1:$hub_port"
check '--connect-to goes there under the HostName of the string (3)' ends_silently 0 ''
check "the token stays HostName's (3)" says /dev/stdin sr=localhost%2Fdevices%2Fdev1 <<END
$(sent_header receive authorization)
END
reset_hub
IOTHUB_DEVICE_CONNECTION_STRING=$string \
    run c2d-device receive --cacert "$hub_ca" --connect-to "127.0.0.1:$hub_port"
check 'and under a name that the certificate does not have: 21 (3, N1)' fails_with 21 TLS
check 'then nothing is asked (N1)' nothing_was_asked

# ---- The system's own store (N5) ----

if [ -n "$(find /etc/ssl/certs -name '????????.0' 2>/dev/null | head -n 1)" ]; then
    reset_hub
    run env -u SSL_CERT_FILE -u SSL_CERT_DIR c2d-device receive --retries 0 --trace -
    check 'without --cacert the hub of a throw-away CA is refused: 21' code_is 21
    check 'certificates are looked up in the hashed folder first, then once in the bundle (N5)' is \
        "$(sed -n 's/^\* *CAfile: *//p' err | xargs)" 'none /etc/ssl/certs/ca-certificates.crt'
    check 'and nothing was asked (N1)' nothing_was_asked
fi
