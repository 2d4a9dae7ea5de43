#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t apus_clone_sibling(uint64_t flags, int *pidfd) {
  return (pid_t)syscall(SYS_clone, (unsigned long)flags | CLONE_PARENT | CLONE_PIDFD | SIGCHLD, 0, pidfd, 0, 0);
}

long apus_getcwd(char *buffer, size_t size) { return syscall(SYS_getcwd, buffer, size); }

int apus_setrlimit(int resource, uint64_t soft, uint64_t hard) {
  struct {
    uint64_t soft, hard;
  } limit = {soft, hard};
  return (int)syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}

int apus_execveat(int fd, char *const arguments[], char *const environment[]) {
  return (int)syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
}

int64_t apus_file_system_magic(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) < 0 ? -1 : (int64_t)(uint32_t)status.f_type;
}

int apus_memfd_executable(const char *name) {
  // MFD_EXEC, Linux 6.3: with vm.memfd_noexec the default is a file that cannot be executed.
  int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10u);
  if (fd < 0 && errno == EINVAL) fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

int apus_memfd(const char *name) {
  // MFD_NOEXEC_SEAL, Linux 6.3.
  int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | 0x8u);
  if (fd < 0 && errno == EINVAL) fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
  return fd;
}

int apus_pidfd_getfd(int pidfd, int target) { return (int)syscall(SYS_pidfd_getfd, pidfd, target, 0); }

int apus_memfd_seal(int fd) { return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE); }

int apus_set_mempolicy(int mode, const uint64_t *nodes, size_t words) {
  // The kernel leaves the last bit that it is told of out.
  return (int)syscall(SYS_set_mempolicy, mode, words ? nodes : NULL, words ? words * 64 + 1 : 0);
}

int apus_sched_setaffinity(const uint64_t *mask, size_t bytes) {
  return (int)syscall(SYS_sched_setaffinity, 0, bytes, mask);
}
