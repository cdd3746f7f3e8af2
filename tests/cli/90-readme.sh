# shellcheck shell=sh
# The commands of the README and of the manuals work: each one is run here against c2d-sim, with the
# connection strings in files.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/manuals.sh
. "$C2D_TESTS/manuals.sh"

ROOT=$C2D_TESTS/../..
# shellcheck disable=SC2119  # no options are wanted
start_sim

# The code blocks of one language below a heading, in order.
blocks() { # heading, language
    awk -v heading="## $1" -v fence="\`\`\`$2" '
        /^## / { inside = $0 == heading; next }
        inside && $0 == fence { printing = 1; next }
        /^```/ { printing = 0 }
        printing' "$ROOT/README.md"
}

# True if the program of the README exited with this code and printed this name.
fails_with_text() {
    code_is "$1" && grep -q "^$2: ." err
}

unset IOTHUB_CONNECTION_STRING IOTHUB_DEVICE_CONNECTION_STRING IOTHUB_DEVICE_ID
mkdir -p .config/c2d
cp "$HUB/service.conn" .config/c2d/service.conn
cp "$HUB/device-dev1.conn" .config/c2d/device.conn
chmod 644 .config/c2d/service.conn

blocks 'Against a real hub' sh >real.sh
run sh -e real.sh
check 'the commands of "Against a real hub" work as they stand' code_is 0
check 'the message of "Against a real hub" arrives' says out '"body":"restart at noon"'

blocks 'When it does not work' sh >doctor.sh
run sh -e doctor.sh
check 'the commands of "When it does not work" report all steps ok' \
    is "$CODE $(grep -c '^ok ' out) $(wc -l <out)" '0 14 14'

# Without the time fields, and with the programs of this build in place of the installed ones.
blocks 'From cron' crontab | sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* *//; s:/usr/local/bin/::' >cron.sh
c2d-http send dev1 -m 'for cron' -q
run sh -e cron.sh
check 'the line of "From cron" prints nothing' ends_silently 0 ''
check 'the line of "From cron" keeps the message in its file' says messages.jsonl '"body":"for cron"'

blocks 'With a handler' sh >handler.sh
run sh -e handler.sh
check 'the commands of "With a handler" work as they stand' code_is 0
check 'the sh handler of the README gets body and property' says out 'light kitchen: on'

examples c2d-device.1 'From cron' >cron
check 'the README and c2d-device(1) have the same line for cron' is "$(blocks 'From cron' crontab)" \
    "$(cat cron)"
examples c2d-device.1 'A handler in Python' 1 >handle.py
for section in 'A handler in Python' 'A slow handler' 'Settle after work of your own'; do
    examples c2d-device.1 "$section" | sed '/^import/,/^sys.exit/d'
done >handlers.sh
run sh -e handlers.sh
check 'the handlers of c2d-device(1) work as they stand' code_is 0
check 'the Python handler of c2d-device(1) gets body and property' \
    says out 'temperature celsius 4 bytes'
check 'the binary file of a handler in c2d-device(1) holds the body' cmp handle.py received.bin
check 'the spooled message of c2d-device(1) is handled' says out 'a long job is done'
check 'the commands of c2d-device(1) pass the kept message to another program' says out 'measure now'
check 'the commands of c2d-device(1) complete the kept message' is "$(queued dev1)" 0

# Without sudo, systemd and /etc: the first three commands are run in a folder of the test.
examples c2d-device.1 'A service' | sed 's/sudo //; s:/etc/:./etc/:g' >service.sh
check 'the commands of "A service" end with the start of the unit' is "$(tail -n 1 service.sh)" \
    'systemctl enable --now c2d-device@dev1'
sed -i '$d' service.sh
mkdir etc
run sh -e service.sh
check 'the commands of "A service" create the files that the unit reads' is \
    "$(cmp .config/c2d/device.conn etc/c2d/dev1.conn && cat etc/c2d/dev1.env)" \
    'ARGUMENTS=-- /usr/local/bin/handle'

reset_hub
blocks 'To a whole fleet' sh >fleet.sh
run sh -e fleet.sh
check 'the batch of "To a whole fleet" is sent once by two runs' is \
    "$CODE $(jq -r '"\(.status):\(.attempts)"' out | xargs) $(queued)" \
    '0 enqueued:1 enqueued:0 1'
reset_hub

examples c2d-http.1 'Wait for the outcome' >wait.sh
start_run sh -e wait.sh
until_true has_requests send 1
c2d-device receive >/dev/null
set_sim clock '{"advance": 16}'
finish_run
check 'the commands of "Wait for the outcome" print Success' \
    is "$CODE $(jq -r .statusCode out) $(wc -l <feedback)" '0 Success 1'
reset_hub
set_sim clock '{"offset": 0}'

examples c2d-http.1 'Send a batch in parts' >parts.sh
mkdir .parallel && : >.parallel/will-cite # it would ask for a citation
for number in 1 2 3 4 5; do
    printf '{"deviceId":"dev%s","body":"%s"}\n' 1 $number 2 $number 3 $number
done >fleet.jsonl
set_sim devices '{"devices": ["dev2", "dev3"]}'
run sh -e parts.sh
check 'the commands of "Send a batch in parts" send each part' is \
    "$CODE $(cat part.?.out | jq -r .status | sort | uniq -c | xargs)" '0 15 enqueued'
check 'the commands of "Send a batch in parts" keep the order of each device' \
    is "$(state '[.devices[] |
    [.queue[].bodyBase64 | @base64d] | join("")] | sort | join(" ")')" '12345 12345 12345'
run sh -e parts.sh
check 'the commands of "Send a batch in parts" send nothing when run again' is \
    "$CODE $(cat part.?.out | jq -r .attempts | sort | uniq -c | xargs) $(requests send)" '0 15 0 15'
reset_hub

for section in Send 'Look, and empty a queue'; do
    examples c2d-http.1 "$section"
done >commands.sh
run sh -e commands.sh
check 'the other commands of c2d-http(1) work as they stand' code_is 0
check 'the commands of c2d-http(1) purge what they have sent' says out '"totalMessagesPurged":2'
reset_hub

blocks 'From a shell script' sh >script.sh
run sh script.sh
check 'the commands of "From a shell script" work as they stand' code_is 0
check 'the message of "From a shell script" is queued' is "$(queued dev1)" 1

flags='-Wall -Wextra -Werror'
! is_sanitized || flags="$flags -fsanitize=address,undefined"
compile() { # FILE
    # shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
    run cc -std=c11 $flags -I"$ROOT/include" -o "${1%.c}" "$1" "$C2D_BUILD/libc2d.a" \
        $(pkg-config --libs libcurl libssl libcrypto libcjson)
}
blocks 'The library' c >short.c
compile short.c
check 'the program of "The library" compiles without a warning' ends_silently 0 ''
run ./short
check 'the program of "The library" exits 1 without a connection string and says why' \
    is "$CODE $(grep -c 'connection string' err)" '1 1'

examples libc2d.3 'Receive one message' >example.c
compile example.c
check 'the program of libc2d(3) compiles without a warning' ends_silently 0 ''
run ./example
check 'the program of libc2d(3) exits 78 without a connection string' fails_with_text 78 CONFIG
IOTHUB_DEVICE_CONNECTION_STRING=$(cat "$HUB/device-dev1.conn")
export IOTHUB_DEVICE_CONNECTION_STRING
run env -u SSL_CERT_FILE ./example
check 'the program of libc2d(3) exits 21 if it cannot verify the hub' fails_with_text 21 TLS
./example >/dev/full 2>err
check 'the program of libc2d(3) exits 1 if it cannot print' is $? 1
check 'the program of libc2d(3) leaves a message that it cannot print' is "$(queued dev1)" 1
set_sim clock '{"advance": 61}'
run ./example
check 'the program of libc2d(3) prints the body' ends_silently 0 'restart'
check 'the program of libc2d(3) completes the message' is "$(queued dev1)" 0
