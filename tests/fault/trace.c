/* trace.c - see trace.h. */
/* SPDX-License-Identifier: MIT
 *
 * Up to the moment from which on calls are counted only the openat()s stop, by a seccomp filter: most of a run comes
 * before it, and a stop costs more than most calls do. From then on every call stops. */
#include "tests/fault/trace.h"

#ifdef CAN_TRACE

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum {
	TRACEES_MAX = 256,
	FORBIDDEN = 126,
	LIMIT = 300 /* s for one run; who waits longer waits for ever */
};

struct tracee {
	pid_t pid;
	bool left; /* its call before this one may have left something */
};

struct tracer {
	const char *hold;
	pid_t child;
	struct tracee all[TRACEES_MAX];
	int tracees, at;
	struct trace_count count;
	bool every, counting;
};

/* Calls that leave nothing behind when the program is killed: they read, or are about its own memory, signals, locks
 * and descriptors, which go with it. Whatever is not listed counts as one that does. */
static const short leave_nothing[] = {
    SYS_read,
    SYS_pread64,
    SYS_readv,
    SYS_preadv,
    SYS_lseek,
    SYS_stat,
    SYS_fstat,
    SYS_lstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlink,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_statfs,
    SYS_fstatfs,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_poll,
    SYS_ppoll,
    SYS_select,
    SYS_pselect6,
    SYS_epoll_wait,
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_getrandom,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_prlimit64,
    SYS_arch_prctl,
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_fcntl,
    SYS_socket,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_restart_syscall,
    SYS_sched_getaffinity,
};

static bool
leaves_something(const struct __ptrace_syscall_info *info)
{
	/* Opened to be read, and not made. */
	if (info->entry.nr == SYS_openat)
		return (info->entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
	for (size_t i = 0; i < sizeof(leave_nothing) / sizeof(leave_nothing[0]); i++)
		if (info->entry.nr == (uint64_t)leave_nothing[i])
			return false;
	return true;
}

/* In the child. False: it may not. */
static bool
stop_at_openat(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool
opens(pid_t pid, const char *hold)
{
	char path[256] = "";
	struct iovec local = {path, sizeof(path) - 1}, remote;
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0 || regs.orig_rax != SYS_openat)
		return false;
	remote = (struct iovec){(void *)(uintptr_t)regs.rsi, sizeof(path) - 1};
	/* It may end at a page that is not there: then less is read. */
	while (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 && remote.iov_len > 16)
		local.iov_len = remote.iov_len = remote.iov_len / 2;
	return strstr(path, hold) != NULL;
}

static struct tracee *
meet(struct tracer *t, pid_t pid)
{
	for (int i = 0; i < t->tracees; i++)
		if (t->all[i].pid == pid)
			return &t->all[i];
	assert_true(t->tracees < TRACEES_MAX);
	t->all[t->tracees] = (struct tracee){.pid = pid};
	return &t->all[t->tracees++];
}

static void
forget(struct tracer *t, pid_t pid)
{
	for (int i = 0; i < t->tracees; i++)
		if (t->all[i].pid == pid) {
			t->all[i] = t->all[--t->tracees];
			return;
		}
}

static void
count_boundary(struct tracer *t)
{
	if (++t->count.boundaries == t->at)
		kill(t->child, SIGKILL);
}

static void
count_call(struct tracer *t, struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	t->count.calls++;
	if (t->every || tracee->left)
		count_boundary(t);
	tracee->left = leaves_something(info);
}

/* The others run freely until this reaches them; when they go on, each of their calls stops as well. */
static void
begin_counting(struct tracer *t, struct tracee *tracee)
{
	t->counting = true;
	t->count.calls++;
	count_boundary(t);
	for (int i = 0; i < t->tracees; i++) {
		t->all[i].left = true; /* it has made the file; of the others nobody knows */
		if (t->all[i].pid != tracee->pid)
			syscall(SYS_tkill, t->all[i].pid, SIGSTOP);
	}
}

/* What one stop was for. Returns the signal that goes on to the program. */
static int
look_at_stop(struct tracer *t, struct tracee *tracee, int status)
{
	struct __ptrace_syscall_info info;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY)
			count_call(t, tracee, &info);
		return 0;
	}
	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
		if (!t->counting && opens(tracee->pid, t->hold))
			begin_counting(t, tracee);
		return 0;
	}
	return WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP ? WSTOPSIG(status) : 0;
}

static bool
is_over(const struct tracer *t)
{
	return t->at > 0 && t->count.boundaries >= t->at;
}

/* In the child. */
static void
begin(void (*become)(void *payload), void *payload)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(FORBIDDEN);
	raise(SIGSTOP);
	if (!stop_at_openat())
		_exit(FORBIDDEN);
	become(payload);
	_exit(127);
}

struct trace_count
trace_run(void (*become)(void *payload), void *payload, const char *hold, int at)
{
	static const struct trace_count forbidden = {-1, -1};
	struct tracer t = {
	    .hold = hold, .at = at, .every = getenv("BN_KILL_CALLS") != NULL, .child = fork()};
	struct tracee *tracee;
	int status, signal;
	pid_t pid;

	assert_true(t.child >= 0);
	if (t.child == 0)
		begin(become, payload);
	assert_int_equal(waitpid(t.child, &status, 0), t.child);
	if (!WIFSTOPPED(status)) /* a container may forbid it */
		return forbidden;
	ptrace(PTRACE_SETOPTIONS, t.child, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
		   PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, t.child, NULL, NULL);
	alarm(LIMIT);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			forget(&t, pid);
			if (pid == t.child && WIFEXITED(status) && WEXITSTATUS(status) == FORBIDDEN)
				t.count = forbidden;
			continue;
		}
		tracee = meet(&t, pid);
		signal = look_at_stop(&t, tracee, status);
		ptrace(t.counting && !is_over(&t) ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL,
		       (void *)(intptr_t)signal);
	}
	alarm(0);
	return t.count;
}

#endif
