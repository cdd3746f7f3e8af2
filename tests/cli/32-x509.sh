# shellcheck shell=sh
# Goal: a device with a certificate receives without any token (C3, wire 7).
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
check 'a device receives with its certificate (C3)' shows '.body == "secretless"'
check 'and completes with it (C3)' is "$(queued x509dev)" 0
check 'no request of such a device has an Authorization header (wire 7)' \
    is "$(state '[.log[] | select(.operation != "send") | .headers[][0] | ascii_downcase]
        | map(select(. == "authorization")) | length')" 0
check 'these were three requests' is "$(state '[.log[] | select(.operation != "send")] | length')" 3

reset_asked() {
    asked=$(all_requests)
}
nothing_new_was_asked() {
    is "$(all_requests)" "$asked"
}
run c2d-device receive --cert other.crt --key other.key
check "another device's certificate is refused by the hub: 77 (C3)" fails_with 77 AUTH
reset_asked
run c2d-device receive --cert x509dev.crt --key other.key
check 'a key that does not belong to the certificate: 78 before connecting (C3, G7)' \
    fails_with 78 CONFIG
run c2d-device receive --cert nonexistent.crt --key x509dev.key
check 'a certificate file that is not there: 78 (C3)' fails_with 78 CONFIG
run c2d-device receive --cert x509dev.crt --key nonexistent.key
check 'a key file that is not there: 78 (C3)' fails_with 78 CONFIG
run c2d-device receive --cert x509dev.crt
check 'a certificate without --key: 78 (C3)' fails_with 78 CONFIG
echo nonsense >nonsense.pem
run c2d-device receive --cert nonsense.pem --key x509dev.key
check 'a certificate file without a certificate: 78 (C3)' fails_with 78 CONFIG
openssl ec -in x509dev.key -aes128 -passout pass:word -out locked.key 2>/dev/null
run c2d-device receive --cert x509dev.crt --key locked.key </dev/null
check 'an encrypted key: 78, and nothing asks for its password (C3, G9)' fails_with 78 CONFIG
chmod 644 x509dev.key
run c2d-device receive --cert x509dev.crt --key x509dev.key
check 'a key file that others may read: 77 with chmod 600 (C4)' fails_with 77 AUTH
check 'and the hint names it (C4)' says err 'chmod 600 x509dev.key'
check 'none of these asked the hub (G7)' nothing_new_was_asked
