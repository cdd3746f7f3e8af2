# shellcheck shell=sh
# Functions shared by the scenarios that compare the manuals with the programs.

MAN=$C2D_TESTS/../../src/man

# Removes the escapes of mdoc from text.
unescape() {
    sed 's/\\(aq/'"'"'/g; s/\\(ti/~/g; s/\\(ha/^/g; s/\\(ga/`/g; s/\\(dq/"/g; s/\\-/-/g; s/\\&//g
        s/\\e/\\/g'
}

# examples PAGE SECTION [NUMBER]: prints the literal blocks of a section or subsection, or the one
# of that number.
examples() {
    awk -v heading="$2" -v wanted="${3-0}" '
        /^\.S[hs] / { inside = substr($0, 5) == heading; next }
        inside && /^\.Bd -literal/ { count++; printing = wanted == 0 || wanted == count; next }
        /^\.Ed/ { printing = 0 }
        printing' "$MAN/$1" | unescape
}
