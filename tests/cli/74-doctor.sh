# shellcheck shell=sh
# Goal: doctor reports in one run which step of the way to the hub fails, and what to do. It changes
# nothing, ends soon and prints no secret.
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

# The outputs of all runs of doctor.
: >all
doctor() {
    program=$1
    shift
    run "$program" doctor "$@"
    cat out err >>all
}

all='|connection string|key|DNS|connection|TLS|clock|authorisation|'
# The steps that were ok, in order.
passed() {
    sed -n 's/^ok    \([^ ]*\( [^ ]\{1,\}\)*\)  .*/|\1/p' out | tr -d '\n'
}
# True if all steps passed and the output has these words.
is_well() {
    code_is 0 && is_empty err && is "$(wc -l <out)" 7 && is "$(passed)|" "$all" && says out "$@"
}
# fails_at CODE STEP TEXT [HINT]: true if STEP fails with these, all steps before it are ok, and no
# later step is printed.
fails_at() {
    code_is "$1" && is "$(passed)" "${all%%"|$2|"*}" && is "$(grep -cv '^ok ' out)" 1 \
        && is "$(tail -n 1 out | cut -c 1-24)" "$(printf 'FAIL  %-18s' "$2")" \
        && tail -n 1 out >line && says line "$3" "${4:+; hint: }" "${4-}" && is_empty err
}

# ---- All steps are ok ----

enqueue '{"deviceId": "dev1", "messageId": "m", "body": "x", "ack": "full", "count": 2}'
c2d-device receive -c 1 >/dev/null
set_sim clock '{"advance": 16}'
check 'a batch of feedback is queued before doctor runs' \
    is "$(state '.feedback.batches | length')" 1
set_sim clock '{"offset": 0}'
before=$(all_requests)
left=$(state '[.devices, .feedback]')

doctor c2d-device
check 'doctor of a working device reports all steps ok' is_well \
    "from the environment (IOTHUB_DEVICE_CONNECTION_STRING): $hub, device dev1" \
    'a SharedAccessKey of 32 bytes' "$hub is at $at" "with $at port ${hub#*:}" \
    'TLSv1.3, certificate issued by /CN=c2d-sim' ' d left' "the hub's, by the time in its response" \
    'device dev1 may receive'
doctor c2d-http -C "$HUB/service.conn"
check 'doctor of a working back end reports all steps ok' \
    is_well "from $HUB/service.conn: $hub, policy service" 'may send and read feedback'
check 'each run of doctor sends one DELETE for a lock that does not exist' \
    is "$(state ".log[$before:][] | .method + \" \" + .target + \" \" + (.httpStatus | tostring)")" \
    'DELETE /devices/dev1/messages/deviceBound/00000000-0000-0000-0000-000000000000?api-version='\
'2021-04-12 412
DELETE /messages/serviceBound/feedback/00000000-0000-0000-0000-000000000000?api-version='\
'2020-09-30 412'
check 'doctor changes no message and no feedback batch' \
    is "$(state '[.devices, .feedback]')" "$left"

doctor c2d-device -j
check 'doctor -j prints one object for each step' is "$CODE $(jq -r 'select(.v == 1 and .ok and
    (.detail | length) > 0) | "|" + .step' out | tr -d '\n')|" "0 $all"
doctor c2d-device -q
check 'doctor -q prints nothing when all steps are ok' ends_silently 0 ''

doctor c2d-device --connect-to "$at:${hub#*:}"
check 'doctor --connect-to reports the address of --connect-to' is_well "$at:${hub#*:} is at $at"
token=$(c2d-device sas --ttl 100h)
signed="HostName=$hub;DeviceId=dev1;SharedAccessSignature=$token"
IOTHUB_DEVICE_CONNECTION_STRING=$signed doctor c2d-device
check 'doctor reports the time left of a ready token' \
    is_well 'a ready SharedAccessSignature, 4 d left'

make_cert x509dev DNS:x509dev
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"},
    {\"deviceId\": \"off\", \"status\": \"disabled\", \"key\": \"$device_key\"}]}"
x509="HostName=$hub;DeviceId=x509dev;x509=true"
echo "$x509" >x509.conn
doctor c2d-device -C x509.conn --cert x509dev.crt --key x509dev.key
check 'doctor of a device with a certificate reports its subject' \
    is_well 'a certificate for /CN=x509dev issuer, ' 'device x509dev may receive'

start_run c2d-device poll --interval 10m
until_true has_requests receive 3
doctor c2d-device
check 'doctor reports all steps ok while poll runs' is_well 'may receive'
kill "$RUN_PID"
finish_run

before=$(all_requests)
doctor c2d-device -n
check 'a dry run of doctor prints one curl command' \
    is "$(wc -l <out) $(cut -d ' ' -f 1-4 out)" "1 'curl' '--http1.1' '--request' 'DELETE'"
run sh -c 'c2d-device doctor >&-'
check 'doctor with stdout closed exits 74' fails_with 74 IOERR
check 'doctor sends no request in a dry run or with stdout closed' is "$(all_requests)" "$before"
run sh -c 'c2d-device doctor >/dev/full'
check 'doctor to a full device exits 74' fails_with 74 IOERR
run sh -c 'c2d-device doctor -C missing.conn >/dev/full'
check 'doctor to a full device exits 74 if a check failed, too' fails_with 74 IOERR
run c2d-device doctor dev1
check 'doctor with an argument exits 64' fails_with 64 USAGE
run c2d-device doctor --proxy "http://me:CANARY@$at:1"
check 'doctor with a password in --proxy exits 64' fails_with 64 USAGE

# ---- Errors found without a connection ----

echo "HostName=$hub;DeviceId=dev1;SharedAccessKey=Q0FOQVJZ!" >bad-key.conn
echo "HostName=$hub;DeviceId=dev1;SharedAccessSignature=CANARY" >bad-token.conn
echo "HostName=$hub" >cut.conn
cp bad-key.conn open.conn && chmod 644 open.conn
cp x509dev.key open.key && chmod 644 open.key
cp x509dev.key expired.key
make_expired_cert expired DNS:x509dev
echo nonsense >nonsense.pem
before=$(all_requests)
pair='-C x509.conn --cert x509dev.crt --key'
string='connection string'
# code | step | text | hint | options
while IFS='|' read -r code step text hint options; do
    # shellcheck disable=SC2086  # words are wanted
    IOTHUB_DEVICE_CONNECTION_STRING='' doctor c2d-device $options
    check "doctor $options fails at $step with $code" fails_at "$code" "$step" "$text" "$hint"
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
check 'doctor exits 78 for a --cacert without a certificate' \
    is "$CODE $(cut -c 1-13 out)" '78 FAIL  options'
check 'an error found without a connection causes no request of doctor' \
    is "$(all_requests)" "$before"
doctor c2d-device -j -C bad-key.conn
check 'doctor -j prints name, code, detail and hint of a failed step' is "$CODE $(tail -n 1 out |
    jq -c '[.step, .ok, .name, .exit, (.detail | length) > 9, (.hint | length) > 9]')" \
    '78 ["key",false,"CONFIG",78,true,true]'

# ---- Errors on the way to the hub ----

take_port && open=$PORT
take_port && basic=$PORT
take_port && denied=$PORT
take_port && nobody=$PORT
echo "HostName=no.invalid;DeviceId=dev1;SharedAccessKey=$device_key" >unknown.conn
echo "HostName=h74.test;DeviceId=dev1;SharedAccessKey=$device_key" >hostile.conn
make_cert hub DNS:h74.test
cp hub.key late.key
make_expired_cert late DNS:h74.test

before=$(all_requests)
start_hostile --cert late.crt --key late.key
late="-C hostile.conn --cacert late.crt --connect-to $at:$PORT"
# Reads: code | step | text | hint | options
fail_on_the_way() {
    while IFS='|' read -r code step text hint options; do
        # shellcheck disable=SC2086
        doctor c2d-device $options
        check "doctor $options fails at $step with $code" fails_at "$code" "$step" "$text" "$hint"
    done
}
fail_on_the_way <<END
20|DNS|cannot find the address of no.invalid|check HostName|-C unknown.conn
20|DNS|cannot find the address of $hub|name server|--connect-to no.invalid:443
20|DNS|the address of the proxy http://no.invalid:1|check its name|--proxy http://no.invalid:1
20|connection|cannot connect to $hub|check that port 443 is open|--connect-to $at:$nobody
20|connection|cannot connect to the proxy|check that it is running|--proxy http://$at:$nobody
21|TLS|issuer /CN=c2d-sim|--cacert FILE|--cacert hub.crt
21|TLS|expired (subject /CN=late|renewed|$late
END
if has squid 'doctor through a proxy'; then
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
    fail_on_the_way <<END
77|connection|proxy authentication required|--proxy-user-file FILE|--proxy http://$at:$basic
20|connection|the proxy refused to connect|administrator|--proxy http://$at:$denied
20|connection|could not reach the hub|kind of proxy|--proxy http://$at:$open --connect-to $at:$nobody
END
fi
check 'an error on the way to the hub causes no request of doctor' is "$(all_requests)" "$before"
doctor c2d-device --connect-to "$at:$nobody"
check 'doctor reports the address of a host that refuses connections' \
    says out "$at:$nobody is at $at"
if [ -d squid-way ]; then
    doctor c2d-device --proxy "http://$at:$basic" --proxy-user-file right
    check 'doctor through a proxy reports the proxy and all steps ok' \
        is_well "http://$at:$basic is at $at" \
        "with $at port $basic, the proxy, which has opened the way"
fi

# ---- Errors that the hub reports ----

start_hostile --cert hub.crt --key hub.key keep:refusal
printf 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n' >refusal
doctor c2d-device -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
check 'doctor exits 23 for a hub that answers 503' \
    is "$CODE $(tail -n 1 out | cut -c 1-19)" '23 FAIL  authorisation'
check 'doctor sends one request to a hub that answers 503' is "$(heard DELETE)" 1
start_hostile --cert hub.crt --key hub.key keep:refused notify:cut-off
printf 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n' >refused
printf 'HTTP/1.1 412 No\r\n' >cut-off
doctor c2d-device -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
check 'doctor exits 20 and keeps the earlier steps ok when its second response is truncated' \
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
    check "doctor with $file fails at authorisation with 77" \
        fails_at 77 authorisation "$text" "$hint"
done
doctor c2d-device -C off.conn
check 'doctor of a disabled device, which the hub does not find, fails at authorisation with 14' \
    fails_at 14 authorisation "device 'off'" ''
fault '{"device": "off", "errorNumber": 403012}'
doctor c2d-device -C off.conn
check 'doctor of a device that the hub says is disabled fails at authorisation with 77' \
    fails_at 77 authorisation "device 'off'" 'enable it there'

# ---- Clocks ----

# clock_is_reported STEPS TEXT: the clock is reported with code 77, and exactly STEPS are ok.
clock_is_reported() {
    code_is 77 && is "$(passed)" "$1" && says out "FAIL  clock              $2 the hub's" \
        '; hint: set it'
}
others='|connection string|key|DNS|connection|TLS|authorisation'
set_sim clock '{"offset": 7200}'
doctor c2d-device
check 'doctor reports a clock 2 h behind and all other steps ok' \
    clock_is_reported "$others" '120 min behind'
doctor c2d-device -C wrong.conn
check 'doctor reports a clock 2 h behind also with a wrong key' \
    clock_is_reported "${others%|*}" '120 min behind'
check 'doctor reports a wrong key and a wrong clock in separate lines' \
    says out 'FAIL  authorisation'
doctor c2d-device -C x509.conn --cert x509dev.crt --key x509dev.key
check 'doctor reports a clock 2 h behind for a device with a certificate' \
    clock_is_reported "$others" '120 min behind'
set_sim clock '{"offset": -7200}'
doctor c2d-http
check 'doctor reports a clock 2 h ahead' clock_is_reported "$others" '120 min ahead of'
set_sim clock '{"offset": 0}'
fault '{"operation": "complete", "status": 412, "date": "nonsense"}'
doctor c2d-device
check 'doctor reports all steps ok for a response with an invalid Date' is_well 'not compared'

echo "HostName=$hub;DeviceId=dev1;SharedAccessSignature=SharedAccessSignature" \
    "sr=${hub%:*}%2Fdevices%2Fdev1&sig=CANARY&se=1000000000" >old.conn
doctor c2d-device -C old.conn
check 'doctor exits 77 at key for an expired ready token' \
    is "$CODE $(passed)" '77 |connection string|DNS|connection|TLS|clock'
check 'doctor reports how long ago a ready token expired' \
    says out 'FAIL  key                the SharedAcc' 'd ago; hint'

# ---- No response: doctor ends within ten seconds ----

# slowly NAME COMMAND...: runs COMMAND in the background.
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

# Listens with a full queue: a new connection gets no answer to its SYN.
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
# A name server that does not respond, in a separate network namespace.
cat >mute.pl <<'END'
use Socket;
$^F = 255; # open descriptors are inherited by the command
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
check 'doctor fails at connection with 20 for a hub that does not answer a SYN' \
    fails_at 20 connection 'timed out connecting to' 'check that port 443 is open'
finish_slowly silent
check 'doctor fails at TLS with 20 for a hub that accepts and sends nothing' \
    fails_at 20 TLS 'TLS handshake timed out' 'firewall'
finish_slowly unanswered
check 'doctor fails at authorisation with 18 for a hub that does not respond' \
    is "$CODE $(passed) $(tail -n 1 out | cut -c 1-59)" '18 |connection string|key|DNS|'\
'connection|TLS FAIL  authorisation      no response in time from h74.test:'
if [ -e mute.code ]; then
    finish_slowly mute
    check 'doctor fails at DNS with 20 for a name server that does not respond' \
        fails_at 20 DNS 'cannot find the address of h74.test' "this machine's name server"
else
    echo '# no network namespaces here: a dead name server was not tried'
fi
run timeout 30 c2d-device doctor -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT" \
    --timeout 500ms
check 'doctor --timeout 500ms exits 18' code_is 18
run timeout 8 c2d-device doctor --connect-to "$at:$(cat deaf.port)" --connect-timeout 500ms
check 'doctor --connect-timeout 500ms exits 20' code_is 20
start_hostile --cert hub.crt --key hub.key hang:
start_run c2d-device doctor -C hostile.conn --cacert hub.crt --connect-to "$at:$PORT"
until_true [ -s hostile.log ]
kill -INT "$RUN_PID"
finish_run
check 'INT ends doctor at once with 130' ends_silently 130 ''

# ---- Secrets ----

c2d-device doctor -v --trace - >>all 2>&1
c2d-http doctor -j -v --trace - >>all 2>&1
check 'no output of doctor holds a key, token or password' \
    lacks all "$device_key" "$service_key" CANARY 'Q0FOQVJZ' 'd3Jvbmc=' 'BEGIN'
check 'no output of doctor holds a signature' is "$(grep -c 'sig=[^*]' all)" 0
