# shellcheck shell=sh
# Goal: not one byte of HTTP goes to a server that is not proven to be the hub (N1, F12).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
hub_ca=$SSL_CERT_FILE
unset SSL_CERT_FILE
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >no-content
printf 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n' >bad-request
string='HostName=hub70.test;DeviceId=dev1;SharedAccessKey=a2V5'

at_hostile() {
    IOTHUB_DEVICE_CONNECTION_STRING=$string \
        run c2d-device receive --retries 0 --connect-to "127.0.0.1:$PORT" "$@"
}
heard_no_http() {
    lacks hostile.log Authorization && lacks hostile.log HTTP/1 && lacks hostile.log sig=
}

# ---- Certificates and what is wrong with them ----

# sign_cert NAME ISSUER [OPTION...]: NAME.crt for hub70.test and NAME.key, signed by ISSUER's key.
sign_cert() {
    name=$1
    issuer=$2
    shift 2
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" \
        -out "$name.crt" -CA "$issuer.crt" -CAkey "$issuer.key" -subj "/CN=$name" -days 30 \
        -addext subjectAltName=DNS:hub70.test "$@" 2>/dev/null
}

make_cert hub DNS:hub70.test
make_cert elsewhere DNS:elsewhere.test
make_cert expired DNS:hub70.test -1
make_cert root DNS:root.test
sign_cert middle root
sign_cert leaf middle -addext basicConstraints=CA:FALSE
cat leaf.crt middle.crt >chain.crt
cat leaf.crt middle.crt root.crt >whole.crt
sign_cert below-leaf leaf
cat below-leaf.crt chain.crt >no-ca.crt
sign_cert sha1 root -sha1
openssl req -x509 -newkey rsa:1024 -nodes -keyout short.key -out short.crt -subj /CN=short \
    -addext subjectAltName=DNS:hub70.test 2>/dev/null

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
openssl req -new -key hub.key -subj '/CN=hub issuer' -addext subjectAltName=DNS:hub70.test \
    -out early.csr
openssl ca -batch -config ca.cnf -selfsign -keyfile hub.key -in early.csr -out early.crt -notext \
    -startdate 20900101000000Z -enddate 20950101000000Z 2>/dev/null

# Trusted as it should be, the same server is asked: else the refusals would prove nothing.
while read -r cert key trusted; do
    start_hostile --cert "$cert" --key "$key" keep:no-content
    at_hostile --cacert "$trusted"
    check "a server with $cert is asked when $trusted is trusted (N1)" \
        is "$CODE $(heard GET)" '0 1'
done <<END
hub.crt hub.key hub.crt
chain.crt leaf.key root.crt
whole.crt leaf.key root.crt
END

pass='pass its root in a CA file'
# What is wrong | the server's certificate | key and options | what is trusted | why | what to do
while IFS='|' read -r what cert key trusted why todo; do
    # shellcheck disable=SC2086  # words are wanted
    start_hostile --cert "$cert" --key $key keep:no-content
    # shellcheck disable=SC2086
    at_hostile ${trusted:+--cacert $trusted}
    check "$what: 21 (N1)" fails_with 21 TLS
    check "$what: no HTTP is heard (N1)" heard_no_http
    check "$what: host and reason are named (E3)" says err ' hub70.test:' "$why"
    check "$what: so is what to do (E3)" says err "hint: " "$todo"
    [ "$todo" != "$pass" ] || check "$what: so is the option" says err "see --cacert FILE"
done <<END
self-signed|hub.crt|hub.key||subject /CN=hub issuer, issuer /CN=hub issuer|$pass
a CA that is not trusted|whole.crt|leaf.key|hub.crt|issuer /CN=root issuer|$pass
no intermediate|leaf.crt|leaf.key|root.crt|subject /CN=leaf, issuer /CN=middle|an intermediate
an issuer that is no CA|no-ca.crt|below-leaf.key|root.crt|issuer /CN=middle|replaced
another name|elsewhere.crt|elsewhere.key|elsewhere.crt|subject /CN=elsewhere issuer|another name
expired|expired.crt|expired.key|expired.crt|expired|renewed
not valid yet|early.crt|hub.key|early.crt|not yet valid|clock
a key of 1024 bits|short.crt|short.key|short.crt|key too weak|2048 bits
signed with SHA-1|sha1.crt|sha1.key|root.crt|too weak|SHA-256
TLS 1.1|hub.crt|hub.key --old-tls|hub.crt|protocol version|TLS 1.2
no cipher in common|hub.crt|hub.key --ciphers NULL|hub.crt|handshake failure|TLS 1.2
END

# So are these, whatever the system's OpenSSL would take.
cat >lenient.cnf <<END
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = lenient
[lenient]
CipherString = DEFAULT@SECLEVEL=0
END
start_hostile --cert short.crt --key short.key keep:no-content
OPENSSL_CONF=$PWD/lenient.cnf at_hostile --cacert short.crt
check 'a weak key is refused on a system that would take it: 21 (N1)' fails_with 21 TLS
start_hostile --cert hub.crt --key hub.key --old-tls keep:no-content
OPENSSL_CONF=$PWD/lenient.cnf at_hostile --cacert hub.crt
check 'and so is TLS 1.1 (N1)' fails_with 21 TLS
check 'no HTTP is heard there either (N1)' heard_no_http
curl -s --tls-max 1.1 --tlsv1.0 --ciphers DEFAULT:@SECLEVEL=0 --cacert hub.crt \
    --connect-to "::127.0.0.1:$PORT" https://hub70.test/ >got 2>&1
check 'but another client could talk TLS 1.1 there' is "$(heard GET)" 1

# The ServerHello of a TLS 1.2 that has no secure renegotiation, as old inspecting boxes have.
{
    printf '\026\003\003\000\052\002\000\000\046\003\003'
    head -c 32 /dev/zero
    printf '\000\300\057\000'
} >old-hello
start_hostile --plain hang:old-hello
at_hostile
check 'a TLS without secure renegotiation: 21' fails_with 21 TLS
check 'and the hint says that a box in between is too old' says err 'hint: ' 'inspects TLS'

start_hostile --plain close:bad-request
at_hostile
check 'plain HTTP on the port: no HTTP is heard (N1)' heard_no_http
check 'and it is 21 (N1)' fails_with 21 TLS

# ---- Redirects ----

start_hostile --cert hub.crt --key hub.key keep:no-content
for redirect in 301 302 307 308; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $redirect,
        \"headers\": [[\"Location\", \"https://hub70.test:$PORT/\"]]}"
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

flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
cc -std=c11 -D_POSIX_C_SOURCE=200809L $flags -o twice -I "$C2D_TESTS/../../include" \
    "$C2D_TESTS/70-tls.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
run ./twice "$hub_ca"
check 'an option of libcurl that memory lacked for once is set for the next request' \
    is "$(xargs <out)" 'OS NO_MESSAGE'

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

# Runs a command on a system whose store is the folder $1 and no more. It runs as a root that may
# not touch the lock of the real one.
run_with_store() {
    # shellcheck disable=SC2016  # the inner shell's
    run_traced -f -e trace=openat unshare -rm sh -c 'mount --bind "$0" /etc/ssl/certs && exec "$@"' "$@" --no-lock
}
looked_in() {
    grep -q 'certificates\.crt".* = [0-9]' trace && echo bundle
}

reset_hub
mkdir hashed-only bundle-only both neither
cp hashed/* hashed-only
cp "$hub_ca" bundle-only/ca-certificates.crt
cp root.crt both/root.pem && openssl rehash both
cp "$hub_ca" both/ca-certificates.crt
if unshare -rm true 2>/dev/null; then
    while read -r store files; do
        run_with_store "$store" c2d-device receive --retries 0 --trace -
        check "a system's store that is $store: the hub is trusted (N5)" code_is 0
        check "$store: no file is read in vain (N5)" is "$(looked_in)" "$files"
    done <<END
hashed-only
bundle-only bundle
both bundle
END
    cp root.crt hashed-only/ca-certificates.crt
    run_with_store hashed-only c2d-device receive --retries 0
    check 'a bundle beside a folder that has the issuer is not read' is "$CODE $(looked_in)" '0 '
    before=$(all_requests)
    run_with_store neither c2d-device receive --retries 0
    check 'a system without any store: 78 (N5)' fails_with 78 CONFIG
    check 'and its file is named (N5)' says err ca-certificates.crt
    run_with_store hashed c2d-device receive --retries 0 --cacert hub.crt
    check '--cacert replaces the system store (3)' fails_with 21 TLS
    check 'and nothing was asked (N1)' is "$(all_requests)" "$before"
else
    echo '# no mount namespaces here: other stores than this system own were not tried'
fi
run c2d-device receive --retries 0
check "this system's own store does not know a throw-away CA: 21 (N1)" fails_with 21 TLS
