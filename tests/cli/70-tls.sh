# shellcheck shell=sh
# Goal: no byte of HTTP goes to a server whose certificate is not that of the hub.
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

# ---- Certificates that are refused ----

# sign_cert NAME ISSUER [CONSTRAINTS [OPTION...]]: NAME.crt for hub70.test and NAME.key, signed by
# ISSUER's key. Without CONSTRAINTS it is a CA.
sign_cert() {
    name=$1
    issuer=$2
    printf '%s\n' subjectAltName=DNS:hub70.test "basicConstraints=${3-CA:TRUE}" >extensions
    shift 2
    [ $# -eq 0 ] || shift
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" \
        -subj "/CN=$name" -out request 2>/dev/null
    openssl x509 -req -in request -CA "$issuer.crt" -CAkey "$issuer.key" -CAcreateserial -days 30 \
        -extfile extensions -out "$name.crt" "$@" 2>/dev/null
}

make_cert hub DNS:hub70.test
make_cert elsewhere DNS:elsewhere.test
cp hub.key expired.key
make_expired_cert expired DNS:hub70.test
make_cert root DNS:root.test
sign_cert middle root
sign_cert leaf middle CA:FALSE
cat leaf.crt middle.crt >chain.crt
cat leaf.crt middle.crt root.crt >whole.crt
sign_cert below-leaf leaf
cat below-leaf.crt chain.crt >no-ca.crt
sign_cert sha1 root CA:TRUE -sha1
openssl req -x509 -newkey rsa:1024 -nodes -keyout short.key -out short.crt -subj /CN=short \
    -addext subjectAltName=DNS:hub70.test 2>/dev/null

cp hub.key early.key
make_dated_cert early DNS:hub70.test 20900101000000Z 20950101000000Z

# With the right trust the same server gets a request: the refusals below are due to trust.
while read -r cert key trusted; do
    start_hostile --cert "$cert" --key "$key" keep:no-content
    at_hostile --cacert "$trusted"
    check "receive sends a request to a server with $cert when $trusted is trusted" \
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
    check "receive exits 21 for a server with $what" fails_with 21 TLS
    check "no HTTP goes to a server with $what" heard_no_http
    check "the error for a server with $what names the host and the reason" \
        says err ' hub70.test:' "$why"
    check "the hint for a server with $what says what to do" says err "hint: " "$todo"
    [ "$todo" != "$pass" ] || check "the hint for a server with $what names --cacert" says err "see --cacert FILE"
done <<END
a self-signed certificate|hub.crt|hub.key||subject /CN=hub issuer, issuer /CN=hub issuer|$pass
a CA that is not trusted|whole.crt|leaf.key|hub.crt|issuer /CN=root issuer|$pass
no intermediate CA|leaf.crt|leaf.key|root.crt|subject /CN=leaf, issuer /CN=middle|an intermediate
an issuer that is no CA|no-ca.crt|below-leaf.key|root.crt|issuer /CN=middle|replaced
another name|elsewhere.crt|elsewhere.key|elsewhere.crt|subject /CN=elsewhere issuer|another name
an expired certificate|expired.crt|expired.key|expired.crt|expired|renewed
a certificate that is not valid yet|early.crt|early.key|early.crt|not yet valid|clock
a key of 1024 bits|short.crt|short.key|short.crt|key too weak|2048 bits
a certificate signed with SHA-1|sha1.crt|sha1.key|root.crt|too weak|SHA-256
TLS 1.1|hub.crt|hub.key --old-tls|hub.crt|protocol version|TLS 1.2
no cipher in common|hub.crt|hub.key --ciphers NULL|hub.crt|handshake failure|TLS 1.2
END

# These are refused although the configuration of OpenSSL would accept them.
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
check 'receive exits 21 for a weak key although the OpenSSL configuration accepts it' \
    fails_with 21 TLS
start_hostile --cert hub.crt --key hub.key --old-tls keep:no-content
OPENSSL_CONF=$PWD/lenient.cnf at_hostile --cacert hub.crt
check 'receive exits 21 for TLS 1.1 although the OpenSSL configuration accepts it' fails_with 21 TLS
check 'no HTTP goes to a TLS 1.1 server although the OpenSSL configuration accepts it' heard_no_http
curl -s --tls-max 1.1 --tlsv1.0 --ciphers DEFAULT:@SECLEVEL=0 --cacert hub.crt \
    --connect-to "::127.0.0.1:$PORT" https://hub70.test/ >got 2>&1
check 'curl talks TLS 1.1 with the server that receive refused' is "$(heard GET)" 1

# A ServerHello of TLS 1.2 without secure renegotiation, as old inspecting proxies send it.
{
    printf '\026\003\003\000\052\002\000\000\046\003\003'
    head -c 32 /dev/zero
    printf '\000\300\057\000'
} >old-hello
start_hostile --plain hang:old-hello
at_hostile
check 'receive exits 21 for TLS without secure renegotiation' fails_with 21 TLS
check 'the hint for TLS without secure renegotiation names a proxy that inspects TLS' \
    says err 'hint: ' 'inspects TLS'

start_hostile --plain close:bad-request
at_hostile
check 'receive sends no HTTP to a server without TLS' heard_no_http
check 'receive exits 21 for a server without TLS' fails_with 21 TLS

# ---- Redirects ----

start_hostile --cert hub.crt --key hub.key keep:no-content
for redirect in 301 302 307 308; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": $redirect,
        \"headers\": [[\"Location\", \"https://hub70.test:$PORT/\"]]}"
    run c2d-device receive --cacert "$hub_ca"
    check "receive exits 24 for a $redirect" fails_with 24 PROTOCOL
    check "receive sends nothing to the target of a $redirect" is_empty hostile.log
done

# ---- Trust from --cacert, SSL_CERT_FILE and SSL_CERT_DIR ----

reset_hub
run c2d-device receive
check "receive without the root of the hub exits 21" fails_with 21 TLS
check 'the hub gets no request without its root' nothing_was_asked
run c2d-device receive --cacert "$hub_ca"
check 'receive --cacert FILE exits 0' ends_silently 0 ''
mkdir hashed empty
cp "$hub_ca" hashed/ca.pem
openssl rehash hashed
run c2d-device receive --cacert hashed
check 'receive --cacert with a hashed folder exits 0' ends_silently 0 ''
SSL_CERT_FILE=$hub_ca run c2d-device receive
check 'receive with SSL_CERT_FILE exits 0' ends_silently 0 ''
SSL_CERT_DIR=$PWD/hashed run c2d-device receive
check 'receive with SSL_CERT_DIR exits 0' ends_silently 0 ''
SSL_CERT_FILE=$hub_ca run c2d-device receive --cacert hub.crt
check '--cacert replaces SSL_CERT_FILE' fails_with 21 TLS

flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
cc -std=c11 -D_POSIX_C_SOURCE=200809L $flags -o twice -I "$C2D_TESTS/../../include" \
    "$C2D_TESTS/70-tls.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
run ./twice "$hub_ca"
check 'the library sets an option of libcurl for the next request after memory ran out' \
    is "$(xargs <out)" 'OS NO_MESSAGE'

reset_hub
echo nonsense >nonsense.pem
: >nothing.pem
for file in /nonexistent.pem nonsense.pem nothing.pem empty; do
    run c2d-device receive --cacert $file
    check "receive --cacert $file exits 78" fails_with 78 CONFIG
    check "the error for --cacert $file names the file" says err "${file#/}"
done
SSL_CERT_FILE=$PWD/nonsense.pem run c2d-device receive
check 'receive with an SSL_CERT_FILE without a certificate exits 78' fails_with 78 CONFIG
check 'an unusable trust store causes no request to the hub' nothing_was_asked

# ---- --connect-to ----

reset_hub
hub_port=${C2D_SIM_URL##*:}
host_less_port=$(echo "$IOTHUB_DEVICE_CONNECTION_STRING" | sed 's/:[0-9]*;/;/')
IOTHUB_DEVICE_CONNECTION_STRING=$host_less_port \
    run c2d-device receive --cacert "$hub_ca" --connect-to "127.0.0.1:$hub_port"
check 'receive --connect-to verifies the HostName of the connection string' ends_silently 0 ''
check "receive --connect-to signs the token for the HostName of the connection string" \
    says /dev/stdin sr=localhost%2Fdevices%2Fdev1 <<END
$(sent_header receive authorization)
END
reset_hub
IOTHUB_DEVICE_CONNECTION_STRING=$string \
    run c2d-device receive --cacert "$hub_ca" --connect-to "127.0.0.1:$hub_port"
check 'receive --connect-to exits 21 for a HostName that the certificate does not have' \
    fails_with 21 TLS
check 'receive --connect-to sends no request when the certificate has another name' \
    nothing_was_asked

# ---- The system store ----

# Runs a command with the folder $1 as the system store, as root of a user namespace. This root
# cannot use the lock of the real root.
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
        check "receive trusts the hub with a system store that is $store" code_is 0
        check "receive reads no unneeded file with a system store that is $store" \
            is "$(looked_in)" "$files"
    done <<END
hashed-only
bundle-only bundle
both bundle
END
    cp root.crt hashed-only/ca-certificates.crt
    run_with_store hashed-only c2d-device receive --retries 0
    check 'receive does not read a bundle when the hashed folder has the issuer' \
        is "$CODE $(looked_in)" '0 '
    before=$(all_requests)
    run_with_store neither c2d-device receive --retries 0
    check 'receive exits 78 on a system with an empty store' fails_with 78 CONFIG
    check 'the error for an empty system store names ca-certificates.crt' \
        says err ca-certificates.crt
    run_with_store hashed c2d-device receive --retries 0 --cacert hub.crt
    check '--cacert replaces the system store' fails_with 21 TLS
    check 'an empty system store or a --cacert with another root causes no request' \
        is "$(all_requests)" "$before"
else
    echo '# no mount namespaces here: other stores than this system own were not tried'
fi
run c2d-device receive --retries 0
check "receive exits 21 when the system store does not hold the CA of the hub" fails_with 21 TLS
