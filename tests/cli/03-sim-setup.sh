# shellcheck shell=sh
# The setup of c2d-sim: its host name, devices whose certificate is signed by a registered CA, and
# the lists that /_sim returns.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
umask 077

# ---- --name ----

start_sim --name hub.example.test
port=${C2D_SIM_URL##*:}
check '--name of c2d-sim is the HostName of the connection strings' says "$HUB/env" \
    "HostName=hub.example.test:$port;SharedAccessKeyName=service" \
    "HostName=hub.example.test:$port;DeviceId=dev1"
check 'with --name the URL of c2d-sim is still on localhost' \
    is "$C2D_SIM_URL $(sim GET faults)" "https://localhost:$port {\"faults\":[]}"
check 'c2d-sim adds its --name to NO_PROXY' says "$HUB/env" ",localhost,hub.example.test\""
c2d-http send dev1 -m named -q --connect-to "127.0.0.1:$port"
run c2d-device receive --connect-to "127.0.0.1:$port"
check 'a client that verifies and signs for --name sends and receives' shows '.body == "named"'
openssl s_client -connect "127.0.0.1:$port" -servername hub.example.test </dev/null 2>/dev/null \
    | openssl x509 -noout -ext subjectAltName >names
check 'the certificate of c2d-sim is valid for --name and for localhost' \
    says names DNS:hub.example.test DNS:localhost 'IP Address:127.0.0.1'
status_with() {
    sed "s/HostName=[^;]*/HostName=$1/" "$HUB/device-dev1.conn" | c2d-device sas -C - >token
    curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -o body -w '%{http_code}' \
        -H "Authorization: $(cat token)" \
        "$C2D_SIM_URL/devices/dev1/messages/deviceBound?api-version=2021-04-12"
}
check 'a token for --name is accepted in upper case' is "$(status_with HUB.example.test)" 204
check 'a token for localhost is refused by a hub with another name' is "$(status_with localhost)" 401
for name in '' .hub hub..test 'hub test' "$(printf '%0254d' 0)" hub,DNS:evil; do
    run c2d-sim --name "$name" -- true
    check "--name '$(printf %.20s "$name")' is refused" fails_with 64 USAGE
done
# shellcheck disable=SC2016
run c2d-sim --name 127.0.0.2 -- sh -c 'c2d-http send -m hi -q --connect-to 127.0.0.1:${C2D_SIM_URL##*:}'
check 'a send to a hub whose --name is an IP address succeeds' ends_silently 0 ''
if has_localhost_names; then
    run c2d-sim --name hub.localhost -- sh -c 'c2d-http send -m hi -q && c2d-device receive -q >got'
    check 'a send and a receive with a --name below .localhost need no name service' \
        ends_silently 0 ''
fi

# ---- Certificates signed by a CA ----

# make_key NAME
make_key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}
# make_ca NAME: a self-signed CA.
make_ca() {
    make_key "$1"
    openssl req -x509 -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt"
}
# sign NAME CA [EXTENSIONS]: NAME.crt, signed by CA; its common name is NAME.
sign() {
    make_key "$1"
    printf '%s\n' "${3-basicConstraints=CA:FALSE}" >extensions
    openssl req -new -key "$1.key" -subj "/CN=$1" | openssl x509 -req -CA "$2.crt" -CAkey "$2.key" \
        -CAcreateserial -days 20 -extfile extensions -out "$1.crt" 2>openssl.err
}
# with_pem COMMAND MEMBER FILE: the file's text as a member of the command.
with_pem() {
    jq -Rs --arg member "$2" '{($member): .}' "$3" >pem.json
    sim POST "$1" "$(cat pem.json)" 2>&1
}
# receives ID [OPTION]...: a message for ID is received and completed with the certificate ID.crt.
receives() {
    set_sim enqueue "{\"deviceId\": \"$1\", \"body\": \"for $1\"}"
    id=$1
    shift
    run c2d-device receive -C "$id.conn" --cert "$id.crt" --key "$id.key" "$@"
    shows ".body == \"for $id\"" && is "$(queued "$id")" 0
}
# refused ID [CERTIFICATE]
refused() {
    run c2d-device receive -C "$1.conn" --cert "${2-$1}.crt" --key "${2-$1}.key"
    fails_with 77 AUTH
}

kill "${PIDS##* }" && wait "${PIDS##* }" 2>/dev/null
rm sim.ready
start_sim
make_ca root
make_ca stranger
sign middle root basicConstraints=critical,CA:TRUE
sign signed root
sign below middle
cat middle.crt >>below.crt
sign foreign stranger
for id in signed below foreign; do
    echo "${IOTHUB_CONNECTION_STRING%%;*};DeviceId=$id;x509=true" >$id.conn
done
made=$(sim POST devices '{"devices": [{"deviceId": "signed", "caSigned": true},
    {"deviceId": "below", "caSigned": true}, {"deviceId": "foreign", "caSigned": true}]}')
check 'the connection string of a CA-signed device has no key' is \
    "$(echo "$made" | jq -r .connectionStrings.signed)" "$(cat signed.conn)"
check 'a signed certificate is refused before its CA is registered' refused signed
check 'a certificate that is no CA is not registered' \
    not with_pem authorities certificate signed.crt
check 'the hub registers a CA certificate' \
    is "$(with_pem authorities certificate root.crt)" '{"added":1}'
check 'a certificate that a registered CA signed is accepted' receives signed
check 'a certificate below an intermediate CA that the device sends is accepted' receives below
mkdir sessions
receives below --tls-cache sessions
check 'a certificate below an intermediate CA is accepted again with a TLS session cache' \
    receives below --tls-cache sessions
receives signed --tls-cache sessions
check 'a certificate that a root CA signed is accepted in a resumed TLS session' \
    receives signed --tls-cache sessions --trace trace
check 'the second receive with a certificate signed by a root CA resumes its TLS session' \
    says trace 'the session was resumed'
check 'a certificate of a CA that is not registered is refused' refused foreign
check 'a certificate for another common name is refused' refused below signed
check 'a receive of a CA-signed device without a certificate gets 401' \
    is "$(curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -o body -w '%{http_code}' \
    "$C2D_SIM_URL/devices/signed/messages/deviceBound?api-version=2021-04-12")" 401
run c2d-http status signed -C "$HUB/iothubowner.conn"
check 'status finds a CA-signed device enabled' shows '.status == "enabled"'
check 'the registry lists a CA-signed device with type certificateAuthority' \
    is "$(curl -sS --noproxy '*' \
    --cacert "$HUB/ca.pem" -H "Authorization: $(c2d-http sas -C "$HUB/iothubowner.conn")" \
    "$C2D_SIM_URL/devices/signed?api-version=2021-04-12" | jq -r .authentication.type)" \
    certificateAuthority
set_sim clock '{"advance": 1900000}' # 22 days
check 'a certificate that is expired by the time of the hub is refused' refused signed
set_sim clock '{"offset": 0}'
set_sim devices '{"devices": [{"deviceId": "signed", "status": "disabled"}]}'
run c2d-device receive -C signed.conn --cert signed.crt --key signed.key
check 'a receive of a disabled CA-signed device exits 14' fails_with 14 NOT_FOUND
reset_hub
set_sim devices '{"devices": [{"deviceId": "signed", "caSigned": true}]}'
check 'a reset forgets the registered CAs' refused signed
check 'an intermediate CA is registered without its root' is \
    "$(with_pem authorities certificate middle.crt)" '{"added":1}'
set_sim devices '{"devices": [{"deviceId": "below", "caSigned": true}]}'
check 'a certificate below a registered intermediate CA is accepted' receives below

# ---- The lists of /_sim ----

sim GET '' >lists
check 'GET /_sim/ lists the commands with their methods' is "$(jq -r \
    '.commands | map(.method + " " + .name) | sort | join(", ")' lists)" "$(printf %s \
    'GET , GET faults, GET sas, GET state, POST authorities, POST clock, POST devices, POST enqueue, ' \
    'POST faults, POST feedback, POST reset, POST throttle')"
check 'GET /_sim/ lists the members of each command' is "$(jq -c \
    '.commands[] | select(.method == "POST" and .name == "clock") | .members' lists)" \
    '["offset","advance"]'
check 'GET /_sim/ lists the operations that a fault can name' \
    is "$(jq '.operation | index("feedbackComplete") != null' lists)" true
check 'GET /_sim/ lists the errors of the hub' is "$(jq .errors.DeviceDisabled lists)" 403012
check 'GET /_sim/ says how many requests the log keeps' is "$(jq .logLength lists)" 1000
# answers METHOD NAME JSON: the error in the response.
answers() {
    curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -X "$1" -d "$3" "$C2D_SIM_URL/_sim/$2" \
        | jq -r .error
}
check 'the error for an unknown member of a command lists the known ones' \
    is "$(answers POST clock '{"of": 1}')" "unknown member 'of'; known: offset advance"
check 'a member of another command is refused as unknown' \
    is "$(answers POST throttle '{"offset": 1}')" "unknown member 'offset'; known: sends receives"
check 'the error for an unknown member of a device lists the known ones' \
    is "$(answers POST devices '{"devices": [{"id": "x"}]}')" \
    "unknown member 'id'; known: deviceId thumbprint status caSigned key"
check 'the error for an unknown member of a fault lists the known ones' is \
    "$(answers POST faults '{"statsu": 1}' | cut -d ' ' -f 1-6)" \
    "unknown member 'statsu'; known: operation drop"
check 'the error for an unknown member of a query lists the known ones' \
    is "$(answers GET 'state?devise=x' '')" "unknown query member 'devise'; known: device log"
check 'the error for an unknown command points to GET /_sim/' is "$(answers POST nonsense '{}')" \
    'no such command, or not with this method; GET /_sim/ lists them'
