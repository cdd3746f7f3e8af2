# shellcheck shell=sh
# Goal: a program can unload the library while a name look-up that was given up goes on.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
! is_sanitized || skip 'the library of this build cannot be loaded without the sanitizers'

run cc -std=c11 -Wall -Wextra -Werror -shared -fPIC -o lookup.so "$C2D_TESTS/39-lookup.c" -ldl
check 'the library with a slow name look-up compiles' ends_silently 0 ''
# Only the loader: the program knows neither the library nor libcurl.
run cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -o dlopen \
    -I "$C2D_TESTS/../../include" "$C2D_TESTS/39-dlopen.c" -ldl
check 'the program that loads the library compiles' ends_silently 0 ''
run env LD_PRELOAD="$PWD/lookup.so" ./dlopen "$C2D_BUILD/libc2d.so" "${EMBED_SIZE-6}"
check 'the library can be unloaded while its name look-ups go on' code_is 0
check 'each receive times out in its name look-up' is "$(sort out | uniq -c | xargs)" \
    "${EMBED_SIZE-6} 18 3 1 alive"
