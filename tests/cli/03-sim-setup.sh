# shellcheck shell=sh
# How c2d-sim is set up: its host name, and devices whose certificate is signed by a registered CA.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
umask 077

# ---- --name ----

start_sim --name hub.example.test
port=${C2D_SIM_URL##*:}
check '--name is the HostName of the connection strings' says "$HUB/env" \
    "HostName=hub.example.test:$port;SharedAccessKeyName=service" \
    "HostName=hub.example.test:$port;DeviceId=dev1"
check 'with --name the URL is still reached without any name service' \
    is "$C2D_SIM_URL $(sim GET faults)" "https://localhost:$port {\"faults\":[]}"
check '--name is excepted from proxies' says "$HUB/env" "'localhost,hub.example.test'"
c2d-http send dev1 -m named -q --connect-to "127.0.0.1:$port"
run c2d-device receive --connect-to "127.0.0.1:$port"
check 'a client that verifies the name and signs for it is served' shows '.body == "named"'
openssl s_client -connect "127.0.0.1:$port" -servername hub.example.test </dev/null 2>/dev/null \
    | openssl x509 -noout -ext subjectAltName >names
check 'the certificate is valid for the name and for localhost' \
    says names DNS:hub.example.test DNS:localhost 'IP Address:127.0.0.1'
status_with() {
    sed "s/HostName=[^;]*/HostName=$1/" "$HUB/device-dev1.conn" | c2d-device sas -C - >token
    curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -o body -w '%{http_code}' \
        -H "Authorization: $(cat token)" \
        "$C2D_SIM_URL/devices/dev1/messages/deviceBound?api-version=2021-04-12"
}
check 'a token for the name is taken in any case' is "$(status_with HUB.example.test)" 204
check 'a token for localhost is refused by a hub with another name' is "$(status_with localhost)" 401
for name in '' .hub hub..test 'hub test' "$(printf '%0254d' 0)" hub,DNS:evil; do
    run c2d-sim --name "$name" -- true
    check "--name '$(printf %.20s "$name")' is refused" fails_with 64 USAGE
done
# shellcheck disable=SC2016
run c2d-sim --name 127.0.0.2 -- sh -c 'c2d-http send -m hi -q --connect-to 127.0.0.1:${C2D_SIM_URL##*:}'
check '--name may be an address' ends_silently 0 ''
run c2d-sim --name hub.localhost -- sh -c 'c2d-http send -m hi -q && c2d-device receive -q >got'
check 'a name below .localhost needs no name service' ends_silently 0 ''
