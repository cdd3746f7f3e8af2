# shellcheck shell=sh
# make install into a folder installs all files of programs and library, and uninstall removes them.
# The demo runs from a clean start.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

ROOT=$C2D_TESTS/../..
! is_sanitized || exit 0 # installs what the plain build has made

umask 077 # as some administrators have it
run make -s -C "$ROOT" install DESTDIR="$PWD/root" PREFIX=/usr
check 'make install exits 0 and prints nothing' ends_silently 0 ''
check 'make install installs the programs' \
    test -x root/usr/bin/c2d-http -a -x root/usr/bin/c2d-device
check 'make install installs the shared library with its version, soname and plain name' test \
    -f root/usr/lib/libc2d.so.0.2.0 -a -L root/usr/lib/libc2d.so.1 -a -L root/usr/lib/libc2d.so
check 'make install installs units that start the installed program' is \
    "$(grep -hoE '^ExecStart=/usr/bin/c2d-device (poll|receive)' root/usr/lib/systemd/system/c2d-*)" \
    "$(printf 'ExecStart=/usr/bin/c2d-device %s\n' poll receive)"

check 'make install installs the five manuals, readable by everybody' is \
    "$(find root/usr/share/man -type f -printf '%P %m\n' | sort)" \
    "$(printf '%s 644\n' man1/c2d-device.1 man1/c2d-http.1 man1/c2d-sim.1 man3/libc2d.3 \
        man7/c2d-messages.7)"
check 'make install installs what loads the completions, readable by everybody' is \
    "$(find root/usr/share -type f ! -path '*/man/*' ! -path '*/c2d-live/*' -printf '%P %m\n' \
        | sort)" "$(printf '%s 644\n' \
        bash-completion/completions/c2d-device bash-completion/completions/c2d-http \
        fish/vendor_completions.d/c2d-device.fish fish/vendor_completions.d/c2d-http.fish \
        zsh/site-functions/_c2d-device zsh/site-functions/_c2d-http)"
check 'make install makes folders of manuals and completions that everybody can enter' is \
    "$(find root/usr/share -type d ! -perm 755)" ''
check 'the installed completion for bash defines the function' is \
    "$(bash -c '. root/usr/share/bash-completion/completions/c2d-http; declare -F _c2d-http')" \
    _c2d-http

cat >version.c <<'X'
#include <c2d.h>
#include <stdio.h>
int main(void)
{
    return puts(c2d_version()) < 0;
}
X
flags=$(PKG_CONFIG_PATH=root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/root \
    pkg-config --cflags --libs libc2d)
# shellcheck disable=SC2086  # one word for each flag is wanted
run cc -o version version.c -I root/usr/include -L root/usr/lib $flags
check 'a C program compiles and links with the flags of pkg-config' ends_silently 0 ''
run env LD_LIBRARY_PATH=root/usr/lib ./version
check 'a program runs with the installed shared library' ends_silently 0 0.2.0
check 'the programs need nothing but libcurl, OpenSSL, cJSON and libc' is "$(
    for program in c2d-http c2d-device; do
        readelf -d "root/usr/bin/$program" | sed -n 's/.*NEEDED.*\[\(.*\)\.so.*/\1/p'
    done | sort -u | xargs)" 'libc libcjson libcrypto libcurl libssl'

is_hardened() {
    readelf -h "$C2D_BUILD/$1" | grep -q DYN && readelf -lW "$C2D_BUILD/$1" | grep -q GNU_RELRO \
        && readelf -d "$C2D_BUILD/$1" | grep -q NOW \
        && nm -D "$C2D_BUILD/$1" | grep -q __stack_chk_fail
}

for program in c2d-http c2d-device c2d-sim; do
    check "$program is position-independent, with read-only relocations and a stack protector" \
        is_hardened $program
done

# The linker marks a program only if each of its objects has the mark, including those of the C
# library.
has_mark() { # FILE...
    for file in "$@"; do
        readelf -nW "$file" | grep -q 'IBT, SHSTK' || { echo "no mark in $file"; return 1; }
    done
}
c_library_has_mark() {
    has_mark "$(cc -print-file-name=Scrt1.o)" "$(cc -print-file-name=crti.o)" >got
}
# shellcheck disable=SC2016  # the dollars are those of assembly
probes_large_frames() {
    objdump -d --no-show-raw-insn "$1" | grep -A 1 -E 'sub[lq]? +\$0x1000,%rsp' \
        | grep -qE '(or|mov)[lq] +\$0x0,\(%rsp\)'
}
if echo 'int a;' | cc -Werror -fcf-protection -x c -c -o mark.o - && has_mark mark.o; then
    # shellcheck disable=SC2046  # one word for each object is wanted
    check 'every object of library and programs is compiled with -fcf-protection' \
        has_mark $(find "$C2D_BUILD/src" -name '*.o')
    for program in c2d-http c2d-device c2d-sim; do
        ! c_library_has_mark || check "$program carries the mark of -fcf-protection" \
            has_mark "$C2D_BUILD/$program"
    done
    for program in c2d-http c2d-device; do
        check "$program touches each page of a large stack frame (-fstack-clash-protection)" \
            probes_large_frames "$C2D_BUILD/$program"
    done
fi

run env PATH="$PWD/root/usr/bin:$PATH" c2d-live --list
check 'the installed c2d-live finds its checks' is "$CODE $(wc -l <out)" \
    "0 $(grep -c '^[a-z]' "$ROOT/tests/live/checks.txt")"
run make -s -C "$ROOT" uninstall DESTDIR="$PWD/root" PREFIX=/usr
check 'make uninstall leaves no file' is "$(find root ! -type d)" ''

run "$ROOT/scripts/demo"
check 'the demo shows the message and its acknowledgement' says out \
    'restart at noon' '"statusCode":"Success"'
check 'the demo exits 0 and prints nothing to stderr' ends_silently 0
