/* trace.c - see trace.h. */
/* SPDX-License-Identifier: MIT */
#include "tests/fault/trace.h"

#ifdef CAN_TRACE

#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

static bool
opens(pid_t pid, const struct user_regs_struct *regs, const char *hold)
{
	char path[256] = "";
	struct iovec local = {path, sizeof(path) - 1};
	struct iovec remote = {(void *)(uintptr_t)regs->rsi, sizeof(path) - 1};

	if (regs->orig_rax != SYS_openat)
		return false;
	/* It may end at a page that is not there: then less is read. */
	while (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 && remote.iov_len > 16)
		local.iov_len = remote.iov_len = remote.iov_len / 2;
	return strstr(path, hold) != NULL;
}

int
trace_run(void (*become)(void *payload), void *payload, const char *hold, int at)
{
	int count = 0, status, signal;
	bool counting = false;
	pid_t child = fork(), pid;

	assert_true(child >= 0);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(126);
		raise(SIGSTOP);
		become(payload);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSTOPPED(status)) /* a container may forbid it */
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status))
			continue;
		signal = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct __ptrace_syscall_info info;

			if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
			    info.op == PTRACE_SYSCALL_INFO_ENTRY) {
				struct user_regs_struct regs;

				if (!counting && info.entry.nr == SYS_openat &&
				    ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0)
					counting = opens(pid, &regs, hold);
				count += counting;
				if (counting && at > 0 && count == at)
					kill(child, SIGKILL);
			}
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP)
			signal = WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal);
	}
	return count;
}

#endif
