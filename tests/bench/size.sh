# shellcheck shell=sh
# shellcheck disable=SC2154  # of scripts/bench, which reads this
# The sizes of the programs, for small devices.

heading 'size in bytes, stripped' limit
for program in c2d-device c2d-http libc2d.so; do
	strip -o "$work/stripped" "build/$program"
	row "P7 $program : 192 KiB" "$(wc -c <"$work/stripped")" $((192 * 1024)) 1
done
