# shellcheck shell=sh
# The manual of c2d-sim is correct: its examples work as they stand, and it names all options,
# commands, members and faults, and no others.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/manuals.sh
. "$C2D_TESTS/manuals.sh"
# curl before 7.76 lacks --fail-with-body.
fail=--fail
! curl --help all | grep -q -- --fail-with-body || fail=--fail-with-body
unescape <"$MAN/c2d-sim.1" | sed "s/--fail-with-body/$fail/" >manual
start_sim --device dev1
sim GET '' >lists

# Each literal block of the manual becomes a separate file; one of them defines sim.
mkdir blocks
awk '/^\.Ed/ { file = "" } file != "" { print >file }
    /^\.Bd -literal/ { file = sprintf("blocks/%02d", ++count) }' manual
grep -l '^sim() {' blocks/* >definition
mkdir trials
works() {
    cat "$(cat definition)" "$1" >trials/script
    (cd trials && sh -eu script)
}
while read -r block; do
    ! grep -q '[.]localhost' "$block" || has_localhost_names || continue
    check "the manual's example works: $(head -n 1 "$block" | cut -c 1-80)" works "$block"
    reset_hub
done <<END
$(find blocks -type f | sort)
END
check 'the manual of c2d-sim has more than ten examples' \
    test "$(find blocks -type f | wc -l)" -gt 10

sed -n '/^\.Sh FAULTS/,/^\.Sh DIAG/s/^\.Dl \({.*}\)$/\1/p' manual >fault-rows
while read -r example; do
    check "the hub accepts the fault of the manual $example" sim POST faults "$example"
done <fault-rows
# Compares the members of a fault that the hub knows with those in the examples.
check 'the manual has an example of each member of a fault' is \
    "$(jq -r '.commands[] | select(.name == "faults") | .members[]' lists | grep -vx clear | sort)" \
    "$(jq -rs 'map(keys) | flatten | unique | .[]' fault-rows | sort)"

# Each word is in the manual as a whole word.
names_all() {
    for word in $1; do
        grep -qwF -- "$word" manual || { echo "$word is missing" && return 1; }
    done
}
check 'the manual names every command' names_all "$(jq -r '.commands[].name' lists)"
check 'the manual names every member of a command' names_all \
    "$(jq -r '.commands[] | (.members + .query)[]' lists) $(jq -r '.deviceMembers[]' lists)"
check 'the manual names every operation and every word of a fault' names_all \
    "$(jq -r '(.operation + .drop + .shape)[]' lists)"
c2d-sim --help >help
check 'the manual names every option of --help, and no other' is \
    "$(grep -oE '^ .*--[a-z-]+' help | grep -oE -- '--[a-z-]+' | sort -u)" \
    "$(sed -n '/^\.Sh OPTIONS/,/^\.Sh ENV/s/^\.It Fl \([a-zA-Z] , \)*-\([a-z-]*\).*/--\2/p' manual | sort -u)"
check 'the manual says how long the log is' says manual "last $(jq .logLength lists) requests"
