#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t apus_fork(void) { return fork(); }

void apus_set_mapping_threshold(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

int apus_unshare(uint64_t flags) { return unshare((int)flags); }

int apus_setns(int fd, int kinds) { return setns(fd, kinds); }

int apus_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int apus_signalfd_blocking(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int apus_signalfd_next(int fd) {
  struct signalfd_siginfo info;
  ssize_t got = read(fd, &info, sizeof info);
  return got == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int apus_signalfd_next_from(int fd, pid_t *sender) {
  struct signalfd_siginfo info;
  ssize_t got = read(fd, &info, sizeof info);
  if (got != (ssize_t)sizeof info) return 0;
  *sender = (pid_t)info.ssi_pid;
  return (int)info.ssi_signo;
}

int apus_signal_wait(const int *signals, int count, int seconds) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  struct timespec limit = {.tv_sec = seconds};
  return sigtimedwait(&set, NULL, &limit);
}

// Signals whose action may be another than the default: all, until it is known which. It only loses bits by a look at the
// process; a child that shares this memory has actions of its own.
static uint64_t changed_signals = ~UINT64_C(0);

static uint64_t signal_bit(int signal) { return UINT64_C(1) << (signal - 1); }

void apus_signals_reset(void) {
  // The kernel's own structure, all zero: the default action. By system call, because the C library keeps two
  // signals for itself and refuses to change them; the two that nobody can change fail, which is no harm.
  const unsigned long action[4] = {0};
  const uint64_t changed = __atomic_load_n(&changed_signals, __ATOMIC_RELAXED);
  for (int signal = 1; signal < _NSIG; signal++)
    if (changed & signal_bit(signal)) syscall(SYS_rt_sigaction, signal, action, NULL, _NSIG / 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void apus_signals_look(void) {
  uint64_t changed = 0;
  for (int signal = 1; signal < _NSIG; signal++) {
    // The kernel's own structure: the action comes first, 0 is the default. What cannot be told counts as changed.
    unsigned long action[4] = {1};
    syscall(SYS_rt_sigaction, signal, NULL, action, _NSIG / 8);
    if (action[0]) changed |= signal_bit(signal);
  }
  __atomic_store_n(&changed_signals, changed, __ATOMIC_RELAXED);
}

void apus_signal_set(int number, void (*handler)(int)) {
  __atomic_fetch_or(&changed_signals, signal_bit(number), __ATOMIC_RELAXED);
  signal(number, handler);
}

void apus_signal_ignore(int number) { apus_signal_set(number, SIG_IGN); }

int apus_setresuid(uid_t real, uid_t effective, uid_t saved) {
  return (int)syscall(SYS_setresuid, real, effective, saved);
}

int apus_setresgid(gid_t real, gid_t effective, gid_t saved) {
  return (int)syscall(SYS_setresgid, real, effective, saved);
}

int apus_setgroups(size_t count, const gid_t *groups) { return (int)syscall(SYS_setgroups, count, groups); }
