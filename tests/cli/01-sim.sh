# shellcheck shell=sh
# Goal: c2d-sim is a hub that a test can rely on: it behaves as a hub does on the wire, and leaves
# no file or process.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"

# ---- c2d-sim -- CMD ----

# shellcheck disable=SC2016
run c2d-sim -- sh -c 'c2d-http send -m hi -q && c2d-device receive | jq -r .body'
check 'c2d-sim -- CMD runs CMD against the hub' is "$CODE $(cat out)" '0 hi'
run c2d-sim -- sh -c 'exit 37'
check 'c2d-sim -- CMD ends with the exit code of CMD' ends_silently 37 ''
run c2d-sim -- env
check 'c2d-sim -- CMD passes the documented environment variables to CMD' \
    says out IOTHUB_CONNECTION_STRING=HostName=localhost: \
    'IOTHUB_DEVICE_CONNECTION_STRING=HostName=localhost:' IOTHUB_DEVICE_ID=dev1 SSL_CERT_FILE=/ \
    C2D_SIM_URL=https://localhost: NO_PROXY=localhost
folder=$(sed -n 's/^SSL_CERT_FILE=\(.*\)\/ca.pem$/\1/p' out)
check 'c2d-sim removes its temporary folder when CMD has ended' not test -e "$folder"
# shellcheck disable=SC2016
run c2d-sim --device a --device b -- sh -c 'c2d-http send b -m x -q; echo "$IOTHUB_DEVICE_ID"'
check 'each --device of c2d-sim adds a device, the first one becomes IOTHUB_DEVICE_ID' \
    ends_silently 0 a
# shellcheck disable=SC2016
NO_PROXY=example.com run c2d-sim -- sh -c 'echo "$NO_PROXY"'
check 'c2d-sim adds localhost to the NO_PROXY of CMD' says out example.com localhost
run c2d-sim --listen nonsense:x
check 'an invalid --listen ends c2d-sim with 64' fails_with 64 USAGE
if unshare -rn true 2>unshare.err; then
    # shellcheck disable=SC2016
    run unshare -rn c2d-sim --listen 0.0.0.0:443 -- sh -c 'echo "${IOTHUB_CONNECTION_STRING%%;*}"'
    check 'on port 443 the connection string names the host without a port' \
        ends_silently 0 HostName=localhost
else
    echo "# skipped: port 443 in a new network namespace: $(cat unshare.err)"
fi
run c2d-sim --version
check 'c2d-sim --version prints one line' is "$CODE $(wc -l <out)" '0 1'

# ---- Its files ----

start_sim
check 'c2d-sim prints one ready line that names its URL and folder' \
    is "$(cat sim.ready)" "ready $C2D_SIM_URL $HUB"
for file in ca.pem service.conn iothubowner.conn device-dev1.conn env; do
    check "c2d-sim creates $file with mode 600" is "$(stat -c %a "$HUB/$file")" 600
done

# ---- Queues ----

ask() {
    method=$1
    path=$2
    shift 2
    curl -sS --cacert "$SSL_CERT_FILE" -X "$method" -o body -w '%{http_code}' "$@" \
        "$C2D_SIM_URL$path"
}
hub_token=$(c2d-http sas)
own_token=$(c2d-device sas)
inbox=/devices/dev1/messages/deviceBound
api='?api-version=2021-04-12'

for i in $(seq 50); do
    ask POST "$inbox$api" -H "Authorization: $hub_token" -d "$i" && echo
done | sort | uniq -c >codes
check 'the hub queues 50 messages for a device' is "$(tr -s ' ' <codes) $(queued)" ' 50 204 50'
check 'the hub refuses message 51 for a device with 403004' is \
    "$(ask POST "$inbox$api" -H "Authorization: $hub_token" -d x) $(grep -c 403004 body)" '403 1'
run c2d-device receive -c 1 --keep
check 'a locked message counts among the 50 queued messages' \
    is "$(ask POST "$inbox$api" -H "Authorization: $hub_token" -d x)" 403

reset_hub
enqueue '{"deviceId": "dev1", "body": "x"}'
c2d-device receive --keep >kept
check 'a receive gets 204 while the only message is locked' \
    is "$(ask GET "$inbox$api" -H "Authorization: $own_token")" 204
set_sim clock '{"advance": 61}'
run c2d-device receive --keep
check 'a message comes again after its lock has expired, with the same delivery count' \
    shows '.body == "x" and .deliveryCount == 0'
c2d-device complete "$(jq -r .lockToken kept)" 2>err
check 'complete with the expired lock of a message delivered again exits 13' is "$?" 13
for i in 1 2 3 4 5 6 7 8 9; do
    c2d-device abandon "$(jq -r .lockToken out)"
    c2d-device receive --keep >out
done
check 'each abandon increments the delivery count' is "$(jq -r .deliveryCount out)" 9
c2d-device abandon "$(jq -r .lockToken out)"
check 'the tenth abandon destroys the message' \
    is "$(queued) $(state .devices.dev1.deliveryCountExceeded)" '0 1'
set_sim clock '{"offset": 0}'
c2d-http send dev1 -m brief --ttl 60s -q
set_sim clock '{"advance": 61}'
run c2d-device receive
check 'the hub removes a message whose time to live is over' \
    is "$(wc -c <out) $(state .devices.dev1.expired)" '0 1'
set_sim clock '{"offset": 0}'

# ---- Refusals ----

reset_hub
check 'a request without api-version gets 400' \
    is "$(ask GET "$inbox" -H "Authorization: $own_token")" 400
check 'a request without a token gets 401' is "$(ask GET "$inbox$api")" 401
check 'a token with an unescaped + in its signature gets 401' is "$(ask GET "$inbox$api" -H \
    "Authorization: $(printf %s "$own_token" | sed 's/sig=[^&]*/sig=a+b%3D/')")" 401
check "a request with the token of another device gets 401" \
    is "$(set_sim devices '{"devices": ["dev2"]}'
    ask GET "/devices/dev2/messages/deviceBound$api" -H "Authorization: $own_token")" 401
check 'a POST without Content-Length gets 411' is "$(ask POST "$inbox/x/abandon$api" \
    -H "Authorization: $own_token" -H 'Content-Length:')" 411
head -c 65537 /dev/zero >big
check 'a send of a message over 64 KiB gets 413' \
    is "$(ask POST "$inbox$api" -H "Authorization: $hub_token" --data-binary @big)" 413
set_sim throttle '{"sends": 2}'
for i in 1 2 3 4 5; do
    ask POST "$inbox$api" -H "Authorization: $hub_token" -d x && echo
done >codes
check 'a send over the throttle of the hub gets 429' grep -q 429 codes
set_sim throttle '{"sends": 0}'
set_sim clock '{"offset": 7200}'
check 'a request with an expired token gets 401' \
    is "$(ask GET "$inbox$api" -H "Authorization: $own_token")" 401
