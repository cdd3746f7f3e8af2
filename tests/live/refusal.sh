# shellcheck shell=sh
# Checks of what a hub refuses and how it says so, and of the registry.
# shellcheck disable=SC2317  # the checks are called by name

UNKNOWN=c2d-live-no-such-device

# Makes a token from the device's connection string, changed by sed.
sign_changed() { # WHO SED-SCRIPT
    sed "$2" "$DEVICE" >"$WORK/changed.conn"
    sign "$1" c2d-device "$WORK/changed.conn"
}

check_unknown_device() {
    sign_changed unknown "s/DeviceId=[^;]*/DeviceId=$UNKNOWN/" || return
    ask unknown GET "/devices/$UNKNOWN/messages/deviceBound?api-version=$DEVICE_VERSION"
    assume '404, 404001 DeviceNotFound' is_refused 404 404001 DeviceNotFound
}

check_unknown_receiver() {
    printf 'c2d-http live check' >"$WORK/payload"
    post "/devices/$UNKNOWN/messages/deviceBound"
    assume '404, 404001 DeviceNotFound' is_refused 404 404001 DeviceNotFound
}

check_disabled_device() {
    sign disabled c2d-device "$DISABLED" || return
    ask disabled GET "/devices/$(device_path "$DISABLED")/messages/deviceBound?api-version=$DEVICE_VERSION"
    assume '404, 404001 DeviceNotFound' is_refused 404 404001 DeviceNotFound
}

is_http_date() {
    is_true 'try (strptime("%a, %d %b %Y %H:%M:%S GMT") | true) catch false' "$(header Date)"
}

check_wrong_key() {
    sign_changed forged "s/SharedAccessKey=[^;]*/SharedAccessKey=bm90IHRoaXMga2V5/" || return
    ask forged GET "$QUEUE?api-version=$DEVICE_VERSION"
    found "Date: $(header Date)"
    assume '401, 401002 IotHubUnauthorizedAccess' \
        is_refused 401 401002 IotHubUnauthorizedAccess || return
    assume 'a Date in the form of HTTP' is_http_date
}

check_date_of_success() {
    receive
    assume 'the queue is empty (204)' status_is 204 || return
    assume 'a Date in the form of HTTP' is_http_date
}

# The text shape has ErrorCode:NAME, the others an errorCode; all have a tracking id.
has_known_shape() {
    is_true 'fromjson | .Message as $m | (.ExceptionMessage // "") as $e
        | if ($m | type) == "object" then $m
          else ($m | try fromjson catch {errorCode: (test("^ErrorCode:\\w+;") or null),
                                         trackingId: ($e | test("^Tracking ID:") or null)}) end
        | .errorCode != null and .trackingId != null' "$(cat "$WORK/body")"
}

check_error_body() {
    settle complete "$NIL"
    assume 'a 412 has one of the three shapes' has_known_shape || return
    post "/devices/$UNKNOWN/messages/deviceBound"
    assume 'a 404 has one of the three shapes' has_known_shape
}

check_registry_right() {
    ask service GET "/devices/$DEVICE_PATH?api-version=$SERVICE_VERSION"
    found "the response is $STATUS $(header iothub-errorcode)"
    assume 'a refusal, 401 or 403' is_refusal_of_rights
}

is_refusal_of_rights() {
    status_is 401 || status_is 403
}

registry_count() {
    ask registry GET "/devices/$DEVICE_PATH?api-version=$SERVICE_VERSION"
    status_is 200 && jq -r .cloudToDeviceMessageCount "$WORK/body"
}

# The registry of a hub may lag: it is asked for 10 s.
counts_become() { # NUMBER
    for _ in 1 2 3 4 5; do
        [ "$(registry_count)" != "$1" ] || return 0
        pause 2
    done
    return 1
}

check_registry_count() {
    round_trip || return
    assume 'a locked message is counted' counts_become 1 || return
    settle complete "$TOKEN"
    assume 'a completed one is not' counts_become 0
}

# One process and one connection: a process for each request would be too slow for a hub's limit.
ask_until_throttled() {
    cat "$WORK/device.token" >"$WORK/headers"
    curl -q -sS --http1.1 --proto =https --suppress-connect-headers -f --fail-early \
        -H "@$WORK/headers" -D - -o "$WORK/body" \
        "https://$HUB$QUEUE?api-version=$DEVICE_VERSION#[1-3000]" 2>"$WORK/err" \
        | awk '/^HTTP\// { head = "" } { head = head $0 "\n" } END { printf "%s", head }' \
            >"$WORK/head"
    STATUS=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$WORK/head")
    who=device method=GET target="$QUEUE?api-version=$DEVICE_VERSION"
    : >"$WORK/sent"
    record
}

is_readable_delay() {
    case $(header Retry-After) in
    '') true ;;
    *[!0-9]*) is_true 'try (strptime("%a, %d %b %Y %H:%M:%S GMT") | true) catch false' \
        "$(header Retry-After)" ;;
    esac
}

check_throttled() {
    ask_until_throttled
    if ! status_is 429; then
        not_tried 'no 429 within 3,000 receives'
        return
    fi
    found "Retry-After: $(header Retry-After)"
    # -f drops the body: the code is in the header.
    assume 'the code is ThrottlingException' \
        [ "$(header iothub-errorcode)" = ThrottlingException ] || return
    assume 'Retry-After is absent, a number or a date' is_readable_delay
}
