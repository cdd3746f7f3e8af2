# shellcheck shell=sh
# What the README shows is what happens: every command in it is run here, against the hub on this
# machine with the connection strings in files.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

ROOT=$C2D_TESTS/../..
# shellcheck disable=SC2119  # no options are wanted
start_sim

# The blocks of one language below a heading, in their order.
blocks() { # heading, language
    awk -v heading="## $1" -v fence="\`\`\`$2" '
        /^## / { inside = $0 == heading; next }
        inside && $0 == fence { printing = 1; next }
        /^```/ { printing = 0 }
        printing' "$ROOT/README.md"
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

blocks 'From cron' crontab | sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* *//' >cron.sh
c2d-http send dev1 -m 'for cron' -q
run sh -e cron.sh
check 'the line of "From cron" prints nothing' ends_silently 0 ''
check 'the line of "From cron" keeps the message in its file' says messages.jsonl '"body":"for cron"'

blocks 'With a handler' sh >handler.sh
run sh -e handler.sh
check 'the handler of "With a handler" has body and property' says out 'light kitchen: on'

blocks 'From a shell script' sh >script.sh
run sh script.sh
check 'the commands of "From a shell script" work as they stand' code_is 0
check 'the kept message is read by another program' says out 'restart'
check 'the kept message is completed afterwards, and the one behind it still waits' is \
    "$(state '.devices.dev1 | [.queue[].bodySize] | tostring')" '[11]'

# The same program, but that it trusts the hub on this machine.
blocks 'The library' c >example.c
sed 's/, NULL, &error)/, \&options, \&error)/
    s/^    struct c2d_error error.*/&\
    struct c2d_options options = c2d_options_default();\
    options.ca_file = getenv("SSL_CERT_FILE");/' example.c >trusting.c
DEVICE_CONNECTION_STRING=$(cat "$HUB/device-dev1.conn")
export DEVICE_CONNECTION_STRING
flags='-Wall -Wextra -Werror'
! is_sanitized || flags="$flags -fsanitize=address,undefined"
for program in example trusting; do
    # shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
    run cc -std=c11 $flags -I"$ROOT/include" -o $program $program.c "$C2D_BUILD/libc2d.a" \
        $(pkg-config --libs libcurl libssl libcrypto libcjson)
    check "the program of \"The library\" compiles without a warning ($program)" \
        ends_silently 0 ''
done
run ./example
check 'the program of "The library" ends with 21 where it cannot verify the hub' code_is 21
check 'and has left the message' is "$(queued dev1)" 1
run ./trusting
check 'the program of "The library" prints the body' ends_silently 0 'measure now'
check 'and completes the message' is "$(queued dev1)" 0

listed=$(sed -n '/^| code /,/^$/p' "$ROOT/README.md" | grep -oE '[A-Z]{2}[A-Z_]*' | sort -u | xargs)
known=$(sed -n 's/^    { C2D_[A-Z_]*, "\([A-Z_]*\)" },/\1/p' "$ROOT/src/lib/status.c" \
    | grep -vE '^(DRY_RUN|CANCELLED|INTERNAL|NEGATIVE)$' | sort -u | xargs)
check 'the README lists every outcome that these programs can end with' is \
    "$(echo "$listed" | tr ' ' '\n' | grep -vxE 'UTC|CA' | xargs)" "$known"
