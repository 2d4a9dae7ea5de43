// Preloaded into crun where root lacks CAP_SYS_RESOURCE, as in many containers: it insists on a higher RLIMIT_MEMLOCK
// for its device program, which kernels since 5.11 account elsewhere. Without this, crun starts nothing there, and would
// be no control. Every other limit goes to the kernel.
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
  if (resource == RLIMIT_MEMLOCK && limit->rlim_max == RLIM_INFINITY) return 0;
  return (int)syscall(SYS_prlimit64, 0, resource, limit, 0);
}
