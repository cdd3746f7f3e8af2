# shellcheck shell=sh
# Goal: purge, status and sas do what they say, for the device that was named, without showing a key
# (6.5); and a client that is not ours gets on with the hub and with our tokens.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# ---- purge ----

enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
run c2d-http purge dev1 --force
check 'purge prints how many were removed (6.5)' \
    ends_silently 0 '{"v":1,"deviceId":"dev1","totalMessagesPurged":3}'
check 'and they are gone' is "$(queued)" 0
run c2d-http purge dev1 --force -q
check 'purge -q prints nothing (3)' ends_silently 0 ''
enqueue '{"deviceId": "dev1", "body": "x"}'
asked=$(all_requests)
IOTHUB_DEVICE_ID=dev1 run c2d-http purge --force
check 'purge takes no device from the environment (6.5)' fails_with 64 USAGE
run c2d-http purge dev1 </dev/null
check 'purge without a terminal needs --force (G9)' fails_with 64 USAGE
echo n | script -qec 'c2d-http purge dev1' /dev/null >out
check 'on a terminal purge asks (G9)' says out '[y/N]'
run c2d-http purge dev1 --force -n
check 'a dry run purges nothing (3)' is "$CODE $(queued) $(all_requests)" "0 1 $asked"
(sleep 0.3; echo y) | script -qec 'c2d-http purge dev1' /dev/null >out
check 'and does it after y (G9)' is "$(queued)" 0
run c2d-http purge nobody --force
check 'purge of an unknown device: 14' fails_with 14 NOT_FOUND

# ---- status ----

owner=$HUB/iothubowner.conn
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
run c2d-http status dev1 -C "$owner"
check 'status prints one line with the members of the contract (6.5)' \
    is "$CODE $(jq -c keys_unsorted out)" '0 ["v","deviceId","status","connectionState",'\
'"cloudToDeviceMessageCount","lastActivityTime","generationId"]'
check 'and the count of messages' shows '.cloudToDeviceMessageCount == 2 and .status == "enabled"'
key=${IOTHUB_DEVICE_CONNECTION_STRING##*SharedAccessKey=}
c2d-http status dev1 -C "$owner" -v -j --trace - >out 2>&1
check 'no output of status holds the key of the device (6.5, wire 4.4)' lacks out "$key"
check 'nor the word authentication in its result' lacks out '"authentication":{"sym'
run c2d-http status dev1
check 'a policy without the right: 77 that names RegistryRead (6.5)' fails_with 77 AUTH
check 'RegistryRead is named' says err RegistryRead
set_sim devices '{"devices": [{"deviceId": "off", "status": "disabled"}]}'
run c2d-http status off dev1 -C "$owner"
check 'several devices are several lines, in order (6.5)' \
    is "$(jq -r '.deviceId + "=" + .status' out | tr '\n' ' ')" 'off=disabled dev1=enabled '

# ---- sas ----

# Checks a token's signature by the device's or policy's key, with openssl alone.
is_signed_by() {
    resource=$(expr "$1" : '.*sr=\([^& ]*\)')
    expiry=$(expr "$1" : '.*se=\([^&]*\)')
    sig=$(expr "$1" : '.*sig=\([^&]*\)' | sed 's/%2B/+/g; s/%2F/\//g; s/%3D/=/g')
    hex=$(printf %s "$2" | base64 -d | od -An -tx1 | tr -d ' \n')
    is "$sig" "$(printf '%s\n%s' "$resource" "$expiry" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64)"
}
asked=$(all_requests)
policy_key=${IOTHUB_CONNECTION_STRING##*SharedAccessKey=}
run c2d-http sas --ttl 10m
token=$(cat out)
check 'c2d-http sas signs for the hub, as openssl finds too (6.5, wire 1)' \
    is_signed_by "$token" "$policy_key"
check 'for the host alone, with its policy (wire 1)' says out 'sr=localhost&' 'skn=service'
left=$(($(expr "$token" : '.*se=\([0-9]*\)') - $(date +%s)))
check 'for as long as --ttl says (6.5)' test "$left" -gt 590 -a "$left" -le 601
run c2d-http sas dev1
check 'for a device alone when it is named (6.5)' says out 'sr=localhost%2Fdevices%2Fdev1&'
run c2d-device sas
check "c2d-device sas signs with the device's own key (6.5)" is_signed_by "$(cat out)" "$key"
check 'for itself, without a policy (wire 1)' not grep -q skn= out
run c2d-device sas -j
check 'sas -j prints an object (3)' shows '.resource == "localhost/devices/dev1"
    and (.token | startswith("SharedAccessSignature "))'
echo "$token" | c2d-http sas --decode >out 2>err
check '--decode says resource, policy and expiry (6.5)' \
    says out localhost service 'good for another'
echo "Authorization: $token" | c2d-http sas --decode -j >out 2>err
check '--decode -j as an object (6.5)' shows '.resource == "localhost" and .policy == "service"
    and (.expired | not)'
echo "$token" | sed "s/se=[0-9]*/se=$(($(date +%s) - 3 * 3600 - 5))/" | c2d-device sas --decode >out
check '--decode says how long ago it expired (6.5)' says out 'expired 3 h ago'
echo nonsense | c2d-http sas --decode >out 2>err
check 'what is no token is refused' is "$? $(wc -c <out)" '65 0'
check 'sas asks the hub for nothing (6.5)' is "$(all_requests)" "$asked"

# ---- A client that is not ours ----

reset_hub
c2d-http send dev1 -m 'for curl' -q
own=$(c2d-device sas)
url=$C2D_SIM_URL/devices/dev1/messages/deviceBound
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $own" -D head -o body \
    "$url?api-version=2021-04-12"
check 'curl with our token receives the message' is "$(cat body)" 'for curl'
lock=$(sed -n 's/^[Ee][Tt]ag: "\(.*\)".*/\1/p' head)
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $own" -X DELETE -o body -w '%{http_code}' \
    "$url/$lock?api-version=2021-04-12" >code
check 'and completes it' is "$(cat code) $(queued)" '204 0'
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $(c2d-http sas)" -H 'iothub-app-k: v' \
    --data-binary 'from curl' "$url?api-version=2020-09-30"
run c2d-device receive
check 'what curl sends is received' shows '.body == "from curl" and .properties.k == "v"'
