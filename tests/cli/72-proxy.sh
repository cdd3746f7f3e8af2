# shellcheck shell=sh
# Goal: the programs work through each kind of proxy, or an error names the proxy and what to do.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
has squid 'every check of proxies' || exit 0
has microsocks 'every check of proxies' || exit 0
# microsocks tries only the first address of localhost, which is ::1 on some machines.
HUB_ADDRESS=$(getent ahosts localhost | sed -n '1s/ .*//p')
case $HUB_ADDRESS in
*:*) start_sim --listen "[$HUB_ADDRESS]" ;;
*) start_sim --listen "$HUB_ADDRESS" ;;
esac
unset NO_PROXY
hub=${C2D_SIM_URL#https://}
umask 077

take_port && open=$PORT
take_port && basic=$PORT
take_port && denied=$PORT
take_port && secure=$PORT
take_port && digest=$PORT
take_port && both=$PORT
take_port && kerberos=$PORT
take_port && nobody=$PORT

make_cert proxy DNS:localhost
mkdir squid-basic squid-digest squid-both squid-kerberos
cat proxy.crt proxy.key >squid-basic/both.pem
printf 'me:%s\n' "$(openssl passwd -apr1 'se:cret%41')" >squid-basic/users
printf 'me:c2d:%s\n' "$(printf 'me:c2d:se:cret%%41' | md5sum | cut -d ' ' -f 1)" >squid-digest/users
start_squid basic <<END
http_port 127.0.0.1:$open
http_port 127.0.0.1:$basic
http_port 127.0.0.1:$denied
https_port 127.0.0.1:$secure tls-cert=$PWD/squid-basic/both.pem
auth_param basic program /usr/lib/squid/basic_ncsa_auth $PWD/squid-basic/users
auth_param basic children 1
acl asks localport $basic
acl known proxy_auth REQUIRED
acl denies localport $denied
http_access deny denies
http_access allow asks known
http_access deny asks
http_access allow all
END
start_squid digest <<END
http_port 127.0.0.1:$digest
auth_param digest program /usr/lib/squid/digest_file_auth -c $PWD/squid-digest/users
auth_param digest children 1
auth_param digest realm c2d
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
END
# Offers Negotiate, for which the test has no ticket. The helper program only has to exist.
start_kerberos() {
    printf '#!/bin/sh\nwhile read -r line; do echo "BH no"; done\n' >"squid-$1/negotiate"
    chmod 755 "squid-$1/negotiate"
    start_squid "$1"
}
start_kerberos both <<END
http_port 127.0.0.1:$both
auth_param negotiate program $PWD/squid-both/negotiate
auth_param negotiate children 1
auth_param basic program /usr/lib/squid/basic_ncsa_auth $PWD/squid-basic/users
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
END
start_kerberos kerberos <<END
http_port 127.0.0.1:$kerberos
auth_param negotiate program $PWD/squid-kerberos/negotiate
auth_param negotiate children 1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
END
start_socks && socks=$PORT
start_socks -u me -P 'se:cret%41' && asking_socks=$PORT

printf 'me:se:cret%%41\n' >right
printf 'me:CANARY\n' >wrong
printf ':\n' >ticket
cat "$SSL_CERT_FILE" proxy.crt >roots

# ---- Proxies that work ----

# Waits for a line in the log of squid, which writes it when the connection has ended.
has_logged() {
    until_true grep -qxF "$2" "squid-$1/log" || { cat "squid-$1/log" && return 1; }
}
receives() {
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "through"}'
    run c2d-device receive "$@"
}
succeeded() {
    shows '.body == "through"' && is_empty err && is "$(queued dev1)" 0
}

while read -r squid url user options; do
    # shellcheck disable=SC2086  # words are wanted
    receives --proxy "$url" $options
    check "receive through $url${options:+ with $options} prints the message" succeeded
    port=${url##*:}
    check "receive connects through the proxy $url" \
        has_logged "$squid" "$port 200 CONNECT $hub $user"
done <<END
basic http://127.0.0.1:$open -
basic http://127.0.0.1:$basic me --proxy-user-file right
digest http://127.0.0.1:$digest me --proxy-user-file right
both http://127.0.0.1:$both me --proxy-user-file right
basic https://localhost:$secure - --cacert roots
END
check 'the proxy with digest authentication answers 407 first' \
    has_logged digest "$digest 407 CONNECT $hub -"

for options in "socks5h://127.0.0.1:$socks" \
    "socks5h://127.0.0.1:$asking_socks --proxy-user-file right"; do
    # shellcheck disable=SC2086
    receives --trace trace --proxy $options
    check "receive through $options prints the message" succeeded
    check "the proxy resolves the name of the hub with $options" says trace 'remotely resolved'
done
check 'the trace does not hold the password of the SOCKS proxy' lacks trace cret

# ---- The environment ----

down=http://me:CANARY@127.0.0.1:$nobody
goes_direct() {
    ends_silently 0 ''
}
while read -r variables; do
    # shellcheck disable=SC2086
    run env $variables c2d-device receive --retries 0
    check "receive uses no proxy with $variables" goes_direct
done <<END
http_proxy=$down
https_proxy= ALL_PROXY=
https_proxy=$down NO_PROXY=localhost
https_proxy=$down no_proxy=example.com,.localhost
https_proxy=$down NO_PROXY=*
END
https_proxy=$down run c2d-device receive --proxy none
check '--proxy none overrides the environment' goes_direct
https_proxy=$down run c2d-device receive --proxy "http://127.0.0.1:$open"
check '--proxy URL overrides the environment' goes_direct
NO_PROXY=localhost run c2d-device receive --proxy "$down"
check 'receive refuses a password in --proxy although NO_PROXY excludes the hub' \
    fails_with 64 USAGE
for variable in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
    run env NO_PROXY=example.com "$variable=127.0.0.1:$nobody" c2d-device receive --retries 0 -v
    check "receive uses the proxy of $variable" says err "the proxy http://127.0.0.1:$nobody:"
    check "receive -v reports that the proxy is from $variable" says err "environment ($variable)"
done
https_proxy=http://127.0.0.1:$open ALL_PROXY=$down run c2d-device receive
check 'https_proxy takes precedence over ALL_PROXY' goes_direct
https_proxy=http://me:se:cret%2541@127.0.0.1:$basic run c2d-device receive
check 'receive uses the proxy password in https_proxy' goes_direct
https_proxy=http://me:CANARY@127.0.0.1:$basic run c2d-device receive --proxy-user-file right
check '--proxy-user-file takes precedence over the password in https_proxy' goes_direct

# ---- Errors ----

# reports CODE NAME WHAT ON-WHAT WHY HINT: true if the error has these and no password.
reports() {
    fails_with "$1" "$2" && says err "$3 $4: " "$5" && grep -F 'hint: ' err | grep -qF -e "$6" \
        && lacks err CANARY cret
}
# The peer that an error names: the proxy, or the hub through the proxy.
party() {
    case $1 in
    proxy) echo "the proxy $2" ;;
    hub) echo "localhost:${hub#*:} through the proxy $2" ;;
    esac
}

reset_hub
at=127.0.0.1
with='--proxy-user-file wrong'
elsewhere="--connect-to $at:$nobody"
roots='root in a CA file'
# outcome | proxy | options | what | on what | why | what to do
while IFS='|' read -r outcome proxy options what on why todo; do
    # shellcheck disable=SC2086  # words are wanted
    run c2d-device receive --retries 0 --proxy "$proxy" $options
    # shellcheck disable=SC2086
    check "receive with --proxy $proxy $options exits with $outcome" \
        reports $outcome "$what" "$(party "$on" "$proxy")" "$why" "$todo"
done <<END
77 AUTH|http://$at:$basic||authentication required by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$basic|$with|authentication refused by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$digest||authentication required by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$digest|$with|authentication refused by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$both||authentication required by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$both|$with|authentication refused by|proxy|407|--proxy-user-file
77 AUTH|http://$at:$kerberos|$with|no usable authentication method offered by|proxy|407|Kerberos
77 AUTH|http://$at:$kerberos|--proxy-user-file ticket|no usable authentication method offered by|proxy||Kerberos
77 AUTH|socks5h://$at:$asking_socks||authentication required by|proxy||--proxy-user-file
77 AUTH|socks5h://$at:$asking_socks|$with|authentication refused by|proxy||--proxy-user-file
20 NETWORK|http://$at:$denied||proxy refused to connect to|hub|403|administrator
20 NETWORK|http://$at:$open|$elsewhere|cannot connect to|hub|503|could not reach the hub
20 NETWORK|socks5h://$at:$socks|$elsewhere|cannot connect to|hub||could not reach the hub
20 NETWORK|socks5h://$at:$socks|--connect-to no.invalid:1|cannot connect to|hub||could not reach the hub
20 NETWORK|http://$at:$nobody||cannot connect to|proxy|port $nobody|check that it is running
20 NETWORK|https://$at:$nobody||cannot connect to|proxy|port $nobody|check that it is running
20 NETWORK|socks5h://$at:$nobody||cannot connect to|proxy|port $nobody|check that it is running
20 NETWORK|http://no.invalid:3128||cannot find the address of|proxy|resolve|check its name
20 NETWORK|https://no.invalid:443||cannot find the address of|proxy|resolve|check its name
20 NETWORK|socks5h://no.invalid:1080||cannot find the address of|proxy|resolve|check its name
20 NETWORK|http://$at:$secure||connection was lost before the whole response from|proxy||kind
20 NETWORK|http://$at:$socks||connection was lost before the whole response from|proxy||kind
21 TLS|https://$at:$open||TLS handshake failed with|proxy|wrong version|http://HOST:PORT
21 TLS|https://localhost:$secure||cannot trust the certificate of|proxy|issuer /CN=proxy|$roots
21 TLS|https://$at:$secure|--cacert roots|certificate of|proxy|/CN=proxy|another name
21 TLS|https://localhost:$secure|--cacert proxy.crt|certificate of|hub|c2d-sim|$roots
21 TLS|http://$at:$open|--cacert proxy.crt|certificate of|hub|c2d-sim|$roots
21 TLS|socks5h://$at:$socks|--cacert proxy.crt|certificate of|hub|c2d-sim|$roots
END
https_proxy=http://me:CANARY@$at:$basic run c2d-device receive --retries 0 --trace - -v
check 'receive exits 77 when the proxy refuses the password in https_proxy' \
    reports 77 AUTH 'authentication refused by' "the proxy http://$at:$basic" 407 \
    "the proxy's variable"
check 'the refused proxy password is in no output, not even base64-encoded' \
    lacks err "$(printf me:CANARY | base64)"
check 'a proxy error causes no request to the hub' nothing_was_asked

# ---- A hostile proxy ----

start_hostile --plain hang: hang:
proxy=http://127.0.0.1:$PORT
run c2d-device receive --retries 0 --connect-timeout 1s --proxy "$proxy"
check 'receive exits 20 within --connect-timeout for a proxy that does not respond' \
    reports 20 NETWORK 'cannot connect to' "$(party hub "$proxy")" '' 'could not reach the hub'
run c2d-device receive --retries 0 --timeout 1s --proxy "$proxy"
check 'receive exits 18 within --timeout for a proxy that does not respond' \
    reports 18 TIMEOUT 'no response in time from' "$(party proxy "$proxy")" '' \
    'check that it is running'

# Its response to CONNECT has the headers of a message.
make_cert hub DNS:hub72.test
cat >connect <<END
HTTP/1.1 200 Connection established
ETag: "evil"
iothub-messageid: evil
iothub-app-evil: evil
ContentType: evil

END
cat >answer <<END
HTTP/1.1 200 OK
ETag: "lock"
iothub-sequencenumber: 1
Content-Length: 4

body
END
printf 'HTTP/1.1 204 No Content\n\n' >settled
sed -i 's/$/\r/' connect answer settled && truncate -s -2 answer
start_hostile --cert hub.crt --key hub.key --connect connect keep:answer keep:settled keep:settled
IOTHUB_DEVICE_CONNECTION_STRING='HostName=hub72.test;DeviceId=dev1;SharedAccessKey=a2V5' \
    run c2d-device receive -c 1 --cacert hub.crt --proxy "http://127.0.0.1:$PORT" --trace trace
check 'the headers of a response to CONNECT are not in the message' \
    shows '.lockToken == "lock" and .body == "body" and .properties == {}
        and (has("messageId") or has("contentType") | not)'
check 'the headers of a response to CONNECT are not in the trace' lacks trace evil
sed '/^\r$/q' hostile.log >asked
check 'receive sends a CONNECT for the hub to the proxy' \
    says asked 'CONNECT hub72.test:443 HTTP/1.1'
check 'the proxy gets no token' lacks asked Authorization SharedAccessSignature
check 'CONNECT, GET and DELETE name the library, each once' \
    is "$(grep -ac '^User-Agent: libc2d/' hostile.log)" 3
