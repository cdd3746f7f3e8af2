# shellcheck shell=sh
# Requests to the hub, their responses, and how they are recorded for the report.
#
# A request leaves the status in STATUS (000: no response), the head in the file head and the body in
# the file body, both in $WORK. Secrets are in files of $WORK only, never in an argument.

STATUS=
RECORDS=yes
SLEEP=

# sign WHO PROGRAM CONNECTION-STRING-FILE: makes the token that WHO shows with its requests.
sign() {
    printf 'Authorization: ' >"$WORK/$1.token"
    "$2" sas -C "$3" --ttl "$((3600 * SCALE))s" >>"$WORK/$1.token" 2>"$WORK/err" || return 1
    sed -n 's/.*[&?]sig=\([^&]*\).*/\1/p' "$WORK/$1.token" >>"$WORK/secrets"
    sed -n 's/.*SharedAccessKey=\([^;]*\).*/\1/p' "$3" >>"$WORK/secrets"
}

# One attempt. The body of a POST is the file payload; the headers are in the file headers.
attempt() { # METHOD TARGET
    attempt_target=$2
    set -- -X "$1"
    [ "$2" != POST ] || set -- "$@" --data-binary "@$WORK/payload"
    : >"$WORK/head"
    : >"$WORK/body"
    STATUS=$(curl -q -sS --http1.1 --proto =https --path-as-is --globoff --max-time 60 \
        --suppress-connect-headers -H "@$WORK/headers" "$@" -D "$WORK/head" -o "$WORK/body" \
        -w '%{http_code}' "https://$HUB$attempt_target" 2>"$WORK/err") || STATUS=000
    # The registry's response holds the keys of the device.
    case $attempt_target in
    "/devices/$DEVICE_PATH?"*) keep_public_members ;;
    esac
}

keep_public_members() {
    jq -c '{deviceId, status, connectionState, cloudToDeviceMessageCount}' "$WORK/body" \
        >"$WORK/public" 2>/dev/null || : >"$WORK/public"
    [ "$STATUS" != 200 ] || mv "$WORK/public" "$WORK/body"
}

# ask WHO METHOD TARGET [HEADER]...: one request, repeated while the hub throttles it.
ask() {
    who=$1 method=$2 target=$3
    shift 3
    : >"$WORK/sent"
    [ $# -eq 0 ] || printf '%s\n' "$@" >"$WORK/sent"
    # curl adds Expect and Content-Type on its own: "Name:" removes a header.
    { cat "$WORK/$who.token" "$WORK/sent" && echo Expect:; } >"$WORK/headers"
    grep -qi '^Content-Type:' "$WORK/sent" || echo Content-Type: >>"$WORK/headers"
    for _ in 1 2 3 4 5 6; do
        attempt "$method" "$target"
        [ -z "$RECORDS" ] || record
        [ "$STATUS" = 429 ] || break
        pause "$(throttled_s)"
    done
    [ "$STATUS" != 000 ] || NO_RESPONSE=$(head -n 1 "$WORK/err")
    values Date >"$WORK/date"
}

# How long to wait after a 429: what the hub says, or 15 s.
throttled_s() {
    case $(header Retry-After) in
    '' | *[!0-9]* | ????*) echo 15 ;;
    *) header Retry-After ;;
    esac
}

# pause SECONDS: by the hub's clock. In the background, as a shell handles no signal while it waits
# for a command in the foreground.
pause() {
    sleep "$(awk -v s="$1" -v scale="$SCALE" 'BEGIN { print s / scale }')" &
    SLEEP=$!
    wait "$SLEEP"
    SLEEP=
}

# The values of a response header, one a line. Names are compared without case.
values() {
    awk -v name="$1" '{
        sub(/\r$/, "")
        at = index($0, ":")
        if (at && tolower(substr($0, 1, at - 1)) == tolower(name)) {
            value = substr($0, at + 1)
            gsub(/^[ \t]+|[ \t]+$/, "", value)
            print value
        }
    }' "$WORK/head"
}

header() {
    values "$1" | tail -n 1
}

# The time so many seconds after the hub's last Date, in the form that the library sends.
hub_time() { # SECONDS
    [ -s "$WORK/date" ] || date -u '+%a, %d %b %Y %H:%M:%S GMT' >"$WORK/date"
    jq -Rr --argjson seconds "$1" '(strptime("%a, %d %b %Y %H:%M:%S GMT") | mktime) + $seconds
        | strftime("%Y-%m-%dT%H:%M:%S.0000000Z")' "$WORK/date" 2>/dev/null
}

# True if the last request was refused with this status and code.
is_refused() { # STATUS NUMBER NAME
    [ "$STATUS" = "$1" ] && {
        [ "$(header iothub-errorcode)" = "$3" ] || grep -q "ErrorCode:$3;" "$WORK/body" \
            || grep -Eq "errorCode[\\\\\": ]*$2" "$WORK/body"
    }
}

status_is() {
    [ "$STATUS" = "$1" ]
}

# Appends the last request and its response to the exchanges of this check: no token (of the request
# only the headers that the caller gave), and host, device ids, GUIDs and the like masked.
record() {
    jq -cn --arg by "$who" --arg method "$method" --arg target "$target" --arg status "$STATUS" \
        --arg hub "$HUB" --arg ids "$DEVICE_ID $DEVICE_PATH $DISABLED_ID" \
        --rawfile sent "$WORK/sent" --rawfile head "$WORK/head" --rawfile body "$WORK/body" \
        --arg size "$(wc -c <"$WORK/payload")" '
        def name($text; $mask):
            gsub("(?:(?<![A-Za-z0-9])|(?<=%2F))" + ($text | gsub("(?<c>[^A-Za-z0-9])"; "\\\(.c)"))
                + "(?![A-Za-z0-9])"; $mask; "i");
        def mask: name($hub; "{hub}") | name($hub | sub(":[0-9]+$"; ""); "{hub}")
            | reduce ($ids | split(" ") | unique[] | select(. != "")) as $id
                (.; name($id; "{device}"))
            | gsub("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"; "{guid}")
            | gsub("(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])"; "{id}")
            | gsub("(?<![0-9.])[0-9]{1,3}([.][0-9]{1,3}){3}(?![0-9.])"; "{address}")
            | gsub("(?<g>generationId[\\\\\": ]*)[0-9]+"; "\(.g){id}"; "i");
        def lines: split("\n") | map(rtrimstr("\r") | select(. != "")
            | select(test("^(set-cookie|authorization):"; "i") | not) | .[0:300] | mask);
        {by: $by, sent: ({method: $method, target: ($target | mask), headers: ($sent | lines)}
            + if $method == "POST" then {bodySize: ($size | tonumber)} else {} end),
         got: {status: ($status | tonumber), headers: ($head | lines | .[1:]),
               body: ($body[0:1000] | mask)}}' >>"$WORK/exchanges"
}
