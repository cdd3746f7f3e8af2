# shellcheck shell=sh
# Goal: a feedback log with an incomplete last line loses no record, and no old record is matched.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

old='{"v":1,"originalMessageId":"old","deviceId":"dev1","statusCode":"Success"}'

start_over
add_batch new 1
printf %s "$old" >log
run c2d-http feedback -o log
check 'feedback -o keeps a complete record without a newline and prints no warning' \
    is "$CODE $(records old) $(records new) $(wc -l <log) $(wc -c <err)" '0 1 1 2 0'
start_over
add_batch new 1
printf %s "${old%??}" >log
run c2d-http feedback -o log
check 'feedback -o cuts off an incomplete last record with a warning' \
    is "$CODE $(records new) $(wc -l <log) $(grep -c 'warning: .*cut off' err)" '0 1 1 1'

printf %s "$old" >log
start_wait old --wait 2s
add_batch new 1 dev2
finish_run
check 'send --wait ignores a record without a newline from before the send and exits 18' \
    fails_with 18 TIMEOUT
check 'send --wait keeps a record without a newline from before the send' \
    is "$(records old) $(records new)" '1 1'
printf %s "${old%??}" >log
start_wait mine --wait 2s
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait finds its record after a torn last line' outcome_is 0 Success
check 'send --wait cuts off a torn last line' is "$(records mine) $(wc -l <log)" '1 1'
