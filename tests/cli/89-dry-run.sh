# shellcheck shell=sh
# Goal: the curl command that -n prints makes the same request as the command itself, once the token
# is filled in, with nothing of the environment.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
# A name that only --connect-to leads to, and a certificate that no system trusts.
start_sim --name hub.example.test
unset SSL_CERT_FILE CURL_CA_BUNDLE NO_PROXY
umask 077
hub=127.0.0.1:${C2D_SIM_URL##*:}

# Fills in what -n has left out; runs what it printed, with BODY on its stdin.
curl_does() {
    program=$(sed -n 's/.*<output of \(c2d-[a-z]*\) sas>.*/\1/p' out)
    token=$([ -z "$program" ] || "$program" sas | sed 's/[&|\\]/\\&/g')
    sed "s|<output of [a-z0-9-]* sas>|$token|; s|<USER:PASSWORD>|me:secret|" out >script
    printf %s "${BODY-}" | env -i PATH="$PATH" sh -eu script >curl.out 2>curl.err
}
# How many requests there were; then the last two, but for what differs between two tokens and two
# clients; then how many messages wait, with how many bodies.
last_two() {
    state '(.log | length), (.log[-2:][] | [.method, .target, .bodySize, .httpStatus, (.headers
        | map(.[0] |= ascii_downcase) | map(select(.[0] | IN("authorization", "accept", "user-agent")
                                                          | not)) | sort)] | tostring),
        (.devices.dev1.queue | "\(length) \(map(.bodyBase64) | unique | length)")'
}
total=0
# The command and the curl command that it prints make equal requests.
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

check 'a text as body, with quotes, a newline, and properties of which one is empty' \
    same c2d-http send dev1 -i one -m "@it's
two" -p "a=it's" -p "it's=" -p b= --content-type text/plain --correlation-id "'"
check 'and both had the same body' both_arrived
start_over
printf 'it\000s\n' >"it's a file"
check 'a file as body, byte for byte' same c2d-http send dev1 -i one -f "it's a file"
check 'which the command names' says out "'--data-binary' '@it'\\''s a file'"
check 'and both files arrived' both_arrived
start_over
BODY='from stdin'
check 'stdin as body' same c2d-http send dev1 -i one
check 'which the command reads from its own stdin' says out "'--data-binary' '@-'"
check 'and both bodies arrived' both_arrived
BODY=
check 'an empty body' same c2d-http send dev1 -i one -m ''
check 'an odd device id' same c2d-http send "a#?%'*!" -i one -m x
check 'feedback' same c2d-http feedback --keep
check 'purge' same c2d-http purge dev1 --force
check 'abandon' same c2d-device abandon 0123
check 'reject' same c2d-device reject 0123
check 'complete' same c2d-device complete 0123
check 'receive, where nothing waits' same c2d-device receive --api-version '2020-09{30'
IOTHUB_CONNECTION_STRING=$(cat "$HUB/iothubowner.conn")
check 'status' same c2d-http status dev1

# ---- How the hub is reached ----

# The curl command of a send arrives.
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
check 'a folder of roots is passed on' arrives --cacert roots
SSL_CERT_FILE=$HUB/ca.pem check 'so is that of the environment' arrives

make_cert x509dev DNS:x509dev
mv x509dev.crt 'a:b\c.crt'
thumbprint=$(openssl x509 -in 'a:b\c.crt' -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
total=$(all_requests)
export IOTHUB_DEVICE_CONNECTION_STRING="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=x509dev;x509=true"
check 'a certificate and its key are passed on, whatever their names are' \
    same c2d-device receive --cert 'a:b\c.crt' --key x509dev.key

start_over
take_port && open=$PORT
take_port && basic=$PORT
take_port && secure=$PORT
make_cert proxy DNS:localhost
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
# by PORT OPTION...: and the proxy has been used.
by() {
    port=$1
    shift
    arrives "$@" && until_true grep -q "^$port 200 CONNECT" squid-all/log
}
cat "$HUB/ca.pem" proxy.crt >both.pem
check 'a proxy is passed on' by "$open" --cacert both.pem --proxy "http://127.0.0.1:$open"
check 'one over TLS with what is trusted' \
    by "$secure" --cacert both.pem --proxy "https://localhost:$secure"
check 'one with a user and a password, which are left to be filled in' \
    by "$basic" --cacert both.pem --proxy "http://127.0.0.1:$basic" --proxy-user-file user
check 'that password is not printed' lacks out secret
: >squid-all/log
https_proxy="http://me:secret@127.0.0.1:$basic" check 'one of the environment likewise' \
    by "$basic" --cacert both.pem
check 'and its password is not printed' lacks out secret
: >squid-all/log
NO_PROXY=.example.test check 'a host that is excepted from the proxy' \
    arrives --cacert both.pem --proxy "http://127.0.0.1:$open"
check 'is reached without it' is_empty squid-all/log
https_proxy=http://127.0.0.1:1 run c2d-http send dev1 -m x -n --connect-to "$hub" --proxy none
check '--proxy none holds for curl too, whatever its environment says' says out "'--noproxy' '*'"
