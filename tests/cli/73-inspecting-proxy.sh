# shellcheck shell=sh
# Goal: through a proxy that inspects TLS everything works when its root is trusted. Otherwise the
# error names the proxy.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
has squid 'every check of inspecting proxies' || exit 0
# shellcheck disable=SC2119  # no options are wanted
start_sim
hub_ca=$SSL_CERT_FILE
unset NO_PROXY SSL_CERT_FILE
umask 077

take_port && inspecting=$PORT
take_port && filtering=$PORT
take_port && honest=$PORT
take_port && doubting=$PORT

# start_bumping NAME: a squid that issues certificates with its own CA. Adds stdin to its
# configuration.
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
check 'receive exits 21 for a certificate that an inspecting proxy issued' fails_with 21 TLS
check 'the error for an inspecting proxy names host, proxy, subject and issuer' says err \
    "the certificate of localhost:${C2D_SIM_URL##*:} through the proxy $https_proxy: " \
    'subject /O=Example Ltd/CN=Web Gateway CA, issuer /O=Example Ltd/CN=Web Gateway CA'
check 'the hint for an inspecting proxy is to pass its root with --cacert' \
    says err 'inspecting proxy' \
    'pass its root in a CA file' '--cacert FILE'
run c2d-device receive --retries 0 --cacert "$hub_ca"
check "receive through an inspecting proxy exits 21 with the root of the hub" fails_with 21 TLS
check 'the hub gets no request before the inspecting proxy is trusted' nothing_was_asked

run c2d-device receive -c 1 --cacert ca.crt
check 'receive --cacert with the root of an inspecting proxy prints the message' \
    shows '.body == "inspected" and .properties["Mixed-Case"] == "kept"'
check 'receive through an inspecting proxy completes the message' is "$(queued dev1)" 0
check 'the log of the inspecting proxy shows the DELETE of receive' \
    until_true grep -q "^$inspecting 204 DELETE https://" squid-gateway/log
mkdir hashed && cp ca.crt hashed/ca.pem && openssl rehash hashed
for trust in "SSL_CERT_FILE=$PWD/ca.crt" "SSL_CERT_DIR=$PWD/hashed"; do
    run env "$trust" c2d-device receive
    check "receive through an inspecting proxy exits 0 with its root in ${trust%%=*}" \
        ends_silently 0 ''
done
run c2d-http send dev1 -m down --cacert ca.crt
check 'send through an inspecting proxy queues the message' is "$CODE $(queued dev1)" '0 1'

# ---- Responses of the proxy itself ----

https_proxy="http://127.0.0.1:$filtering" run c2d-device receive --cacert ca.crt
check 'receive exits 77 for the page of a filter' fails_with 77 AUTH
check 'the error for the page of a filter names a filter on the way' \
    says err 'a network filter responded' 'HTTP 403'
https_proxy="http://127.0.0.1:$doubting" run c2d-device receive --retries 0 --cacert ca.crt
check 'receive exits 23 for the 503 of a gateway that does not trust the hub' fails_with 23 SERVER
check 'the error for the 503 of a gateway names a proxy on the way' \
    says err 'or of a proxy before it' 'HTTP 503'

# ---- Certificates of devices ----

make_cert x509dev DNS:x509dev
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
export IOTHUB_DEVICE_CONNECTION_STRING="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=x509dev;x509=true"

https_proxy=http://127.0.0.1:$honest \
    run c2d-device receive --cert x509dev.crt --key x509dev.key --cacert "$hub_ca"
check 'a device with a certificate receives through a proxy that does not inspect' \
    ends_silently 0 ''
run c2d-device receive --cert x509dev.crt --key x509dev.key --cacert ca.crt
check 'a device with a certificate exits 77 through a proxy that inspects' fails_with 77 AUTH
check 'the error for a device certificate and an inspecting proxy says that the hub saw none' \
    says err 'received no certificate'
check 'the hint for a device certificate and an inspecting proxy says to exempt the hub' \
    says err \
    'hint: client certificates do not pass a proxy that inspects TLS' exempted
