# shellcheck shell=sh
# The shared libcurl may be older than that of the build, may lack options, and may use another TLS
# library. Where it cannot be used, one error says so before anything is sent; where it can, it
# keeps all promises.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

refused() { # text...
    fails_with 78 CONFIG && says err "$@" && nothing_was_asked
}

# ---- Another TLS library ----

version=$(c2d-device --version | sed -n 's/.*libcurl \([^, ]*\).*/\1/p')
# An OpenSSL of another major version has another binary interface.
major=$(c2d-device --version | sed -n 's|.*OpenSSL/\([0-9]*\).*|\1|p')
for name in GnuTLS/3.7.9 mbedTLS/2.28.3 wolfSSL/5.5.4 LibreSSL/3.7.3 BoringSSL "OpenSSL/$((major + 1)).0" \
    "GnuTLS/3.7.9 (OpenSSL/$major.0.0)" ''; do
    export LACKS_OPENSSL="$name"
    active=${name%% (*}
    run lacking c2d-device receive
    check "receive over a libcurl on '$name' exits 78 and names the library that it uses" \
        refused "uses ${active:-nothing} for TLS, but OpenSSL $major is needed"
    run lacking c2d-http send dev1 -m x
    check "send over a libcurl on '$name' exits 78 and names the library that it uses" \
        refused "uses ${active:-nothing} for TLS, but OpenSSL $major is needed"
    run lacking c2d-http doctor
    check "doctor over a libcurl on '$name' exits 78 and names the library that is needed" \
        is "$CODE $(grep -c "but OpenSSL $major is needed" out)" '78 1'
    run lacking c2d-http --version
    check "--version names '$name'" says out "${name:-no TLS}"
done
LACKS_OPENSSL="GnuTLS/3.7.9 (OpenSSL/$major.0.0)" run lacking c2d-device receive
check 'the hint for a libcurl that could use OpenSSL names CURL_SSL_BACKEND' \
    says err 'hint: ' CURL_SSL_BACKEND=openssl
for name in "(GnuTLS/3.7.9) OpenSSL/$major.0.0" "quictls/$major.0.0"; do
    LACKS_OPENSSL="$name" run lacking c2d-device receive
    check "receive over a libcurl on '$name' exits 0" ends_silently 0 ''
done
unset LACKS_OPENSSL

# ---- Options ----

reset_hub
for option in SSL_CTX_FUNCTION OPENSOCKETFUNCTION SSLVERSION REQUEST_TARGET; do
    LACKS_OPTIONS=$option run lacking c2d-device receive
    check "receive over a libcurl without the option $option exits 78 and names it" \
        refused "libcurl $version refuses the option CURLOPT_$option"
done
export LACKS_OPTIONS='QUICK_EXIT CA_CACHE_TIMEOUT PROTOCOLS_STR NETRC PROXY NOPROXY HEADEROPT
    PROXY_SSLVERSION PROXY_CAINFO'
run lacking c2d-device receive
check 'receive exits 0 over a libcurl that lacks what it does not need' ends_silently 0 ''

# ---- A request is sent once ----
# libcurl sends again what got no response over a reused connection. Before 7.80 it does not ask.

for lacked in '' 'PREREQFUNCTION PREREQDATA'; do
    export LACKS_OPTIONS="$lacked"
    how=${lacked:+ by a libcurl before 7.80}
    reset_hub
    # The first responses are late, so that each device gets a connection. When that of the last
    # message is closed, libcurl could use another.
    set_sim devices '{"devices": ["a", "b", "c", "d"]}'
    seq 5 | while read -r number; do
        printf "{\"deviceId\":\"%s\",\"body\":\"$number\"}\n" a b c d
    done >lines
    fault '{"operation": "send", "count": 4, "delayMs": 300}'
    fault '{"operation": "send", "skip": 15, "drop": "after", "delayMs": 300}'
    run lacking c2d-http send --batch lines -P 4 --retries 0
    check "a message over a kept connection that is closed is sent once$how" \
        is "$CODE $(requests send)" '11 20'

    reset_hub
    enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
    fault '{"operation": "complete", "drop": "after"}'
    run lacking c2d-device receive --retries 0
    check "a complete over a kept connection that is closed is sent once$how" \
        is "$CODE $(requests complete) $(grep -c 'a reused connection was lost' err)" '20 1 1'
    fault '{"operation": "complete", "drop": "before"}'
    run lacking c2d-device receive
    check "a complete over a kept connection that is closed is retried$how" \
        is "$CODE $(requests complete) $(queued)" '0 3 0'

    printf 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n' >unavailable
    start_hostile --plain close:unavailable
    IOTHUB_CONNECTION_STRING='HostName=hub.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
        run lacking c2d-http send dev1 -m x --retries 0 --proxy "http://127.0.0.1:$PORT"
    check "the request to a proxy does not count as sent to the hub$how" fails_with 20 NETWORK
done
