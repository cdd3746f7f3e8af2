# shellcheck shell=sh
# Goal: with --tls-cache the next run resumes the session of TLS, but never one that was made for
# another hub, way, trust store or certificate; and nothing about it makes a run fail (3, C7).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
umask 077

# A drain with the cache; what was done with it is in err. Without a lock: other scenarios have a
# dev1 at hub.test, too.
cached() {
    run c2d-device receive --no-lock --retries 0 --tls-cache cache --trace - "$@"
}
# libcurl's own words tell whether the hub has shown its certificate.
is_resumed() {
    code_is 0 && says err 'TLS cache: the session was resumed' && lacks err '(IN), TLS handshake, Certificate (11)'
}
is_full() {
    code_is 0 && says err '(IN), TLS handshake, Certificate (11)' && lacks err 'the session was resumed'
}
# Nothing was offered that the hub might have refused.
is_of_its_own() {
    is_full && lacks err 'the session was forgotten'
}
holds() { # how many files
    is "$(find cache -type f | wc -l)" "$1"
}
kept() {
    find cache -type f
}

# ---- Both versions of TLS ----

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
    check "TLS $version: the first run has the hub prove itself" is_full
    check "TLS $version: it is that version" says err "SSL connection using TLSv$version"
    check "TLS $version: a ticket comes, which no hub has to remember" says err Newsession
    check "TLS $version: its session is kept for us alone (3)" \
        is "$(stat -c %a cache "$(kept)" | xargs)" '700 600'
    reset_hub
    c2d-http send -q -m "over $version"
    cached
    check "TLS $version: the next run resumes it (3)" is_resumed
    check "TLS $version: and the name is compared all the same (N1)" \
        says err 'host "localhost" matched'
    check "TLS $version: the message is received and completed" \
        is "$(jq -r .body out) $(queued)" "over $version 0"
    cached
    check "TLS $version: so does the one after it" is_resumed
    check "TLS $version: there is one file for it all" holds 1
done

# ---- No secret anywhere else (C7) ----

# A file is an OpenSSL session and 32 bytes behind it.
head -c -32 "$(kept)" >session.der
openssl sess_id -inform DER -in session.der -noout -text >session.txt
key=$(sed -n 's/^ *Resumption PSK: //p' session.txt)
ticket=$(openssl asn1parse -inform DER -in session.der | awk '/OCTET STRING/ { print $NF }' |
    sed 's/.*://' | awk '{ print length, $0 }' | sort -n | tail -n 1 | cut -d ' ' -f 2)
mkdir elsewhere
mv session.* elsewhere
cached
has_secret() {
    xxd -p "$1" | tr -d '\n' | grep -qi -e "$key" -e "$ticket"
}
check 'the session has a key and a ticket to look for' \
    is "$(printf %s "$key" | wc -c) $(has_secret elsewhere/session.der && echo found)" '96 found'
check 'neither is told or written anywhere else (C7)' \
    is "$(find . -type f ! -path './cache/*' ! -path './elsewhere/*' | while read -r file; do
        has_secret "$file" && echo "$file"
    done)" ''

# ---- Only when it is asked for ----

rm -rf cache
touch before after
find . >before
run c2d-device receive
find . >after
check 'without the option nothing is written (3)' cmp before after
run c2d-device receive -n --tls-cache cache
check 'a dry run does not touch the folder' not test -e cache

# ---- What is broken, or may be somebody else's, is ignored ----

# What happens to the file or the folder
while read -r command; do
    case $command in chown*) [ "$(id -u)" -eq 0 ] || continue ;; esac
    rm -rf cache real other
    cached
    session=$(kept)
    cached
    is_resumed || check "before '$command', the session is good" false
    eval "$command"
    run c2d-device receive --retries 0 --tls-cache cache
    check "$command: nobody hears of it (3)" ends_silently 0 ''
    check "$command: a good session is there again" \
        is "$(stat -c '%a %h %F %u' "$session")" "600 1 regular file $(id -u)"
    cached
    check "$command: the run after that resumes it" is_resumed
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

# ---- A folder that others may use is not used ----

# What is wrong | what the warning says
while IFS='|' read -r command why; do
    case $command in *chown*) [ "$(id -u)" -eq 0 ] || continue ;; esac
    rm -rf cache real
    cached
    eval "$command"
    find . >before
    run c2d-device receive --retries 0 --tls-cache cache
    check "$command: a warning, and the run is a good one (3)" code_is 0
    check "$command: it says why" says err 'warning: no TLS session is kept or used' "$why"
    find . >after
    check "$command: nothing is written there" cmp before after
    cached
    check "$command: nothing is read there" is_of_its_own
    run c2d-device receive --retries 0 --tls-cache cache -q
    check "$command: with -q there is no warning" ends_silently 0 ''
done <<'END'
chmod 750 cache|other users have access
chmod 701 cache|other users have access
chown 65534 cache|another user
mv cache real; ln -s real cache|it is a link
rm -r cache; echo >cache|not a folder
END
rm -rf cache real
run c2d-device receive --retries 0 --tls-cache none/cache
check 'a folder that cannot be made: a warning too' says err 'none/cache' 'No such file'
cached
: >"$(kept)"
run prlimit --fsize=64 c2d-device receive --tls-cache cache
check 'a disk that is full makes no run fail (3)' ends_silently 0 ''
check 'and leaves nothing half written' holds 1
run sh -c 'prlimit --fsize=64 c2d-device receive --tls-cache cache --trace - 2>&1 | cat'
check 'the trace says it' says out 'TLS cache: ' 'No space left'

# ---- Never another's ----

# only_for SENTENCE OPTION...: with these options no session of others is used, nor theirs used up.
only_for() {
    sentence=$1
    shift
    cached "$@"
    check "$sentence: no session is offered (3)" is_of_its_own
    cached "$@"
    check "$sentence: but its own is, the next time" is_resumed
    cached
    check "$sentence: and that of before is still there" is_resumed
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
check 'what others are compared with is resumed' is_resumed
only_for 'another CA file with the same content' --cacert same.pem
only_for 'a hashed folder' --cacert hashed
only_for 'another hashed folder' --cacert hashed-too
only_for 'another address' --connect-to "127.0.0.1:${hub#*:}"
# What has changed | options
while IFS='|' read -r command options; do
    # shellcheck disable=SC2086  # words are wanted
    cached $options
    eval "$command"
    # shellcheck disable=SC2086
    cached $options
    check "$command: the session of before is not offered (3)" is_of_its_own
done <<'END'
touch same.pem|--cacert same.pem
cp -p same.pem same-too.pem; mv same-too.pem same.pem|--cacert same.pem
touch hashed/01234567.0|--cacert hashed
END

# The system's own store: a folder, and a bundle that is read where that has no issuer.
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
    check 'the system store: no session is offered' is_of_its_own
    with_store
    check 'but its own is, the next time' is_resumed
    touch both/ca-certificates.crt
    with_store
    check 'until its bundle changes (3)' is_of_its_own
    with_store
    touch both/new.pem
    with_store
    check 'or its folder' is_of_its_own
else
    echo '# no mount namespaces here: the system store was not tried'
fi

unset NO_PROXY
take_port && first=$PORT
take_port && second=$PORT
take_port && secure=$PORT
make_cert proxy DNS:localhost
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
only_for 'a proxy under another name' --proxy "http://localhost:$second"
NO_PROXY=localhost cached --proxy "http://127.0.0.1:$first"
check 'an exception from the proxy is the direct way' is_resumed
rm -rf cache
for try in first second; do
    cached --proxy "https://localhost:$secure" --cacert roots
    check "an https proxy, $try time: both handshakes are whole (3)" \
        is "$CODE $(grep -c '(IN), TLS handshake, Certificate (11)' err)" '0 2'
    check 'and no session of either is kept' not test -e cache
done
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
check 'an unknown certificate is refused' fails_with 77 AUTH
check 'a session without certificate is not offered for it' lacks err 'was resumed' 'was forgotten'
grep -v '^\*' err | grep -E '^c2d-' >first-time
cached --cert unknown.crt --key unknown.key
check 'resumed, it is refused too' says err 'the session was resumed'
check 'and for the same reason' cmp first-time - <<END
$(grep -E '^c2d-' err)
END
cached --cert mine.crt --key mine.key
check "another certificate gets no session of this one's (3)" is_of_its_own
cached --cert mine.crt --key mine.key
check 'a device is known again by its certificate' is_resumed
cp mine.crt unknown.crt && cp mine.key unknown.key
cached --cert unknown.crt --key unknown.key
check 'a certificate that was renewed under the same name begins anew (3)' is_of_its_own

# ---- Hubs that forget, or mind ----

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
    check "hub.test $ciphers: a first handshake" is_of_its_own
    at_hub hub.test
    check "hub.test $ciphers: is resumed" is_resumed
    at_hub hub2.test
    check "another host at the same address $ciphers: nothing is offered (3)" is_of_its_own
    # shellcheck disable=SC2086
    start_hub $ciphers
    at_hub hub.test
    check "a hub that was started anew $ciphers: a full handshake and no more (3)" is_full
    check "its session was offered $ciphers" says err 'the session was forgotten'
    check "one request, one answer $ciphers" is "$(heard GET)" 1
    at_hub hub.test
    check "the new session is resumed $ciphers" is_resumed
    # shellcheck disable=SC2086
    start_hub $ciphers --bad-tickets
    at_hub hub.test
    check "a hub that breaks off for it $ciphers: once more without (3)" is_full
    check "one request, one answer, also there $ciphers" is "$(heard GET)" 1
    at_hub hub.test
    check "the session is gone $ciphers" is_of_its_own
done
start_hub
IOTHUB_DEVICE_CONNECTION_STRING="HostName=hub.test;DeviceId=mine;x509=true"
rm -rf cache
cached --cert mine.crt --key mine.key --cacert hub.crt --connect-to "127.0.0.1:$port"
check 'a hub that does not ask for the certificate: it has been reached' code_is 0
check 'its session would hide that: none is kept' holds 0
start_hub
at_hub hub.test
start_hostile --cert proxy.crt --key proxy.key --port "$port"
at_hub hub.test
check 'another server in its place is not trusted: 21 (N1)' fails_with 21 TLS
check 'which a session has nothing to do with: it is asked once' is "$(grep -c 'Connected to' err)" 1

# ---- Many at once ----

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
check 'many at once: all are served' is "$lost $(cat race.*)" '0 '
check 'and one good file is left' holds 1
cached
check 'which the next run resumes' is_resumed
