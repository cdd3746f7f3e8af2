# shellcheck shell=sh
# Checks of connection and TLS, made with openssl s_client.
# shellcheck disable=SC2317  # the checks are called by name

CHAIN_MAX=8192

# Connects to the hub and verifies its certificate; what comes is in the file tls.
connect() { # [OPTION]...
    case $HUB in
    *:*) at=$HUB ;;
    *) at=$HUB:443 ;;
    esac
    openssl s_client -connect "$at" -servername "${HUB%:*}" -verify_return_error \
        -verify_hostname "${HUB%:*}" "$@" >"$WORK/tls" 2>&1
    connected=$?
    grep -q '^CONNECTED' "$WORK/tls" || [ "$connected" = 0 ] \
        || NO_RESPONSE='openssl cannot connect to the hub'
    return "$connected"
}

# A receive as bytes; the queue is empty.
print_request() { # CONNECTION
    printf 'GET %s?api-version=%s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n' "$QUEUE" \
        "$DEVICE_VERSION" "$HUB" "$1"
    tr -d '\n' <"$WORK/device.token"
    printf '\r\n\r\n'
}

use_connection_twice() {
    print_request keep-alive
    pause 21
    print_request close
    sleep 1
}

check_keep_alive() {
    # In the background, so that a signal ends the wait.
    use_connection_twice | connect -quiet -no_ign_eof &
    wait $!
    found "$(grep -c '^HTTP/1.1 204' "$WORK/tls") responses"
    assume 'two responses on one connection, 21 s apart' \
        [ "$(grep -c '^HTTP/1.1 204' "$WORK/tls")" = 2 ]
}

accepts() { # OPTION
    connect "$@" </dev/null
}

check_tls_versions() {
    accepts -tls1_3 || refused=' not'
    found "TLS 1.3 is${refused-} accepted"
    assume 'TLS 1.2 is accepted' accepts -tls1_2
}

# The bytes of all certificates, from their base64.
chain_size() {
    awk '/^-----BEGIN CERT/ { inside = 1; next } /^-----END CERT/ { inside = 0 }
        inside { gsub(/=/, ""); size += length($0) * 3 / 4 } END { print int(size) }' "$WORK/tls"
}

check_tls_chain() {
    assume 'the chain is verified' accepts -showcerts || return
    size=$(chain_size)
    found "$(grep -c '^-----BEGIN CERT' "$WORK/tls") certificates, $size bytes"
    assume "$CHAIN_MAX bytes at most" [ "$size" -gt 0 -a "$size" -le "$CHAIN_MAX" ]
}
