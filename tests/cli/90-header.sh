# shellcheck shell=sh
# c2d.h compiles alone in each supported standard of C and C++. The examples of libc2d(3) compile in
# the oldest ones.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/manuals.sh
. "$C2D_TESTS/manuals.sh"
! is_sanitized || exit 0 # compiles nothing of this build

INCLUDE=$C2D_TESTS/../../include

# compiles COMPILER LANGUAGE STANDARD FILE [FLAG]...
compiles() {
    compiler=$1
    language=$2
    standard=$3
    file=$4
    shift 4
    "$compiler" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        -I "$INCLUDE" -I . "$@" "$file"
}

installed() {
    for compiler in "$@"; do
        ! command -v "$compiler" >/dev/null || echo "$compiler"
    done
}

c_compilers=$(installed gcc clang)
cxx_compilers=$(installed g++ clang++)
check 'a C compiler is installed' test -n "$c_compilers"
check 'a C++ compiler is installed' test -n "$cxx_compilers"

# ---- The header alone ----

echo '#include "c2d.h"' >alone
for standard in c99 c11 c17 c2x; do
    for compiler in $c_compilers; do
        check "c2d.h compiles as $standard with $compiler" compiles "$compiler" c "$standard" alone
    done
done
for standard in c++11 c++14 c++17 c++20; do
    for compiler in $cxx_compilers; do
        check "c2d.h compiles as $standard with $compiler" \
            compiles "$compiler" c++ "$standard" alone
    done
done

# ---- The examples ----

# Each one becomes a file: example-1.h and so on.
unescape <"$MAN/libc2d.3" | awk '/^\.Ed/ { file = "" } file != "" { print >file }
    /^\.Bd -literal/ { file = "example-" ++count ".h" }'

# The names that an example may use. It has its own block, in which it may declare them again.
cat >example-start <<'END'
#include "c2d.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

extern bool keep(const struct c2d_message *message);
extern void report(const struct c2d_client *device, const struct c2d_error *error);
extern int example(struct c2d_client **clients, struct c2d_client **devices, size_t count,
                   struct c2d_client *client, struct c2d_client *device,
                   struct c2d_client *service, const char *connection_string);

int example(struct c2d_client **clients, struct c2d_client **devices, size_t count,
            struct c2d_client *client, struct c2d_client *device, struct c2d_client *service,
            const char *connection_string)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_message *message = NULL;
    enum c2d_status status = C2D_OK;
    struct c2d_request request, next;
    struct c2d_result result;
    struct c2d_error error;
    bool is_done = false;
    size_t i = 0;

    {
END
printf '    }\n    return 0;\n}\n' >example-end

number=0
while [ -e "example-$((number + 1)).h" ]; do
    number=$((number + 1))
    if grep -qE '^#include|^int main\(' "example-$number.h"; then
        cp "example-$number.h" "example-$number.c"
    else
        cat example-start "example-$number.h" example-end >"example-$number.c"
    fi
    for compiler in $c_compilers; do
        check "example $number of libc2d(3) compiles as C99 with $compiler" compiles "$compiler" c c99 \
            "example-$number.c" -Wno-unused -Wno-unused-parameter -Wno-missing-field-initializers
    done
    for compiler in $cxx_compilers; do
        check "example $number of libc2d(3) compiles as C++11 with $compiler" \
            compiles "$compiler" c++ c++11 "example-$number.c" -Wno-unused -Wno-unused-parameter \
            -Wno-missing-field-initializers
    done
done
check 'libc2d(3) has four examples' is "$number" 4
