# shellcheck shell=sh
# The commands of the README and of the manuals work: each one is run here against c2d-sim, with the
# connection strings in files.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

ROOT=$C2D_TESTS/../..
# shellcheck disable=SC2119  # no options are wanted
start_sim

# The code blocks of one language below a heading, in order.
blocks() { # heading, language, file
    awk -v heading="## $1" -v fence="\`\`\`$2" '
        /^## / { inside = $0 == heading; next }
        inside && $0 == fence { printing = 1; next }
        /^```/ { printing = 0 }
        printing' "$ROOT/${3-README.md}"
}
DEVICE=src/man/c2d-device.md
HTTP=src/man/c2d-http.md

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
blocks Handlers python "$DEVICE" >handle.py
blocks Handlers sh "$DEVICE" >handlers.sh
run sh -e handlers.sh
check 'the commands of "Handlers" work as they stand' code_is 0
check 'the Python handler of "Handlers" gets body and property' \
    says out 'temperature celsius 4 bytes'
check 'the binary file of "Handlers" holds the body' cmp handle.py received.bin
check 'the spooled message of "Handlers" is handled' says out 'a long job is done'
check 'the commands of "Handlers" pass the kept message to another program' says out 'measure now'
check 'the commands of "Handlers" complete the kept message' is "$(queued dev1)" 0

# Without sudo, systemd and /etc: the first three commands are run in a folder of the test.
blocks 'As a service' sh "$DEVICE" | sed 's/sudo //; s:/etc/:./etc/:g' >service.sh
check 'the commands of "As a service" end with the start of the unit' is "$(tail -n 1 service.sh)" \
    'systemctl enable --now c2d-device@dev1'
sed -i '$d' service.sh
mkdir etc
run sh -e service.sh
check 'the commands of "As a service" create the files that the unit reads' is \
    "$(cmp .config/c2d/device.conn etc/c2d/dev1.conn && cat etc/c2d/dev1.env)" \
    'ARGUMENTS=-- /usr/local/bin/handle'

reset_hub
blocks 'To a whole fleet' sh >fleet.sh
run sh -e fleet.sh
check 'the batch of "To a whole fleet" is sent once by two runs' is \
    "$CODE $(jq -r '"\(.status):\(.attempts)"' out | xargs) $(queued)" \
    '0 enqueued:1 enqueued:0 1'
reset_hub

blocks 'Did it arrive?' sh "$HTTP" >wait.sh
start_run sh -e wait.sh
until_true has_requests send 1
c2d-device receive >/dev/null
set_sim clock '{"advance": 16}'
finish_run
check 'the commands of "Did it arrive?" print Success' \
    is "$CODE $(jq -r .statusCode out) $(wc -l <feedback)" '0 Success 1'
reset_hub
set_sim clock '{"offset": 0}'

blocks 'More than one machine' sh "$HTTP" >parts.sh
mkdir .parallel && : >.parallel/will-cite # it would ask for a citation
for number in 1 2 3 4 5; do
    printf '{"deviceId":"dev%s","body":"%s"}\n' 1 $number 2 $number 3 $number
done >fleet.jsonl
set_sim devices '{"devices": ["dev2", "dev3"]}'
run sh -e parts.sh
check 'the commands of "More than one machine" send each part' is \
    "$CODE $(cat part.?.out | jq -r .status | sort | uniq -c | xargs)" '0 15 enqueued'
check 'the commands of "More than one machine" keep the order of each device' \
    is "$(state '[.devices[] |
    [.queue[].bodyBase64 | @base64d] | join("")] | sort | join(" ")')" '12345 12345 12345'
run sh -e parts.sh
check 'the commands of "More than one machine" send nothing when run again' is \
    "$CODE $(cat part.?.out | jq -r .attempts | sort | uniq -c | xargs) $(requests send)" '0 15 0 15'
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

awk '/^```c$/ { printing = 1; next } /^```/ { printing = 0 } printing' \
    "$ROOT/src/man/libc2d.md" >example.c
compile example.c
check 'the program of libc2d.md compiles without a warning' ends_silently 0 ''
run ./example
check 'the program of libc2d.md exits 78 without a connection string' fails_with_text 78 CONFIG
IOTHUB_DEVICE_CONNECTION_STRING=$(cat "$HUB/device-dev1.conn")
export IOTHUB_DEVICE_CONNECTION_STRING
run env -u SSL_CERT_FILE ./example
check 'the program of libc2d.md exits 21 if it cannot verify the hub' fails_with_text 21 TLS
./example >/dev/full 2>err
check 'the program of libc2d.md exits 1 if it cannot print' is $? 1
check 'the program of libc2d.md leaves a message that it cannot print' is "$(queued dev1)" 1
set_sim clock '{"advance": 61}'
run ./example
check 'the program of libc2d.md prints the body' ends_silently 0 'restart'
check 'the program of libc2d.md completes the message' is "$(queued dev1)" 0

listed=$(sed -n '/^| code /,/^$/p' "$ROOT/README.md" | grep -oE '[A-Z]{2}[A-Z_]*' | sort -u | xargs)
known=$(grep -ohE '[{] [A-Z0-9]+_[A-Z_]+, "[A-Z_]+"' "$ROOT/src/base/error.c" \
    "$ROOT/src/cli/common/exit_status.c" | cut -d '"' -f 2 \
    | grep -vE '^(DRY_RUN|CANCELLED)$' | sort -u | xargs)
check 'the README lists every outcome of the programs' is \
    "$(echo "$listed" | tr ' ' '\n' | grep -vxE 'UTC|CA' | xargs)" "$known"
