# shellcheck shell=sh
# Goal: behind a proxy that opens TLS everything works once its root is trusted; until then, and
# where it cannot work, the error names who is in between (F12, E3, wire 7).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
hub_ca=$SSL_CERT_FILE
unset NO_PROXY SSL_CERT_FILE
umask 077

take_port && inspecting=$PORT
take_port && filtering=$PORT
take_port && honest=$PORT
take_port && doubting=$PORT

# start_bumping NAME: a squid that makes certificates with its own CA, further configured by stdin.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt \
    -subj '/O=Example Ltd/CN=Web Gateway CA' -days 30 2>/dev/null
start_bumping() {
    mkdir "squid-$1"
    cat ca.crt ca.key >"squid-$1/ca.pem"
    cp "$hub_ca" "squid-$1/hub-ca.pem"
    /usr/lib/squid/security_file_certgen -c -s "$PWD/squid-$1/made" -M 4MB >/dev/null
    sed "s|BUMP|ssl-bump tls-cert=$PWD/squid-$1/ca.pem generate-host-certificates=on|" >config
    cat >>config <<END
sslcrtd_program /usr/lib/squid/security_file_certgen -s $PWD/squid-$1/made -M 4MB
sslcrtd_children 1
END
    start_squid "$1" <config
}
start_bumping gateway <<END
http_port 127.0.0.1:$inspecting BUMP
http_port 127.0.0.1:$filtering BUMP
http_port 127.0.0.1:$honest
tls_outgoing_options cafile=$PWD/squid-gateway/hub-ca.pem
acl inspects localport $inspecting $filtering
ssl_bump bump inspects
acl filters localport $filtering
acl reads method GET
http_access deny filters reads
http_access allow all
END
start_bumping doubting <<END
http_port 127.0.0.1:$doubting BUMP
ssl_bump bump all
http_access allow all
END
export https_proxy="http://127.0.0.1:$inspecting"

# ---- Trust ----

enqueue '{"deviceId": "dev1", "body": "inspected", "properties": {"Mixed-Case": "kept"}}'
run c2d-device receive --retries 0
check 'a certificate of the proxy making is refused: 21 (F12, N1)' fails_with 21 TLS
check 'host, proxy, subject and issuer are named (F12, E3)' says err \
    "the certificate of localhost:${C2D_SIM_URL##*:} through the proxy $https_proxy: " \
    'subject /O=Example Ltd/CN=Web Gateway CA, issuer /O=Example Ltd/CN=Web Gateway CA'
check 'and the hint says what to do (F12)' says err 'inspecting proxy' \
    'pass its root in a CA file' '--cacert FILE'
run c2d-device receive --retries 0 --cacert "$hub_ca"
check "the hub's own root is of no help there" fails_with 21 TLS
check 'and nothing was asked of the hub so far (N1)' nothing_was_asked

run c2d-device receive -c 1 --cacert ca.crt
check '--cacert with the root of the proxy works (F12)' \
    shows '.body == "inspected" and .properties["Mixed-Case"] == "kept"'
check 'and settles' is "$(queued dev1)" 0
check 'while the proxy did inspect' \
    until_true grep -q "^$inspecting 204 DELETE https://" squid-gateway/log
mkdir hashed && cp ca.crt hashed/ca.pem && openssl rehash hashed
for trust in "SSL_CERT_FILE=$PWD/ca.crt" "SSL_CERT_DIR=$PWD/hashed"; do
    run env "$trust" c2d-device receive
    check "so does ${trust%%=*} (F12)" ends_silently 0 ''
done
run c2d-http send dev1 -m down --cacert ca.crt
check 'sending works through it too' is "$CODE $(queued dev1)" '0 1'

# ---- Who answers ----

https_proxy="http://127.0.0.1:$filtering" run c2d-device receive --cacert ca.crt
check 'a page that a filter shows in place of the hub: 77 (E3)' fails_with 77 AUTH
check 'and the text says that it was no hub (E3)' says err 'a network filter responded' 'HTTP 403'
https_proxy="http://127.0.0.1:$doubting" run c2d-device receive --retries 0 --cacert ca.crt
check 'a gateway that does not trust the hub answers itself: 23 (E3)' fails_with 23 SERVER
check 'and the text does not blame the hub alone' says err 'or of a proxy before it' 'HTTP 503'

# ---- Certificates of devices do not survive it (wire 7) ----

make_cert x509dev DNS:x509dev
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
export IOTHUB_DEVICE_CONNECTION_STRING="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=x509dev;x509=true"

https_proxy=http://127.0.0.1:$honest \
    run c2d-device receive --cert x509dev.crt --key x509dev.key --cacert "$hub_ca"
check 'a device with a certificate receives through a proxy that does not inspect' \
    ends_silently 0 ''
run c2d-device receive --cert x509dev.crt --key x509dev.key --cacert ca.crt
check 'but not through one that does: 77 (wire 7)' fails_with 77 AUTH
check 'and the text says that the certificate was not asked for' says err 'received no certificate'
check 'the hint says why, and what to do' says err \
    'hint: client certificates do not pass a proxy that inspects TLS' exempted
