# shellcheck shell=sh
# Goal: a device with a certificate receives and settles without a token.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
umask 077

make_cert x509dev DNS:x509dev
make_cert other DNS:other
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
host=${IOTHUB_CONNECTION_STRING%%;*}
export IOTHUB_DEVICE_CONNECTION_STRING="$host;DeviceId=x509dev;x509=true"

c2d-http send x509dev -m secretless -q
run c2d-device receive --cert x509dev.crt --key x509dev.key
check 'a device receives with its certificate' shows '.body == "secretless"'
check 'a device completes with its certificate' is "$(queued x509dev)" 0
check 'no request of a device with a certificate has an Authorization header' \
    is "$(state '[.log[] | select(.operation != "send") | .headers[][0] | ascii_downcase]
        | map(select(. == "authorization")) | length')" 0
check 'receive with a certificate sends three requests' \
    is "$(state '[.log[] | select(.operation != "send")] | length')" 3

# ---- Certificates and keys that are refused ----

nothing_new_was_asked() {
    is "$(all_requests)" "$asked"
}
# reports CODE NAME TEXT HINT
reports() {
    fails_with "$1" "$2" && says err "$3" && says err 'hint: ' "$4"
}
with_pair() {
    run c2d-device receive --retries 0 --cert "$1" --key "$2"
}

with_pair other.crt other.key
check 'receive with a certificate that the registry does not know exits 77' \
    reports 77 AUTH "refused the device's certificate" "thumbprint for device 'x509dev'"
check 'the hint for an unknown certificate names the openssl command that shows its thumbprint' \
    says err 'openssl x509 -noout -fingerprint'

c2d-http send x509dev -m x -q
fault '{"operation": "complete", "status": 401}'
with_pair x509dev.crt x509dev.key
check 'a 401 to a complete on a kept connection is reported as a refused certificate' \
    reports 77 AUTH "refused the device's certificate" thumbprint

asked=$(all_requests)
openssl ec -in x509dev.key -aes128 -passout pass:word -out locked.key 2>/dev/null
cp x509dev.key expired.key
make_expired_cert expired DNS:x509dev
openssl pkey -in x509dev.key -aes128 -passout pass:word -out locked-too.key
echo nonsense >nonsense.pem
cp x509dev.key open.key && chmod 644 open.key
yesterday=$(date -u -d yesterday +%Y-%m-%d)
# code and name | certificate and key | what is said | what to do
while IFS='|' read -r outcome pair why todo; do
    # shellcheck disable=SC2086  # words are wanted
    with_pair $pair </dev/null
    # shellcheck disable=SC2086
    check "receive with $pair exits ${outcome%% *} before it connects" reports $outcome "$why" "$todo"
done <<END
78 CONFIG|x509dev.crt locked.key|key 'locked.key' is encrypted|openssl pkey -in
78 CONFIG|x509dev.crt locked-too.key|key 'locked-too.key' is encrypted|openssl pkey -in
78 CONFIG|x509dev.crt other.key|does not belong to certificate 'x509dev.crt'|openssl pkey -pubout
78 CONFIG|expired.crt x509dev.key|has expired: it was valid until $yesterday|clock
77 AUTH|x509dev.crt open.key|'open.key' holds a secret and others may read it|chmod 600 open.key
END
while read -r pair; do
    # shellcheck disable=SC2086
    with_pair $pair
    check "receive with the invalid file of $pair exits 78 before it connects" fails_with 78 CONFIG
    check "the error of receive with $pair names the invalid file" says err 'non'
done <<END
nonexistent.crt x509dev.key
x509dev.crt nonexistent.key
nonsense.pem x509dev.key
x509dev.crt nonsense.pem
END
run c2d-device receive --cert x509dev.crt
check 'receive with --cert and without --key exits 78' fails_with 78 CONFIG
run c2d-device receive
check 'receive with x509=true and without --cert exits 78 with a hint' \
    reports 78 CONFIG 'needs a certificate and a key' '--cert FILE --key FILE'

# On a terminal OpenSSL would ask for the pass phrase.
for key in locked.key locked-too.key; do
    run timeout 10 script -qec "c2d-device receive --cert x509dev.crt --key $key" seen </dev/null
    check "receive with the encrypted key $key on a terminal exits 78" code_is 78
    check "receive does not ask for the pass phrase of $key on a terminal" \
        lacks seen 'Enter PEM' 'phrase:'
done
check 'an unusable certificate or key causes no request to the hub' nothing_new_was_asked

# ---- Certificates that the TLS handshake refuses ----

make_cert hub DNS:hub.test
printf 'HTTP/1.1 204 No Content\r\n\r\n' >no-content
at_hostile() {
    IOTHUB_DEVICE_CONNECTION_STRING='HostName=hub.test;DeviceId=x509dev;x509=true' \
        run c2d-device receive --retries 0 --cacert hub.crt --connect-to "127.0.0.1:$PORT" \
        --cert "$1.crt" --key "$1.key"
}
for tls in '' '--ciphers ALL'; do
    # shellcheck disable=SC2086  # words are wanted
    start_hostile --cert hub.crt --key hub.key --client-ca x509dev.crt $tls \
        keep:no-content keep:no-content
    at_hostile x509dev
    check "receive presents a certificate that the TLS server trusts $tls" ends_silently 0 ''
    at_hostile other
    check "receive with a certificate that the TLS server refuses exits 21 and names it $tls" \
        reports 21 TLS "client certificate refused by hub.test" 'the hub knows it'
    check "the TLS server gets no request with a certificate that it refuses $tls" \
        is "$(heard GET)" 1
done
