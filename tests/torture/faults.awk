# The table of faults: the errors of each call, and the documented exit codes with which c2d-device
# may then end. A library that makes the call may not report which call failed.
#
#     awk -v way=WAY -f faults.awk       lines "CALL N" become cases: the N-th call fails
#     awk -v codes=1 -f faults.awk       each case gets its codes in front: "71,74 fail stdout ..."

function row(calls, errors, codes,    call, error, i, j) {
	for (i = split(calls, call); i > 0; i--) {
		for (j = split(errors, error); j > 0; j--)
			allowed[call[i] " " error[j]] = codes
		errors_of[call[i]] = errors_of[call[i]] " " errors
	}
}

BEGIN {
	row("kill", "SIGKILL", "137")
	row("network", "notify close reset", "0,20")
	row("network", "delay", "0")
	# A flipped byte may lead to an unknown message, a refusal, an invalid HTTP version, another
	# lock token or an endless response.
	row("network", "flip-low flip-high", "0,13,14,18,20,23,24,77")

	row("own-memory", "ENOMEM", "0,71,73,74")
	row("all-memory mmap brk mprotect", "ENOMEM", "0,18,20,21,24,71,73,74,78")
	# A lasting lack of memory is reported as such. For a header, libcurl reports the same error as
	# for an endless one. If libcurl retries until the time-out, only the text names the memory.
	# While it reads the trust store, OpenSSL may record another error than the lack of memory.
	allowed["all-memory ENOMEM lasting"] = "0,18,24,71,73,74,78"
	row("write", "ENOSPC EIO", "71,74")
	row("write", "EINTR", "0")
	row("fsync fdatasync", "EIO ENOSPC", "73,74")
	row("ftruncate", "EIO EINTR", "74")
	row("rename renameat renameat2 link linkat", "EIO ENOSPC", "74")
	row("unlink unlinkat ioctl", "EIO", "0,73,74")
	row("mkdir mkdirat", "EACCES ENOSPC", "0,73")
	row("open openat", "EMFILE ENOSPC EACCES", "0,21,22,71,73,74,78")
	row("read pread64", "EIO EINTR", "0,21,22,71,73,74,78")
	row("stat fstat lstat newfstatat statx getdents64", "EIO", "0,21,22,71,73,74,78")
	row("lseek", "EIO", "0,71,74")
	row("fork vfork clone clone3", "EAGAIN ENOMEM", "71")
	row("memfd_create", "EMFILE ENOMEM", "71")
	row("pipe2", "EMFILE", "71")
	row("fcntl", "ENOLCK EINTR", "0,18,20,71,73,74")
	row("poll ppoll", "ENOMEM EINTR", "0,18,20,71,74")
	row("close prlimit64 prctl", "EIO", "0")
	row("wait4", "EINTR", "0")
	row("pidfd_open", "EMFILE ENOSYS", "0")
	row("socketpair", "EMFILE", "0,71")
	row("socket", "EMFILE EAFNOSUPPORT", "0,18,20,73")
	row("bind", "EADDRINUSE EACCES", "0,18,20,73")
	row("listen", "ENOBUFS", "73")
	row("connect", "ECONNREFUSED ENETUNREACH", "0,18,20")
	row("sendto", "ECONNRESET ENOBUFS", "0,18,20,21")
	row("recvfrom", "ECONNRESET EINTR", "0,18,20,21")
	row("getsockopt setsockopt getsockname getpeername", "ENOBUFS", "0,18,20")
	row("getrandom", "ENOSYS", "0,18,20,71")
}

function put(call, n, error) {
	print "fail", way, call, n, error, "once"
	# These never last: the program repeats the call.
	if (error != "EINTR" && error != "EAGAIN")
		print "fail", way, call, n, error, "lasting"
}

codes {
	fault = $1 == "kill" ? "kill SIGKILL" : $1 == "network" ? "network " $5 : $3 " " $5
	codes_of = fault " " $6 in allowed ? allowed[fault " " $6] : allowed[fault]
	if ($2 == "failing")
		codes_of = codes_of ",0,22"
	# The first write is the warning about the torn record.
	if ($2 == "output" && $3 == "write" && $4 == 1 && $6 == "once")
		codes_of = codes_of ",0"
	print codes_of, $0
	next
}
$1 ~ /-memory$/ {
	for (n = 1; n <= $2; n++)
		put($1, n, "ENOMEM")
	next
}
{
	count = split(errors_of[$1], error)
	for (i = 1; i <= count; i++)
		put($1, $2, error[i])
}
