# shellcheck shell=sh
# Goal: c2d-sim is a hub that a test can rely on: it does what wire.md says a hub does, and leaves
# nothing behind (9).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"

# ---- c2d-sim -- CMD ----

# shellcheck disable=SC2016
run c2d-sim -- sh -c 'c2d-http send -m hi -q && c2d-device receive | jq -r .body'
check 'c2d-sim -- CMD runs CMD against the hub (9)' is "$CODE $(cat out)" '0 hi'
run c2d-sim -- sh -c 'exit 37'
check 'and ends with its exit code (9)' ends_silently 37 ''
run c2d-sim -- env
check 'CMD gets the variables of the contract (9)' \
    says out IOTHUB_CONNECTION_STRING=HostName=localhost: \
    'IOTHUB_DEVICE_CONNECTION_STRING=HostName=localhost:' IOTHUB_DEVICE_ID=dev1 SSL_CERT_FILE=/ \
    C2D_SIM_URL=https://localhost: NO_PROXY=localhost
folder=$(sed -n 's/^SSL_CERT_FILE=\(.*\)\/ca.pem$/\1/p' out)
check 'its temporary folder is removed at the end (9)' not test -e "$folder"
# shellcheck disable=SC2016
run c2d-sim --device a --device b -- sh -c 'c2d-http send b -m x -q; echo "$IOTHUB_DEVICE_ID"'
check '--device names the devices, the first one is the default (9)' ends_silently 0 a
# shellcheck disable=SC2016
NO_PROXY=example.com run c2d-sim -- sh -c 'echo "$NO_PROXY"'
check 'localhost is added to NO_PROXY (9)' says out example.com localhost
run c2d-sim --listen nonsense:x
check 'a bad --listen: 64' fails_with 64 USAGE
if unshare -rn true 2>unshare.err; then
    # shellcheck disable=SC2016
    run unshare -rn c2d-sim --listen 0.0.0.0:443 -- sh -c 'echo "${IOTHUB_CONNECTION_STRING%%;*}"'
    check 'on port 443 the host is named without port, as most clients need it (wire 2)' \
        ends_silently 0 HostName=localhost
else
    echo "# skipped: port 443 in a namespace of its own: $(cat unshare.err)"
fi
run c2d-sim --version
check 'it tells its version' is "$CODE $(wc -l <out)" '0 1'

# ---- Its files ----

start_sim
check 'it prints one line that names URL and folder (9)' \
    is "$(cat sim.ready)" "ready $C2D_SIM_URL $HUB"
for file in ca.pem service.conn iothubowner.conn device-dev1.conn env; do
    check "$file is made with mode 600 (9)" is "$(stat -c %a "$HUB/$file")" 600
done

# ---- Queues (wire 3, 6) ----

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
check '50 messages are queued (wire 6)' is "$(tr -s ' ' <codes) $(queued)" ' 50 204 50'
check 'the 51st is refused with 403004 (wire 6)' is \
    "$(ask POST "$inbox$api" -H "Authorization: $hub_token" -d x) $(grep -c 403004 body)" '403 1'
run c2d-device receive -c 1 --keep
check 'a locked message counts, too (wire 6)' \
    is "$(ask POST "$inbox$api" -H "Authorization: $hub_token" -d x)" 403

reset_hub
enqueue '{"deviceId": "dev1", "body": "x"}'
c2d-device receive --keep >kept
check 'a locked message is not given again (wire 3.1)' \
    is "$(ask GET "$inbox$api" -H "Authorization: $own_token")" 204
set_sim clock '{"advance": 61}'
run c2d-device receive --keep
check 'a lapsed lock gives it again, without counting (wire 3.2)' \
    shows '.body == "x" and .deliveryCount == 0'
c2d-device complete "$(jq -r .lockToken kept)" 2>err
check 'and the old lock is lost (wire 3.2)' is "$?" 13
for i in 1 2 3 4 5 6 7 8 9; do
    c2d-device abandon "$(jq -r .lockToken out)"
    c2d-device receive --keep >out
done
check 'each abandon counts (wire 3.2)' is "$(jq -r .deliveryCount out)" 9
c2d-device abandon "$(jq -r .lockToken out)"
check 'the tenth abandon destroys the message (wire 3.2)' \
    is "$(queued) $(state .devices.dev1.deliveryCountExceeded)" '0 1'
set_sim clock '{"offset": 0}'
c2d-http send dev1 -m brief --ttl 60s -q
set_sim clock '{"advance": 61}'
run c2d-device receive
check 'a message is gone after its time to live (wire 6)' \
    is "$(wc -c <out) $(state .devices.dev1.expired)" '0 1'
set_sim clock '{"offset": 0}'

# ---- Refusals (wire 1, 3.2, 5, 6) ----

reset_hub
check 'without api-version: 400' is "$(ask GET "$inbox" -H "Authorization: $own_token")" 400
check 'without a token: 401' is "$(ask GET "$inbox$api")" 401
check 'with a bare + in the signature: 401 (wire 1)' is "$(ask GET "$inbox$api" -H \
    "Authorization: $(printf %s "$own_token" | sed 's/sig=[^&]*/sig=a+b%3D/')")" 401
check "with another device's token: 401 (wire 1)" is "$(set_sim devices '{"devices": ["dev2"]}'
    ask GET "/devices/dev2/messages/deviceBound$api" -H "Authorization: $own_token")" 401
check 'a POST without length: 411 (wire 3.2)' is "$(ask POST "$inbox/x/abandon$api" \
    -H "Authorization: $own_token" -H 'Content-Length:')" 411
head -c 65537 /dev/zero >big
check 'a message over 64 KiB: 413 (wire 6)' \
    is "$(ask POST "$inbox$api" -H "Authorization: $hub_token" --data-binary @big)" 413
set_sim throttle '{"sends": 2}'
for i in 1 2 3 4 5; do
    ask POST "$inbox$api" -H "Authorization: $hub_token" -d x && echo
done >codes
check 'over its throttle: 429 (wire 6)' grep -q 429 codes
set_sim throttle '{"sends": 0}'
set_sim clock '{"offset": 7200}'
check 'an expired token: 401 (wire 1)' \
    is "$(ask GET "$inbox$api" -H "Authorization: $own_token")" 401
