/* trace.h - runs a program under ptrace and kills it at the entry of its N-th system call. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_TRACE_H
#define BN_TESTS_FAULT_TRACE_H

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_TRACE 1
#endif

/* Of calls, over all threads and whatever the program starts. */
struct trace_count {
	int calls;	/* -1: nothing can be traced here */
	int boundaries; /* those of them that a kill is counted by, below */
};

/* `become` (in the child) becomes the program. It is watched from the moment it opens a file with `hold` in its path,
 * which is the first boundary. Each entry of a call that follows, in its thread, one that may leave something behind
 * (a write, a request, a process) is a boundary: killed at any other call the program leaves what it would have left at
 * the boundary before. (What databases keep in shared memory is made anew by whoever opens them next.) With
 * BN_KILL_CALLS in the environment every call is one. The program is killed at boundary `at` (0: never; it was, when as
 * many were counted); what it started goes on to its own end. */
struct trace_count trace_run(void (*become)(void *payload), void *payload, const char *hold,
			     int at);

#endif
