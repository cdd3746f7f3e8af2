# shellcheck shell=sh
# When the descriptor of c2d_fd() is readable, and when it is not: one that is readable with nothing
# to do would keep the caller's loop spinning.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

flags=
! is_sanitized || flags=-fsanitize=address,undefined
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
run cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror $flags -o descriptor \
    -I "$C2D_TESTS/../../include" "$C2D_TESTS/49-descriptor.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
check 'the program that watches the descriptor compiles' ends_silently 0 ''
[ "$CODE" -eq 0 ] || exit

run timeout 120 ./descriptor "$HUB/ca.pem" "$IOTHUB_DEVICE_CONNECTION_STRING"
check 'the program runs to its end' ends_silently 0
while read -r line; do
    check "the descriptor: $line" grep -qxF "$line" out
done <<'END'
clients that share have one descriptor: yes
without client it is -1: yes
readable before the first operation: no
readable at once after c2d_submit(): yes
the result: NO_MESSAGE
readable when nothing is under way: no
readable when the time of what has ended is over: no
the same and readable when the first client is freed: yes
open when all are freed: no
few events until a request is under way: yes
readable while it waits for its answer: no
readable when it is cancelled: yes
few events until it has ended: yes
the result of what is cancelled: CANCELLED
readable after the cancel: no
readable after c2d_submit() during the cancel: yes
few events until that has ended: yes
its result: CANCELLED
readable when the cancel is over: no
readable after a cancel with nothing under way: no
readable when the client of all operations was freed: no
readable after a cancel when it was freed: no
few events until all has ended by a closed cancel_fd: yes
the result by a closed cancel_fd: CANCELLED
readable after a cancel_fd was closed: no
a later result by a closed cancel_fd: CANCELLED
END
