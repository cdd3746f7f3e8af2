# shellcheck shell=sh
# Goal: with --tls-cache the next run resumes the TLS session. It never resumes one of another hub,
# proxy, trust store or certificate, and no error of the cache makes a run fail.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
umask 077

# Runs receive with the cache; err has its trace. It takes no lock, as other scenarios also have a
# dev1 at hub.test.
cached() {
    run c2d-device receive --no-lock --retries 0 --tls-cache cache --trace - "$@"
}
# The trace of libcurl shows whether the hub has sent its certificate.
is_resumed() {
    code_is 0 && says err 'TLS cache: the session was resumed' && lacks err '(IN), TLS handshake, Certificate (11)'
}
is_full() {
    code_is 0 && says err '(IN), TLS handshake, Certificate (11)' && lacks err 'the session was resumed'
}
# True if no session was offered that the hub could refuse.
is_of_its_own() {
    is_full && lacks err 'the session was forgotten'
}
holds() { # number of files
    is "$(find cache -type f | wc -l)" "$1"
}
kept() {
    find cache -type f
}

# ---- TLS 1.2 and 1.3 ----

cat >old.cnf <<END
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = old
[old]
MaxProtocol = TLSv1.2
END
for version in 1.2 1.3; do
    HUB=$PWD/hub-$version
    rm -rf cache sim.ready
    [ "$version" = 1.3 ] || export OPENSSL_CONF="$PWD/old.cnf"
    # shellcheck disable=SC2119  # no options are wanted
    start_sim
    unset OPENSSL_CONF
    c2d-http send -q -m "over $version"
    cached --keep
    check "TLS $version: the first run does a full handshake" is_full
    check "TLS $version: the connection uses this version" \
        says err "SSL connection using TLSv$version"
    check "TLS $version: the hub sends a session ticket" says err Newsession
    check "TLS $version: the cache has a folder of mode 700 and a file of mode 600" \
        is "$(stat -c %a cache "$(kept)" | xargs)" '700 600'
    reset_hub
    c2d-http send -q -m "over $version"
    cached
    check "TLS $version: the second run resumes the session" is_resumed
    check "TLS $version: a resumed session is checked for the host name" \
        says err 'host "localhost" matched'
    check "TLS $version: a run with a resumed session receives and completes a message" \
        is "$(jq -r .body out) $(queued)" "over $version 0"
    cached
    check "TLS $version: the third run resumes the session" is_resumed
    check "TLS $version: three runs leave one cache file" holds 1
done

# ---- Secrets outside the cache ----

# A cache file is an OpenSSL session followed by 32 bytes.
head -c -32 "$(kept)" >session.der
openssl sess_id -inform DER -in session.der -noout -text >session.txt
key=$(sed -n 's/^ *Resumption PSK: //p' session.txt)
ticket=$(openssl asn1parse -inform DER -in session.der | awk '/OCTET STRING/ { print $NF }' |
    sed 's/.*://' | awk '{ print length, $0 }' | sort -n | tail -n 1 | cut -d ' ' -f 2)
mkdir elsewhere
mv session.* elsewhere
cached
has_secret() {
    od -An -v -tx1 "$1" | tr -d ' \n' | grep -qi -e "$key" -e "$ticket"
}
check 'the cached session holds a key and a ticket' \
    is "$(printf %s "$key" | wc -c) $(has_secret elsewhere/session.der && echo found)" '96 found'
check 'the session key and the ticket are in no file outside the cache' \
    is "$(find . -type f ! -path './cache/*' ! -path './elsewhere/*' | while read -r file; do
        has_secret "$file" && echo "$file"
    done)" ''

# ---- Without --tls-cache ----

rm -rf cache
touch before after
find . >before
run c2d-device receive
find . >after
check 'receive without --tls-cache creates no file' cmp before after
run c2d-device receive -n --tls-cache cache
check 'a dry run with --tls-cache does not create the folder' not test -e cache

# ---- Invalid session files are ignored ----

# Commands that change the file or the folder
while read -r command; do
    case $command in chown*) [ "$(id -u)" -eq 0 ] || continue ;; esac
    rm -rf cache real other
    cached
    session=$(kept)
    cached
    is_resumed || check "the session is resumed before '$command'" false
    eval "$command"
    run c2d-device receive --retries 0 --tls-cache cache
    check "after '$command' a run with --tls-cache exits 0 and prints nothing" ends_silently 0 ''
    check "after '$command' a run replaces the session file" \
        is "$(stat -c '%a %h %F %u' "$session")" "600 1 regular file $(id -u)"
    cached
    check "after '$command' and a run, the next run resumes the session" is_resumed
done <<'END'
: >"$session"
truncate -s -1 "$session"
printf x >>"$session"
printf x | dd of="$session" bs=1 seek=100 conv=notrunc status=none
head -c 1000 /dev/urandom >"$session"
chmod 640 "$session"
chown 65534 "$session"
ln "$session" other
mv "$session" other; ln -s ../other "$session"
rm "$session"; mkfifo "$session"
ln -s ../other "$session.new"; echo left >other
END

# ---- Unsafe folders are not used ----

# Command | text of the warning
while IFS='|' read -r command why; do
    case $command in *chown*) [ "$(id -u)" -eq 0 ] || continue ;; esac
    rm -rf cache real
    cached
    eval "$command"
    find . >before
    run c2d-device receive --retries 0 --tls-cache cache
    check "after '$command' a run with --tls-cache exits 0" code_is 0
    check "after '$command' a run warns that no TLS session is kept or used, and why" \
        says err 'warning: no TLS session is kept or used' "$why"
    find . >after
    check "after '$command' a run writes nothing to the folder" cmp before after
    cached
    check "after '$command' a run offers no session" is_of_its_own
    run c2d-device receive --retries 0 --tls-cache cache -q
    check "after '$command' a run with -q prints no warning" ends_silently 0 ''
done <<'END'
chmod 750 cache|other users have access
chmod 701 cache|other users have access
chown 65534 cache|another user
mv cache real; ln -s real cache|it is a link
rm -r cache; echo >cache|not a folder
END
rm -rf cache real
run c2d-device receive --retries 0 --tls-cache none/cache
check 'a run with a --tls-cache that cannot be created warns of it' \
    says err 'none/cache' 'No such file'
cached
: >"$(kept)"
run prlimit --fsize=64 c2d-device receive --tls-cache cache
check 'a run that cannot write the session file exits 0 and prints nothing' ends_silently 0 ''
check 'a run that cannot write the session file leaves no partial file' holds 1
run sh -c 'prlimit --fsize=64 c2d-device receive --tls-cache cache --trace - 2>&1 | cat'
check 'the trace of a run that cannot write the session file says why' \
    says out 'TLS cache: ' 'No space left'

# ---- Sessions of another peer, proxy or trust store ----

# only_for SENTENCE OPTION...: checks that these options have a session of their own.
only_for() {
    sentence=$1
    shift
    cached "$@"
    check "the first run $sentence offers no session" is_of_its_own
    cached "$@"
    check "the second run $sentence resumes its own session" is_resumed
    cached
    check "a run without options resumes its session after those $sentence" is_resumed
}

cp "$SSL_CERT_FILE" same.pem
mkdir hashed hashed-too
cp "$SSL_CERT_FILE" hashed/ca.pem
cp "$SSL_CERT_FILE" hashed-too/ca.pem
openssl rehash hashed hashed-too
hub=${C2D_SIM_URL#https://}
rm -rf cache
cached
cached
check 'a run without options resumes its session before runs with others' is_resumed
only_for 'with another CA file with the same content' --cacert same.pem
only_for 'with a hashed folder' --cacert hashed
only_for 'with another hashed folder' --cacert hashed-too
only_for 'with another address' --connect-to "127.0.0.1:${hub#*:}"
# Command that changes a trust store | options
while IFS='|' read -r command options; do
    # shellcheck disable=SC2086  # words are wanted
    cached $options
    eval "$command"
    # shellcheck disable=SC2086
    cached $options
    check "after '$command' the earlier session is not offered" is_of_its_own
done <<'END'
touch same.pem|--cacert same.pem
cp -p same.pem same-too.pem; mv same-too.pem same.pem|--cacert same.pem
touch hashed/01234567.0|--cacert hashed
END

# The system store: a folder, and a bundle that is read if the folder does not have the issuer.
if unshare -rm true 2>/dev/null; then
    mkdir both
    make_cert root DNS:root
    cp root.crt both/root.pem && openssl rehash both
    cp "$SSL_CERT_FILE" both/ca-certificates.crt
    with_store() {
        # shellcheck disable=SC2016  # the inner shell's
        run env -u SSL_CERT_FILE unshare -rm \
            sh -c 'mount --bind both /etc/ssl/certs && exec "$@"' store \
            c2d-device receive --no-lock --retries 0 --tls-cache cache --trace -
    }
    with_store
    check 'the first run with the system store offers no session' is_of_its_own
    with_store
    check 'the second run with the system store resumes its session' is_resumed
    touch both/ca-certificates.crt
    with_store
    check 'a run after a change of the system bundle offers no session' is_of_its_own
    with_store
    touch both/new.pem
    with_store
    check 'a run after a change of the system folder offers no session' is_of_its_own
else
    echo '# no mount namespaces here: the system store was not tried'
fi

make_cert proxy DNS:localhost
if has squid 'sessions through a proxy'; then
    unset NO_PROXY
    take_port && first=$PORT
    take_port && second=$PORT
    take_port && secure=$PORT
    mkdir squid-proxy
    cat proxy.crt proxy.key >squid-proxy/both.pem
    cat "$SSL_CERT_FILE" proxy.crt >roots
    start_squid proxy <<END
http_port 127.0.0.1:$first
http_port 127.0.0.1:$second
https_port 127.0.0.1:$secure tls-cert=$PWD/squid-proxy/both.pem
http_access allow all
END
    only_for 'through a proxy' --proxy "http://127.0.0.1:$first"
    only_for 'through another proxy' --proxy "http://127.0.0.1:$second"
    only_for 'through a proxy under another name' --proxy "http://localhost:$second"
    NO_PROXY=localhost cached --proxy "http://127.0.0.1:$first"
    check 'a run whose proxy NO_PROXY excludes resumes the session of a direct run' is_resumed
    rm -rf cache
    for try in first second; do
        cached --proxy "https://localhost:$secure" --cacert roots
        check "the $try run through an https proxy does two full handshakes" \
            is "$CODE $(grep -c '(IN), TLS handshake, Certificate (11)' err)" '0 2'
        check "the $try run through an https proxy keeps no session" not test -e cache
    done
fi
export NO_PROXY=localhost

# ---- Certificates of devices ----

make_cert mine DNS:mine
make_cert unknown DNS:unknown
thumbprint=$(openssl x509 -in mine.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"mine\", \"thumbprint\": \"$thumbprint\"}]}"
device=${IOTHUB_CONNECTION_STRING%%;*}
rm -rf cache
cached
IOTHUB_DEVICE_CONNECTION_STRING="$device;DeviceId=mine;x509=true"
cached --cert unknown.crt --key unknown.key
check 'receive with an unknown device certificate exits 77' fails_with 77 AUTH
check 'a session without a device certificate is not offered with one' \
    lacks err 'was resumed' 'was forgotten'
grep -v '^\*' err | grep -E '^c2d-' >first-time
cached --cert unknown.crt --key unknown.key
check 'the second run with an unknown device certificate resumes its session' \
    says err 'the session was resumed'
check 'the second run with an unknown device certificate fails with the same error' \
    cmp first-time - <<END
$(grep -E '^c2d-' err)
END
cached --cert mine.crt --key mine.key
check "a run with another device certificate offers no session" is_of_its_own
cached --cert mine.crt --key mine.key
check 'the second run with a device certificate resumes its session' is_resumed
cp mine.crt unknown.crt && cp mine.key unknown.key
cached --cert unknown.crt --key unknown.key
check 'a run with a renewed device certificate in the same file offers no session' is_of_its_own

# ---- Hubs that refuse a session ----

make_cert hub DNS:hub.test,DNS:hub2.test
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >no-content
take_port && port=$PORT
string='DeviceId=dev1;SharedAccessKey=a2V5'
at_hub() { # NAME OPTION...
    export IOTHUB_DEVICE_CONNECTION_STRING="HostName=$1;$string"
    shift
    cached --cacert hub.crt --connect-to "127.0.0.1:$port" "$@"
}
start_hub() {
    start_hostile --cert hub.crt --key hub.key --port "$port" "$@" \
        keep:no-content keep:no-content keep:no-content keep:no-content
}
for ciphers in '' '--ciphers DEFAULT'; do
    rm -rf cache
    # shellcheck disable=SC2086  # words are wanted
    start_hub $ciphers
    at_hub hub.test
    check "the first run with hub.test offers no session $ciphers" is_of_its_own
    at_hub hub.test
    check "the second run with hub.test resumes the session $ciphers" is_resumed
    at_hub hub2.test
    check "a run with another host at the same address offers no session $ciphers" is_of_its_own
    # shellcheck disable=SC2086
    start_hub $ciphers
    at_hub hub.test
    check "a run with a restarted hub does a full handshake $ciphers" is_full
    check "a run with a restarted hub forgets the refused session $ciphers" \
        says err 'the session was forgotten'
    check "a restarted hub gets one request $ciphers" is "$(heard GET)" 1
    at_hub hub.test
    check "the next run with a restarted hub resumes the new session $ciphers" is_resumed
    # shellcheck disable=SC2086
    start_hub $ciphers --bad-tickets
    at_hub hub.test
    check "a run with a hub that aborts on the session connects again without it $ciphers" is_full
    check "a hub that aborts on the session gets one request $ciphers" is "$(heard GET)" 1
    at_hub hub.test
    check "the next run with a hub that aborts on the session offers none $ciphers" is_of_its_own
done
start_hub
IOTHUB_DEVICE_CONNECTION_STRING="HostName=hub.test;DeviceId=mine;x509=true"
rm -rf cache
cached --cert mine.crt --key mine.key --cacert hub.crt --connect-to "127.0.0.1:$port"
check 'a run with a device certificate that the hub does not request exits 0' code_is 0
check 'a run with a device certificate that the hub does not request keeps no session' holds 0
start_hub
at_hub hub.test
start_hostile --cert proxy.crt --key proxy.key --port "$port"
at_hub hub.test
check 'a run exits 21 when an untrusted server has replaced the hub' fails_with 21 TLS
check 'a run connects once when an untrusted server has replaced the hub' \
    is "$(grep -c 'Trying ' err)" 1

# ---- Parallel runs ----

# shellcheck source=/dev/null
. "$HUB/env"
rm -rf cache
racers=
for i in 1 2 3 4 5 6 7 8; do
    c2d-device receive --no-lock --retries 0 --tls-cache cache >race.$i 2>&1 &
    racers="$racers $!"
done
lost=0
for pid in $racers; do
    wait "$pid" || lost=$((lost + 1))
done
check 'eight parallel runs with one --tls-cache all exit 0' is "$lost $(cat race.*)" '0 '
check 'eight parallel runs leave one session file' holds 1
cached
check 'the run after eight parallel runs resumes the session' is_resumed
