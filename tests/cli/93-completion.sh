# shellcheck shell=sh
# The completion scripts work in the real shells, loaded by the files that make install installs.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

STUBS=$C2D_TESTS/../../src/completions
has_shell() {
    command -v "$1" >/dev/null || { echo "# skipped: $1 is not installed" && return 1; }
}

mkdir stubs
for program in c2d-http c2d-device; do
    sed "s/@PROGRAM@/$program/g" "$STUBS/zsh" >"stubs/_$program"
    for shell in bash fish; do
        sed "s/@PROGRAM@/$program/g" "$STUBS/$shell" >"stubs/$program.$shell"
    done
done
: >hand.conn

run c2d-http completion
check 'completion without a shell exits 64 and names the shells' says err 'bash, zsh or fish'
run c2d-http completion tcsh
check 'completion for an unknown shell exits 64' fails_with 64 USAGE
run c2d-device completion fish extra
check 'completion with two arguments exits 64' fails_with 64 USAGE

# Lines of three fields: a command line up to the cursor, a word that is offered, and one that is
# not (-: none).
cat >lines <<'END'
c2d-http fe|feedback|send
c2d-http |completion|--json
c2d-http --|--tls-cache|--batch
c2d-http send --|--journal|--force
c2d-http send --ti|--timeout|--ttl
c2d-http purge --f|--force|--follow
c2d-http send --ack |negative|json
c2d-http send dev1 -f ha|hand.conn|-
c2d-http help st|status|send
c2d-http completion z|zsh|bash
c2d-http -C hand.conn sa|sas|send
c2d-device rec|receive|reject
c2d-device receive --w|--wait|-
c2d-device poll --in|--interval|-
c2d-device receive --format |raw|full
c2d-device poll --format=|text|-
c2d-device doctor --ce|--cert|--connect-to
END

# offers SHELL LINE WORD NOT-THIS
offers() {
    "$1_words" "$2" "$3" >words 2>words.err || return 1
    grep -qxF -e "$3" words || { cat words words.err && return 1; }
    ! grep -qxF -e "$4" words
}
check_lines() { # SHELL
    while IFS='|' read -r line word other; do
        check "$1 completes '$line' to $word" offers "$1" "$line" "$word" "$other"
    done <lines
}

# ---- bash ----

cat >words.bash <<'END'
for program in c2d-http c2d-device; do
    . "stubs/$program.bash"
done
compopt() { :; } # it works within a real completion only
read -ra COMP_WORDS <<<"${1/=/ = }"
[[ $1 != *[\ =] ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"_${COMP_WORDS[0]}"
printf '%s\n' "${COMPREPLY[@]}"
END
bash_words() {
    bash words.bash "$1"
}
if has_shell bash; then
    check_lines bash
    run bash -n stubs/c2d-http.bash
    check 'the file for bash has no syntax error' ends_silently 0 ''
    # bash-completion finds the file by the name of the program.
    mkdir -p share/bash-completion/completions
    cp stubs/c2d-http.bash share/bash-completion/completions/c2d-http
    loads=/usr/share/bash-completion/bash_completion
    [ ! -e $loads ] || check 'bash-completion loads the file at the first use' is "$(
        XDG_DATA_HOME=$PWD/share bash -c ". $loads; _completion_loader c2d-http
            complete -p c2d-http")" 'complete -F _c2d-http c2d-http'
fi

# ---- fish ----

# fish 4 also offers options that only hold the letters of the word.
fish_filter() { # WORD
    case $1 in
    *=*) sed 's/^--[a-z]*=//' ;;
    --*) grep -e "^$1" ;;
    *) cat ;;
    esac
}
fish_words() {
    # shellcheck disable=SC2016  # the variables are those of fish
    env HOME="$PWD" fish -N -c 'for file in stubs/*.fish; source $file; end
        complete -C $argv[1]' "$1" | cut -f 1 | fish_filter "${1##* }"
}
! has_shell fish || check_lines fish

# ---- zsh ----

# An interactive zsh in a terminal of its own: TAB completes the one word that fits, and a function
# in the place of the program prints its arguments.
cat >words.zsh <<'END'
zmodload zsh/zpty
zpty child "env HOME=$PWD zsh -f -i"
send() { zpty -w child "$1" }
send "PS1= PS2= RPS1= fpath=($PWD/stubs \$fpath); unsetopt zle_bracketed_paste; unsetopt prompt_cr prompt_sp"
send 'autoload -U compinit; compinit -u -d ./dump; LISTMAX=0; zstyle ":completion:*" list-prompt ""'
send 'c2d-http() { print -rl -- BEGIN "$@" END }; c2d-device() { c2d-http "$@" }; print REA''DY'
zpty -m -r child text '*READY*'
zpty -w -n child "$1"$'\t'
sleep "$2"
zpty -w -n child $'\n'
zpty -r -m child text '*BEGIN*END*'
text=${text##*BEGIN}
print -r -- "${${text//$'\r'/}%%END*}"
zpty -d child
END
# A busy machine may need longer than half a second for a completion.
zsh_words() { # LINE WORD
    timeout 20 zsh -f words.zsh "$1" 0.5 >zsh.words
    grep -qxF -e "$2" zsh.words || timeout 20 zsh -f words.zsh "$1" 5 >zsh.words
    cat zsh.words
}
if has_shell zsh; then
    for line in 'c2d-http fe|feedback' 'c2d-http send --jou|--journal' \
        'c2d-http purge --f|--force' 'c2d-http send --ack neg|negative' \
        'c2d-http send -p a=b --prop|--property' 'c2d-http send -f ha|hand.conn' 'c2d-http help sta|status' 'c2d-http completion z|zsh' \
        'c2d-http --tl|--tls-cache' 'c2d-device rec|receive' 'c2d-device poll --format te|text' \
        'c2d-device receive --spo|--spool' 'c2d-device receive -- cat ha|hand.conn'; do
        check "zsh completes '${line%|*}' to ${line#*|}" offers zsh "${line%|*}" "${line#*|}" -
    done
fi
