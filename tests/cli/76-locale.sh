# shellcheck shell=sh
# Goal: the locale that the caller of the library has set has no effect. In Turkish i is not the
# lower case of I, in German a number has a decimal comma.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

mkdir locale
for name in tr_TR de_DE; do
    localedef -i "$name" -f UTF-8 "$PWD/locale/$name.UTF-8" 2>/dev/null \
        || skip "localedef makes no $name.UTF-8 (package locales)"
done
# in_locale NAME COMMAND...: runs COMMAND with messages in English, as they are compared.
in_locale() {
    name=$1
    shift
    run env -u LC_ALL LOCPATH="$PWD/locale" LANG="$name.UTF-8" LC_MESSAGES=C "$@"
}

ROOT=$C2D_TESTS/../..
flags=
! is_sanitized || flags=-fsanitize=address,undefined
# The C library keeps the list of folders of LOCPATH for ever.
echo 'leak:__argz_add_sep' >lsan
export LSAN_OPTIONS="suppressions=$PWD/lsan:print_suppressions=0"
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
run cc -std=c11 -Wall -Wextra -Werror $flags -o locale-test -I "$ROOT/include" \
    "$C2D_TESTS/76-locale.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
check 'the program that sets a locale compiles' ends_silently 0 ''
[ "$CODE" -eq 0 ] || exit

# ---- Through c2d-sim ----

# shellcheck disable=SC2119  # no options are wanted
start_sim
service=$IOTHUB_CONNECTION_STRING
device=$IOTHUB_DEVICE_CONNECTION_STRING
for name in tr_TR de_DE; do
    reset_hub
    set_sim clock '{"offset": 0}'
    in_locale "$name" ./locale-test send "$HUB/ca.pem" "$service"
    check "in $name the library sends a message" ends_silently 0 ''
    in_locale "$name" ./locale-test receive "$HUB/ca.pem" "$device"
    check "in $name the library receives and completes a message" ends_silently 0
    check "in $name a received message has its body, ids, properties and system properties" shows \
        '.body == "1.5" and .messageId == "MID-i" and .correlationId == "CID-I"
        and .userId == "Ilk" and .contentType == "APPLICATION/JSON" and .ack == "full"
        and .contentEncoding == "utf-8" and .deliveryCount == 0 and .sequenceNumber != null
        and .properties == {"Id": "ISIK", "limit": "I"}'
    set_sim clock '{"advance": 16}'
    in_locale "$name" ./locale-test feedback "$HUB/ca.pem" "$service"
    check "in $name the feedback record of a completed message has the statusCode Success" shows \
        '.originalMessageId == "MID-i" and .deviceId == "dev1" and .statusCode == "Success"'
done

# ---- Names in another case, as proxies and other hubs write them ----

make_cert hub DNS:hub76.test
string='HostName=hub76.test;DeviceId=dev1;SharedAccessKey=a2V5'
policy='HostName=hub76.test;SharedAccessKeyName=service;SharedAccessKey=a2V5'
printf 'HTTP/1.1 204 No Content\r\n\r\n' >no-content
{
    printf 'HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 5\r\nETAG: "lock-1"\r\nIOTHUB-MESSAGEID: m1\r\n'
    printf 'IoTHub-CorrelationID: c1\r\nIOTHUB-USERID: u1\r\nIOTHUB-DELIVERYCOUNT: 2\r\n'
    printf 'IOTHUB-EXPIRY: 2026-01-31T12:00:00Z\r\nCONTENT-ENCODING: utf-8\r\n'
    printf 'IOTHUB-APP-Limit: 1\r\nIoTHub-App-id: 2\r\n\r\nhello'
} >message
printf '[{"originalmessageid":"m1","DEVICEID":"dev1","StatusCode":"EXPIRED","DESCRIPTION":"d",%s}]' \
    '"level":1.5' >records
{
    printf 'HTTP/1.1 200 OK\r\nCONTENT-LENGTH: %s\r\nETAG: "lock-1"\r\n\r\n' "$(wc -c <records)"
    cat records
} >feedback
for name in tr_TR de_DE; do
    start_hostile --cert hub.crt --key hub.key keep:message keep:no-content
    in_locale "$name" ./locale-test receive hub.crt "$string" "127.0.0.1:$PORT"
    check "in $name a message whose headers have another case is received" ends_silently 0
    check "in $name the ids and properties of a message with headers in another case are found" \
        shows \
        '.messageId == "m1" and .correlationId == "c1" and .userId == "u1" and .deliveryCount == 2
        and .expiryTime == "2026-01-31T12:00:00Z" and .contentEncoding == "utf-8"
        and .properties == {"Limit": "1", "id": "2"}'
    start_hostile --cert hub.crt --key hub.key keep:feedback keep:no-content
    in_locale "$name" ./locale-test feedback hub.crt "$policy" "127.0.0.1:$PORT"
    check "in $name feedback whose members have another case is read" shows \
        '.originalMessageId == "m1" and .deviceId == "dev1" and .statusCode == "Expired"
        and .description == "d" and .extra == {"level": 1.5}'
done

# ---- The unit tests ----

[ -x "$C2D_BUILD/unit-tests" ] || exit 0
# Without the suite of the progress line: it belongs to the programs, which set no locale.
for name in tr_TR de_DE; do
    in_locale "$name" "$C2D_BUILD/unit-tests" --filter '!(batch)/*'
    check "in $name the unit tests of the library pass" code_is 0
done
