# shellcheck shell=sh
# Goal: doctor says in one run which step of the way to the hub fails, and what to do; it changes
# nothing, takes no long time and shows no secret (6.5).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/proxies.sh
. "$C2D_TESTS/proxies.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
unset NO_PROXY
umask 077
hub=${C2D_SIM_URL#https://}
at=127.0.0.1
device_key=${IOTHUB_DEVICE_CONNECTION_STRING##*SharedAccessKey=}
service_key=${IOTHUB_CONNECTION_STRING##*SharedAccessKey=}

# Every byte that a doctor has written.
: >all
doctor() {
    program=$1
    shift
    run "$program" doctor "$@"
    cat out err >>all
}

all='|connection string|key|DNS|connection|TLS|clock|authorisation|'
# The steps that were ok, in their order.
passed() {
    sed -n 's/^ok    \([^ ]*\( [^ ]\{1,\}\)*\)  .*/|\1/p' out | tr -d '\n'
}
# All steps passed, and these words stand among them.
is_well() {
    code_is 0 && is_empty err && is "$(wc -l <out)" 7 && is "$(passed)|" "$all" && says out "$@"
}
# Exit code, and of the only line that is not ok: step, text and hint. All steps before are ok, and
# none behind it is told.
fails_at() {
    code_is "$1" && is "$(passed)" "${all%%"|$2|"*}" && is "$(grep -cv '^ok ' out)" 1 \
        && is "$(tail -n 1 out | cut -c 1-24)" "$(printf 'FAIL  %-18s' "$2")" \
        && tail -n 1 out >line && says line "$3" "${4:+; hint: }" "${4-}" && is_empty err
}

# ---- All is well ----

enqueue '{"deviceId": "dev1", "messageId": "m", "body": "x", "ack": "full", "count": 2}'
c2d-device receive -c 1 >/dev/null
set_sim clock '{"advance": 16}'
check 'a batch of feedback waits' is "$(state '.feedback.batches | length')" 1
set_sim clock '{"offset": 0}'
before=$(all_requests)
left=$(state '[.devices, .feedback]')

doctor c2d-device
check 'for a device that is well all steps are ok (6.5)' is_well \
    "from the environment (IOTHUB_DEVICE_CONNECTION_STRING): $hub, device dev1" \
    'a SharedAccessKey of 32 bytes' "$hub is at $at" "with $at port ${hub#*:}" \
    'TLSv1.3, certificate issued by /CN=c2d-sim' ' d left' "the hub's, by the time in its response" \
    'device dev1 may receive'
doctor c2d-http -C "$HUB/service.conn"
check 'and so they are for the back end (6.5)' is_well "from $HUB/service.conn: $hub, policy service" \
    'may send and read feedback'
check 'each run was one request, for a lock that cannot exist (6.5)' \
    is "$(state ".log[$before:][] | .method + \" \" + .target + \" \" + (.httpStatus | tostring)")" \
    'DELETE /devices/dev1/messages/deviceBound/00000000-0000-0000-0000-000000000000?api-version='\
'2021-04-12 412
DELETE /messages/serviceBound/feedback/00000000-0000-0000-0000-000000000000?api-version='\
'2020-09-30 412'
check 'no message or batch was taken, settled or counted (6.5)' \
    is "$(state '[.devices, .feedback]')" "$left"

doctor c2d-device -j
check 'with -j each step is an object (3)' is "$CODE $(jq -r 'select(.v == 1 and .ok and
    (.detail | length) > 0) | "|" + .step' out | tr -d '\n')|" "0 $all"
doctor c2d-device -q
check 'with -q nothing that is ok is told (3)' ends_silently 0 ''

doctor c2d-device --connect-to "$at:${hub#*:}"
check '--connect-to is what is looked up and reached (6.5)' is_well "$at:${hub#*:} is at $at"
token=$(c2d-device sas --ttl 100h)
signed="HostName=$hub;DeviceId=dev1;SharedAccessSignature=$token"
IOTHUB_DEVICE_CONNECTION_STRING=$signed doctor c2d-device
check 'a ready token is told with its time' is_well 'a ready SharedAccessSignature, 4 d left'

make_cert x509dev DNS:x509dev
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"},
    {\"deviceId\": \"off\", \"status\": \"disabled\", \"key\": \"$device_key\"}]}"
x509="HostName=$hub;DeviceId=x509dev;x509=true"
echo "$x509" >x509.conn
doctor c2d-device -C x509.conn --cert x509dev.crt --key x509dev.key
check 'for a device with a certificate, too: its subject and its days are told' \
    is_well 'a certificate for /CN=x509dev issuer, ' 'device x509dev may receive'

start_run c2d-device poll --interval 10m
until_true has_requests receive 3
doctor c2d-device
check 'it does its work beside an instance that receives (6.5)' is_well 'may receive'
kill "$RUN_PID"
finish_run

before=$(all_requests)
doctor c2d-device -n
check 'a dry run prints the request, and no more (3)' \
    is "$(wc -l <out) $(cut -d ' ' -f 1-4 out)" "1 'curl' '--http1.1' '--request' 'DELETE'"
run sh -c 'c2d-device doctor >&-'
check 'with stdout closed: 74 (G8)' fails_with 74 IOERR
check 'and nothing was asked (3, G8)' is "$(all_requests)" "$before"
run sh -c 'c2d-device doctor >/dev/full'
check 'what cannot be printed: 74 (4)' fails_with 74 IOERR
run c2d-device doctor dev1
check 'an argument: 64' fails_with 64 USAGE
run c2d-device doctor --proxy "http://me:CANARY@$at:1"
check 'a wrong command line is no finding: 64 (C1)' fails_with 64 USAGE

# ---- What this machine knows by itself ----

echo "HostName=$hub;DeviceId=dev1;SharedAccessKey=Q0FOQVJZ!" >bad-key.conn
echo "HostName=$hub;DeviceId=dev1;SharedAccessSignature=CANARY" >bad-token.conn
echo "HostName=$hub" >cut.conn
cp bad-key.conn open.conn && chmod 644 open.conn
cp x509dev.key open.key && chmod 644 open.key
openssl x509 -in x509dev.crt -signkey x509dev.key -days -1 -out expired.crt 2>/dev/null
echo nonsense >nonsense.pem
before=$(all_requests)
pair='-C x509.conn --cert x509dev.crt --key'
string='connection string'
# code | step | text | hint | options
while IFS='|' read -r code step text hint options; do
    # shellcheck disable=SC2086  # words are wanted
    IOTHUB_DEVICE_CONNECTION_STRING='' doctor c2d-device $options
    check "$code at $step: $options (6.5, 4)" fails_at "$code" "$step" "$text" "$hint"
done <<END
78|$string|no connection string was found|pass -C FILE, or set IOTHUB_DEVICE|
78|$string|'missing.conn': No such file||-C missing.conn
78|$string|from cut.conn: the connection string has a HostName and nothing else|a shell cuts it|-C cut.conn
78|$string|from $HUB/service.conn: this is a hub policy|device itself|-C $HUB/service.conn
77|$string|'open.conn' holds a secret|chmod 600 open.conn|-C open.conn
78|key|SharedAccessKey in the connection string is not base64|copy it again|-C bad-key.conn
78|key|SharedAccessSignature: ||-C bad-token.conn
78|key|needs a certificate and a key|--cert FILE --key FILE|-C x509.conn
78|key|has expired|renew it|-C x509.conn --cert expired.crt --key x509dev.key
77|key|'open.key' holds a secret|chmod 600 open.key|$pair open.key
END
doctor c2d-device --cacert nonsense.pem
check 'a CA file without a certificate: 78 (6.5)' \
    is "$CODE $(cut -c 1-13 out)" '78 FAIL  options'
check 'none of these asked the hub (G7)' is "$(all_requests)" "$before"
doctor c2d-device -j -C bad-key.conn
check 'with -j a failure has its name, its code and what to do (3, 4)' is "$CODE $(tail -n 1 out |
    jq -c '[.step, .ok, .name, .exit, (.detail | length) > 9, (.hint | length) > 9]')" \
    '78 ["key",false,"CONFIG",78,true,true]'

# ---- What the way knows ----

take_port && open=$PORT
take_port && basic=$PORT
take_port && denied=$PORT
take_port && nobody=$PORT
mkdir squid-way
printf 'me:%s\n' "$(openssl passwd -apr1 CANARY)" >squid-way/users
printf 'me:CANARY\n' >right
start_squid way <<END
http_port $at:$open
http_port $at:$basic
http_port $at:$denied
auth_param basic program /usr/lib/squid/basic_ncsa_auth $PWD/squid-way/users
auth_param basic children 1
acl asks localport $basic
acl known proxy_auth REQUIRED
acl denies localport $denied
http_access deny denies
http_access allow asks known
http_access deny asks
http_access allow all
END
echo "HostName=no.invalid;DeviceId=dev1;SharedAccessKey=$device_key" >unknown.conn
echo "HostName=h74.test;DeviceId=dev1;SharedAccessKey=$device_key" >hostile.conn
make_cert hub DNS:h74.test
make_cert late DNS:h74.test -1

before=$(all_requests)
start_hostile --cert late.crt --key late.key
late="-C hostile.conn --cacert late.crt --connect-to $at:$PORT"
while IFS='|' read -r code step text hint options; do
    # shellcheck disable=SC2086
    doctor c2d-device $options
    check "$code at $step: $options (6.5, 4)" fails_at "$code" "$step" "$text" "$hint"
done <<END
20|DNS|cannot find the address of no.invalid|check HostName|-C unknown.conn
20|DNS|cannot find the address of $hub|name server|--connect-to no.invalid:443
20|DNS|the address of the proxy http://no.invalid:1|check its name|--proxy http://no.invalid:1
20|connection|cannot connect to $hub|check that port 443 is open|--connect-to $at:$nobody
20|connection|cannot connect to the proxy|check that it is running|--proxy http://$at:$nobody
77|connection|proxy authentication required|proxy user and password|--proxy http://$at:$basic
20|connection|the proxy refused to connect|administrator|--proxy http://$at:$denied
20|connection|could not reach the hub|kind of proxy|--proxy http://$at:$open --connect-to $at:$nobody
21|TLS|issuer /CN=c2d-sim|pass its root in a CA file|--cacert hub.crt
21|TLS|expired (subject /CN=late|renewed|$late
END
check 'none of these reached the hub' is "$(all_requests)" "$before"
doctor c2d-device --connect-to "$at:$nobody"
check 'the address is told also where nobody answers' says out "$at:$nobody is at $at"
doctor c2d-device --proxy "http://$at:$basic" --proxy-user-file right
check 'through a proxy all is ok, and it is told' is_well "http://$at:$basic is at $at" \
    "with $at port $basic, the proxy, which has opened the way"

# ---- What the hub knows ----

start_hostile --cert hub.crt --key hub.key keep:refusal
printf 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n' >refusal
doctor c2d-device -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
check 'a hub with a fault: 23' is "$CODE $(tail -n 1 out | cut -c 1-19)" '23 FAIL  authorisation'
check 'which is asked only once (6.5)' is "$(heard DELETE)" 1
start_hostile --cert hub.crt --key hub.key keep:refused notify:cut-off
printf 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n' >refused
printf 'HTTP/1.1 412 No\r\n' >cut-off
doctor c2d-device -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
check 'a second answer that is cut, on the same connection: what was reached before stays ok (6.5)' \
    is "$CODE $(passed)" '20 |connection string|key|DNS|connection|TLS'

echo "HostName=$hub;DeviceId=dev1;SharedAccessKey=d3Jvbmc=" >wrong.conn
echo "HostName=$hub;DeviceId=off;SharedAccessKey=$device_key" >off.conn
token=$(c2d-http sas dev1)
echo "HostName=$hub;SharedAccessKeyName=service;SharedAccessSignature=$token" >device-only.conn
for row in 'c2d-device|refused the credentials|with its current key|wrong.conn' \
    'c2d-http|refused the credentials|needs the right ServiceConnect|device-only.conn'; do
    IFS='|' read -r program text hint file <<END
$row
END
    doctor "$program" -C "$file"
    check "77 at authorisation: $file (6.5, 4)" fails_at 77 authorisation "$text" "$hint"
done
doctor c2d-device -C off.conn
check 'doctor of a disabled device, which the hub does not find, fails at authorisation with 14' \
    fails_at 14 authorisation "device 'off'" ''
fault '{"device": "off", "errorNumber": 403012}'
doctor c2d-device -C off.conn
check 'doctor of a device that the hub says is disabled fails at authorisation with 77' \
    fails_at 77 authorisation "device 'off'" 'enable it there'

# ---- Clocks ----

# The clock is told as wrong with code 77, all other steps but those named are ok.
clock_is_told() {
    code_is 77 && is "$(passed)" "$1" && says out "FAIL  clock              $2 the hub's" \
        '; hint: set it'
}
others='|connection string|key|DNS|connection|TLS|authorisation'
set_sim clock '{"offset": 7200}'
doctor c2d-device
check 'a clock that is 2 h behind is the finding, and all else is ok (6.5, N6)' \
    clock_is_told "$others" '2 h behind'
doctor c2d-device -C wrong.conn
check 'a wrong key is told beside it (N6)' clock_is_told "${others%|*}" '2 h behind'
check 'by its own line' says out 'FAIL  authorisation'
doctor c2d-device -C x509.conn --cert x509dev.crt --key x509dev.key
check 'it is told where no token depends on it' clock_is_told "$others" '2 h behind'
set_sim clock '{"offset": -7200}'
doctor c2d-http
check 'and so is one that is ahead' clock_is_told "$others" '2 h ahead of'
set_sim clock '{"offset": 0}'
fault '{"operation": "complete", "status": 412, "date": "nonsense"}'
doctor c2d-device
check 'a date that proves nothing is no finding (F11)' is_well 'not compared'

echo "HostName=$hub;DeviceId=dev1;SharedAccessSignature=SharedAccessSignature" \
    "sr=${hub%:*}%2Fdevices%2Fdev1&sig=CANARY&se=1000000000" >old.conn
doctor c2d-device -C old.conn
check 'an old token is found out before the hub refuses it: 77' \
    is "$CODE $(passed)" '77 |connection string|DNS|connection|TLS|clock'
check 'and its line says how old it is' says out 'FAIL  key                the SharedAcc' 'd ago; hint'

# ---- Silence: it ends within ten seconds all the same ----

# slowly NAME COMMAND...: in the background.
slowly() {
    name=$1
    shift
    (
        timeout 10 "$@" >"$name.out" 2>"$name.err"
        echo $? >"$name.code"
    ) &
    PIDS="$PIDS $!"
    slow="$slow $!"
}
finish_slowly() {
    CODE=$(cat "$1.code")
    mv "$1.out" out && mv "$1.err" err && cat out err >>all
}
slow=

# Listens, but its queue is full: who comes gets no answer to his SYN.
cat >deaf.pl <<'END'
use Socket qw(:DEFAULT SOCK_NONBLOCK);
socket(my $server, PF_INET, SOCK_STREAM, 0);
bind($server, sockaddr_in(0, INADDR_LOOPBACK)) and listen($server, 0) or die $!;
my $address = getsockname($server);
for (1 .. 3) {
    socket($queued[$_], PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect($queued[$_], $address);
}
$| = 1;
print((sockaddr_in($address))[0], "\n");
sleep 60;
END
perl deaf.pl >deaf.port &
PIDS="$PIDS $!"
until_true [ -s deaf.port ]
start_hostile --plain hang:
silent=$PORT
HOSTILE_PID=
start_hostile --cert hub.crt --key hub.key hang: hang:

slowly dropped c2d-device doctor --connect-to "$at:$(cat deaf.port)"
slowly silent c2d-device doctor --connect-to "$at:$silent"
slowly unanswered c2d-device doctor -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
# A name server that hears and says nothing, on a machine of its own.
cat >mute.pl <<'END'
use Socket;
$^F = 255; # what is opened stays open for the command
my $up = pack("Z16 s x22", "lo", 0x41);
socket(my $control, PF_INET, SOCK_DGRAM, 0);
ioctl($control, 0x8914, $up) or die $!; # SIOCSIFFLAGS
socket(my $server, PF_INET, SOCK_DGRAM, 0);
bind($server, sockaddr_in(53, INADDR_LOOPBACK)) or die $!;
exec @ARGV;
END
echo 'nameserver 127.0.0.1' >resolv.conf
if unshare -rmn perl mute.pl true 2>/dev/null; then
    # shellcheck disable=SC2016  # the inner shell's
    slowly mute unshare -rmn sh -c 'mount --bind resolv.conf /etc/resolv.conf && exec "$@"' \
        sh perl mute.pl c2d-device doctor -C hostile.conn
fi
# shellcheck disable=SC2086  # words are wanted
wait $slow

finish_slowly dropped
check 'a hub that does not answer a connection: 20 (6.5)' \
    fails_at 20 connection 'timed out connecting to' 'check that port 443 is open'
finish_slowly silent
check 'one that takes it and says nothing: 20 (6.5)' \
    fails_at 20 TLS 'TLS handshake timed out' 'firewall'
finish_slowly unanswered
check 'one that does not answer the request: 18 (6.5)' \
    is "$CODE $(passed) $(tail -n 1 out | cut -c 1-59)" '18 |connection string|key|DNS|'\
'connection|TLS FAIL  authorisation      no response in time from h74.test:'
if [ -e mute.code ]; then
    finish_slowly mute
    check 'a name server that does not answer: 20 (6.5)' \
        fails_at 20 DNS 'cannot find the address of h74.test' "this machine's name server"
else
    echo '# no network namespaces here: a dead name server was not tried'
fi
run timeout 3 c2d-device doctor -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT" \
    --timeout 500ms
check '--timeout goes before the time that doctor takes by itself' code_is 18
run timeout 3 c2d-device doctor --connect-to "$at:$(cat deaf.port)" --connect-timeout 500ms
check 'and so does --connect-timeout' code_is 20
start_hostile --cert hub.crt --key hub.key hang:
start_run c2d-device doctor -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
until_true [ -s hostile.log ]
kill -INT "$RUN_PID"
finish_run
check 'a signal ends it at once (Q2)' ends_silently 130 ''

# ---- Secrets ----

c2d-device doctor -v --trace - >>all 2>&1
c2d-http doctor -j -v --trace - >>all 2>&1
check 'no key, token or password is in anything that was written (C7)' \
    lacks all "$device_key" "$service_key" CANARY 'Q0FOQVJZ' 'd3Jvbmc=' 'BEGIN'
check 'nor a signature' is "$(grep -c 'sig=[^*]' all)" 0
