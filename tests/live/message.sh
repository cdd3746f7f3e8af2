# shellcheck shell=sh
# Messages of this run. Each has a property with the run and the check, by which it is known again,
# and expires ten minutes later, so that nothing stays for long, whatever happens.

NIL=00000000-0000-0000-0000-000000000000
TOKEN=
HELD=
STRANGERS=0

# post TARGET [HEADER]...: sends the file payload, with the mark of this check.
post() {
    post_target=$1
    shift
    ask service POST "$post_target?api-version=$SERVICE_VERSION" "$MARK: $RUN-$CHECK" "$@"
}

# send [HEADER]...: sends the file payload to the device.
send() {
    post "$QUEUE" "iothub-expiry: $(hub_time 600)" "$@"
}

# send_text TEXT [HEADER]...
send_text() {
    printf %s "$1" >"$WORK/payload"
    shift
    send "$@"
}

# fill SIZE: makes a payload of so many bytes.
fill() {
    head -c "$1" /dev/zero | tr '\0' x >"$WORK/payload"
}

# The lock token in ETag; nothing for one that cannot be put into a path.
lock_token() {
    values ETag | head -n 1 | sed 's/^W\///; s/"//g' | grep -E '^[A-Za-z0-9-]+$'
}

# receive [HEADER]...: takes the message of this check and sets TOKEN. False if there is none.
# Messages of earlier checks are completed, those of others stay locked until they come again.
receive() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        TOKEN=
        ask device GET "$QUEUE?api-version=${VERSION:-$DEVICE_VERSION}" "$@"
        status_is 200 || return 1
        TOKEN=$(lock_token)
        case $(header "$MARK") in
        "$RUN-$CHECK")
            HELD="$HELD $TOKEN"
            return 0
            ;;
        "$RUN-"*) [ -z "$TOKEN" ] || settle complete "$TOKEN" ;;
        *) STRANGERS=$((STRANGERS + 1)) ;;
        esac
    done
    return 1
}

# settle complete|reject|abandon TOKEN [QUERY]
settle() {
    : >"$WORK/payload"
    lock_path=$QUEUE/$2
    version="api-version=$DEVICE_VERSION"
    case $1 in
    complete) ask device DELETE "$lock_path?$version" ;;
    reject) ask device DELETE "$lock_path?$version&${3-reject}" ;;
    abandon) ask device POST "$lock_path/abandon?$version" ;;
    esac
    ! status_is 204 || release "$2"
}

# Takes a token from those that are held.
release() {
    released=$1
    # shellcheck disable=SC2086  # one word for each token is wanted
    set -- $HELD
    HELD=
    for held in "$@"; do
        [ "$held" = "$released" ] || HELD="$HELD $held"
    done
}

# Removes all messages of the device.
purge() {
    ask service DELETE "/devices/$DEVICE_PATH/commands?api-version=$SERVICE_VERSION"
}

# Removes what this check has left: what it has locked, and what still waits.
tidy() {
    RECORDS=
    for left in $HELD; do
        settle complete "$left"
        ! status_is 000 || break
    done
    while receive && [ -n "$TOKEN" ]; do
        settle complete "$TOKEN"
        status_is 204 || break
    done
    HELD=
    RECORDS=yes
}
