# shellcheck shell=sh
# What the scenarios share whose programs use the library as an application does. They are thin;
# scripts/embed sets larger sizes in EMBED_SIZE, and has the figures shown by EMBED_SHOW.

# shellcheck source=tests/cli/fleet.sh
. "$C2D_TESTS/fleet.sh"
ROOT=$C2D_TESTS/../..
LIBRARIES=$(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
SANITIZERS=
! is_sanitized || SANITIZERS=-fsanitize=address,undefined
# Memcheck on a thinned run; what the system's libraries keep until the end is not counted.
# shellcheck disable=SC2034  # the scenarios use it
MEMCHECK='valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite'

# compile NAME [WORD]...: NAME out of 39-NAME.c, against libc2d.a unless other words are given.
compile() {
    name=$1
    shift
    [ $# -gt 0 ] || set -- "$C2D_BUILD/libc2d.a"
    # shellcheck disable=SC2086  # one word for each flag is wanted
    run cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -g -O1 $SANITIZERS -o "$name" \
        -I "$ROOT/include" "$C2D_TESTS/39-$name.c" "$@" $LIBRARIES -ldl -pthread
    check "the program $name compiles" ends_silently 0 ''
    [ "$CODE" -eq 0 ] || exit
}

# new_fleet COUNT: all that was is gone, and there are devices f0, f1 and so on.
new_fleet() {
    reset_hub
    seq 0 $(($1 - 1)) | add_fleet
}

# start_fleet COUNT: the hub, its devices, and what the programs need to know.
start_fleet() {
    # shellcheck disable=SC2119  # no options are wanted
    start_sim
    export FLEET_KEY
    new_fleet "$1"
}

# Is there a memcheck, and a build that it can run?
has_memcheck() {
    ! is_sanitized || return 1
    command -v valgrind >/dev/null || { echo '# skipped: memcheck (package valgrind)' && return 1; }
}

# Can a program with ThreadSanitizer run here? Some kernels lay memory out in a way that it cannot.
has_tsan() {
    ! is_sanitized || return 1
    echo 'int main(void) { return 0; }' >tsan.c
    { cc -fsanitize=thread -o tsan tsan.c && ./tsan; } >tsan.err 2>&1 \
        || { echo '# skipped: ThreadSanitizer does not run here' && return 1; }
}

# A sum over all devices: queue, or a count that the hub keeps.
fleet() {
    of=$1
    [ "$of" != queue ] || of='queue | length'
    sim GET 'state?log=0' | jq "[.devices[] | .$of] | add"
}
