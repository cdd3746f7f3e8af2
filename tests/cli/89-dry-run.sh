# shellcheck shell=sh
# Goal: the curl command that -n prints, with the token filled in and an empty environment, makes
# the same request as the command itself.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
# A host name that only --connect-to reaches, and a certificate that no system trusts.
start_sim --name hub.example.test
unset SSL_CERT_FILE CURL_CA_BUNDLE NO_PROXY
umask 077
hub=127.0.0.1:${C2D_SIM_URL##*:}

# Runs the printed curl command with the token and password filled in and BODY on stdin.
curl_does() {
    program=$(sed -n 's/.*<output of \(c2d-[a-z]*\) sas>.*/\1/p' out)
    token=$([ -z "$program" ] || "$program" sas | sed 's/[&|\\]/\\&/g')
    sed "s|<output of [a-z0-9-]* sas>|$token|; s|<USER:PASSWORD>|me:secret|" out >script
    printf %s "${BODY-}" | env -i PATH="$PATH" sh -eu script >curl.out 2>curl.err
}
# The number of requests. Then the last two without the headers that differ between tokens and
# clients. Then the numbers of queued messages and of their distinct bodies.
last_two() {
    state '(.log | length), (.log[-2:][] | [.method, .target, .bodySize, .httpStatus, (.headers
        | map(.[0] |= ascii_downcase) | map(select(.[0] | IN("authorization", "accept", "user-agent")
                                                          | not)) | sort)] | tostring),
        (.devices.dev1.queue | "\(length) \(map(.bodyBase64) | unique | length)")'
}
total=0
# True if the command and the curl command that it prints make equal requests.
same() { # COMMAND...
    printf %s "${BODY-}" | "$@" --connect-to "$hub" --cacert "$HUB/ca.pem" >real.out 2>real.err
    printf %s "${BODY-}" | "$@" --connect-to "$hub" --cacert "$HUB/ca.pem" -n >out 2>err
    CODE=$?
    ends_as_dry_run || return 1
    curl_does || { cat curl.err && return 1; }
    total=$((total + 2))
    last_two >two
    is "$(sed -n 1p two)" "$total" && is "$(sed -n 3p two)" "$(sed -n 2p two)"
}
both_arrived() {
    is "$(sed -n 4p two)" '2 1'
}
start_over() {
    reset_hub
    total=0
}
ends_as_dry_run() {
    code_is 0 && is_empty err && lacks out SharedAccessSignature sig=
}

# ---- Requests ----

check 'curl makes the same send of a text with quotes, a newline and an empty property' \
    same c2d-http send dev1 -i one -m "@it's
two" -p "a=it's" -p "it's=" -p b= --content-type text/plain --correlation-id "'"
check 'send and curl queue the same text body' both_arrived
start_over
printf 'it\000s\n' >"it's a file"
check 'curl makes the same send of a file as the body' \
    same c2d-http send dev1 -i one -f "it's a file"
check 'the curl command names the file of the body' says out "'--data-binary' '@it'\\''s a file'"
check 'send and curl queue the same file body' both_arrived
start_over
BODY='from stdin'
check 'curl makes the same send of stdin as the body' same c2d-http send dev1 -i one
check 'the curl command reads the body from its own stdin' says out "'--data-binary' '@-'"
check 'send and curl queue the same body from stdin' both_arrived
BODY=
check 'curl makes the same send of an empty body' same c2d-http send dev1 -i one -m ''
check 'curl makes the same send to a device id with special characters' \
    same c2d-http send "a#?%'*!" -i one -m x
check 'curl makes the same request as feedback --keep' same c2d-http feedback --keep
check 'curl makes the same request as purge' same c2d-http purge dev1 --force
check 'curl makes the same request as abandon' same c2d-device abandon 0123
check 'curl makes the same request as reject' same c2d-device reject 0123
check 'curl makes the same request as complete' same c2d-device complete 0123
check 'curl makes the same request as receive from an empty queue' \
    same c2d-device receive --api-version '2020-09{30'
IOTHUB_CONNECTION_STRING=$(cat "$HUB/iothubowner.conn")
check 'curl makes the same request as status' same c2d-http status dev1

# ---- Trust, certificates and proxies ----

# True if the request of the curl command of a send arrives.
arrives() { # OPTION...
    run c2d-http send dev1 -m x -n --connect-to "$hub" "$@"
    ends_as_dry_run || return 1
    curl_does || { cat curl.err && return 1; }
    total=$((total + 1))
    is "$(requests send)" "$total"
}
start_over
mkdir roots
cp "$HUB/ca.pem" roots && openssl rehash roots
check 'the curl command uses the folder of --cacert' arrives --cacert roots
SSL_CERT_FILE=$HUB/ca.pem check 'the curl command uses the file of SSL_CERT_FILE' arrives

make_cert x509dev DNS:x509dev
mv x509dev.crt 'a:b\c.crt'
thumbprint=$(openssl x509 -in 'a:b\c.crt' -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
total=$(all_requests)
export IOTHUB_DEVICE_CONNECTION_STRING="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=x509dev;x509=true"
check 'curl makes the same receive with a device certificate whose name has special characters' \
    same c2d-device receive --cert 'a:b\c.crt' --key x509dev.key

start_over
take_port && open=$PORT
take_port && basic=$PORT
take_port && secure=$PORT
make_cert proxy DNS:localhost
if has squid 'a curl command through a proxy'; then
    mkdir squid-all
    cat proxy.crt proxy.key >squid-all/both.pem
    printf 'me:%s\n' "$(openssl passwd -apr1 secret)" >squid-all/users
    echo me:secret >user
    start_squid all <<END
http_port 127.0.0.1:$open
http_port 127.0.0.1:$basic
https_port 127.0.0.1:$secure tls-cert=$PWD/squid-all/both.pem
auth_param basic program /usr/lib/squid/basic_ncsa_auth $PWD/squid-all/users
auth_param basic children 1
acl asks localport $basic
acl known proxy_auth REQUIRED
http_access allow asks known
http_access deny asks
http_access allow all
END
    # by PORT OPTION...: the same, and the proxy at PORT has been used.
    by() {
        port=$1
        shift
        arrives "$@" && until_true grep -q "^$port 200 CONNECT" squid-all/log
    }
    cat "$HUB/ca.pem" proxy.crt >both.pem
    check 'the curl command uses the proxy of --proxy' \
        by "$open" --cacert both.pem --proxy "http://127.0.0.1:$open"
    check 'the curl command uses an https proxy with its CA' \
        by "$secure" --cacert both.pem --proxy "https://localhost:$secure"
    check 'the curl command uses a proxy with a placeholder for user and password' \
        by "$basic" --cacert both.pem --proxy "http://127.0.0.1:$basic" --proxy-user-file user
    check 'the curl command does not hold the password of --proxy-user-file' lacks out secret
    : >squid-all/log
    https_proxy="http://me:secret@127.0.0.1:$basic" \
        check 'the curl command uses the proxy of https_proxy with a placeholder for the password' \
        by "$basic" --cacert both.pem
    check 'the curl command does not hold the password of https_proxy' lacks out secret
    : >squid-all/log
    NO_PROXY=.example.test check 'the curl command reaches a host that NO_PROXY excludes' \
        arrives --cacert both.pem --proxy "http://127.0.0.1:$open"
    check 'the curl command does not use the proxy for a host in NO_PROXY' is_empty squid-all/log
fi
no_proxy=localhost https_proxy="x'; touch run; '://p:1" run c2d-http send dev1 -m x -n
rm -f run
sh out 2>/dev/null
check 'the curl command quotes all of a proxy that is not used' not test -e run
https_proxy=http://127.0.0.1:1 run c2d-http send dev1 -m x -n --connect-to "$hub" --proxy none
check 'the curl command of --proxy none disables all proxies' says out "'--noproxy' '*'"
