/* trace.h - runs a program under ptrace and kills it at the entry of its N-th system call. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_TRACE_H
#define BN_TESTS_FAULT_TRACE_H

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_TRACE 1
#endif

/* `become` (in the child) becomes the program. Its calls are counted, over all threads and whatever it starts, from
 * the moment it opens a file with `hold` in its path. It is killed at call `at` (0: never); what it started goes on to
 * its own end. Returns how many calls there were; -1: nothing can be traced here. */
int trace_run(void (*become)(void *payload), void *payload, const char *hold, int at);

#endif
