// The directories, a network namespace and a root file system that are made while their caller works out what else a container needs.
#define _GNU_SOURCE
#include "CLinux.h"
#include "loopback.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// One in a process: the stack is in use until the other has ended.
static char stack[16384] __attribute__((aligned(16)));

// One packet with `kind` and a descriptor; -1: with `kind` alone.
static void tell(int socket, unsigned char kind, int descriptor) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  control.head.cmsg_len = CMSG_LEN(sizeof(int));
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = SCM_RIGHTS;
  *(int *)(void *)CMSG_DATA(&control.head) = descriptor;
  struct iovec part;
  part.iov_base = &kind;
  part.iov_len = 1;
  struct msghdr message;
  message.msg_name = 0;
  message.msg_namelen = 0;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = descriptor < 0 ? 0 : &control;
  message.msg_controllen = descriptor < 0 ? 0 : sizeof control.room;
  message.msg_flags = 0;
  call4(SYS_sendmsg, socket, (long)&message, MSG_NOSIGNAL, 0);
}

// The processors that the caller may use; the size in bytes, 0 where that is not known.
static unsigned long affinity[64];
static long affinity_size;

static void make_first_directories(const struct apus_preparation *wanted) {
  call4(SYS_umask, 0, 0, 0, 0);
  for (int place = 0; place < 2; place++)
    call4(SYS_mkdirat, AT_FDCWD, (long)wanted->directories[place].path, wanted->directories[place].mode, 0);
}

// Has the directory for what is written look like the image's root directory.
static long copy_looks(const struct apus_root_request *wanted) {
  struct stat looks;
  long status = call4(SYS_newfstatat, AT_FDCWD, (long)wanted->pattern, (long)&looks, 0);
  if (status < 0) return status;
  if (looks.st_uid != 0 || looks.st_gid != 0) {
    status = call5(SYS_fchownat, AT_FDCWD, (long)wanted->upper, looks.st_uid, looks.st_gid, 0);
    if (status < 0) return status;
  }
  if ((looks.st_mode & 07777) != 0755) {
    status = call4(SYS_fchmodat, AT_FDCWD, (long)wanted->upper, looks.st_mode & 07777, 0);
    if (status < 0) return status;
  }
  struct timespec times[2];
  times[0] = looks.st_atim;
  times[1] = looks.st_mtim;
  return call4(SYS_utimensat, AT_FDCWD, (long)wanted->upper, (long)times, 0);
}

// The directory for what is written, and the kernel's own.
static long make_directories(const struct apus_root_request *wanted) {
  call4(SYS_umask, 0022, 0, 0, 0);
  long status = call4(SYS_mkdirat, AT_FDCWD, (long)wanted->upper, 0755, 0);
  if (status >= 0) status = copy_looks(wanted);
  if (status < 0) return status;
  return call4(SYS_mkdirat, AT_FDCWD, (long)wanted->work, 0700, 0);
}

static long set(long context, const char *key, const char *value) {
  return call5(SYS_fsconfig, context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, (long)key, (long)value, 0);
}

// As Overlay.mount of Linux/Mount does it.
static long mount_overlay(const struct apus_root_request *wanted) {
  long context = call4(SYS_fsopen, (long)"overlay", FSOPEN_CLOEXEC, 0, 0);
  if (context < 0) return context;
  long status = 0;
  for (int place = 0; status >= 0 && place < wanted->lower_count; place++)
    status = set(context, "lowerdir+", wanted->lowers[place]);
  if (status >= 0) status = set(context, "userxattr", 0);
  if (status >= 0 && wanted->is_volatile) status = set(context, "volatile", 0);
  if (status >= 0) status = set(context, "upperdir", wanted->upper_option);
  if (status >= 0) status = set(context, "workdir", wanted->work_option);
  if (status >= 0) status = call5(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
  if (status >= 0) status = call4(SYS_fsmount, context, FSMOUNT_CLOEXEC, wanted->attributes, 0);
  call4(SYS_close, context, 0, 0, 0);
  return status;
}

// Waits for what the caller wants of a root file system; NULL: nothing.
static const struct apus_root_request *await_root(struct apus_preparation *wanted) {
  // A caller that ends before it has said anything says nothing any more. Whatever has been begun is brought to its end.
  call4(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
  if (call4(SYS_getppid, 0, 0, 0, 0) != wanted->caller) return 0;
  while (!__atomic_load_n(&wanted->is_told, __ATOMIC_ACQUIRE))
    call4(SYS_futex, (long)&wanted->is_told, FUTEX_WAIT_PRIVATE, 0, 0);
  call4(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0);
  return wanted->root;
}

// Its memory and descriptors are the caller's, so nothing here may touch what a C library keeps for a thread. What fails is made
// again by who hears of it, and says why.
static int prepare(void *argument) {
  struct apus_preparation *wanted = argument;
  // It is there now, and may be wanted somewhere else before long.
  if (affinity_size > 0) call4(SYS_sched_setaffinity, 0, affinity_size, (long)affinity, 0);
  make_first_directories(wanted);
  tell(wanted->socket, APUS_PREPARED_DIRECTORIES, -1);
  long flags = wanted->makes_network ? CLONE_NEWNET : 0;
  if (wanted->user >= 0) {
    if (call4(SYS_setns, wanted->user, CLONE_NEWUSER, 0, 0) < 0) return 0;
    // Who mounts has to be in a mount namespace of this user namespace's.
    flags |= CLONE_NEWNS;
  }
  if (flags && call4(SYS_unshare, flags, 0, 0, 0) < 0) return 0;
  if (wanted->makes_network) {
    long network = loopback_up();
    if (network < 0) return 0;
    tell(wanted->socket, APUS_PREPARED_NETWORK, (int)network);
    call4(SYS_close, network, 0, 0, 0);
  }
  const struct apus_root_request *root_wanted = await_root(wanted);
  if (!root_wanted || make_directories(root_wanted) < 0) return 0;
  long root = mount_overlay(root_wanted);
  if (root < 0) return 0;
  tell(wanted->socket, APUS_PREPARED_ROOT, (int)root);
  call4(SYS_close, root, 0, 0, 0);
  return 0;
}

// Has `process`, which has not run yet, begin on another processor than its caller's, where there is one: kernels that leave the
// others asleep as long as they can would have it wait until the caller sleeps.
static void send_elsewhere(pid_t process) {
  unsigned long mask[64];
  unsigned here;
  long bytes = affinity_size;
  if (bytes <= 0 || getcpu(&here, NULL) != 0 || here >= (unsigned long)bytes * 8) return;
  memcpy(mask, affinity, (size_t)bytes);
  mask[here / (8 * sizeof *mask)] &= ~(1ul << here % (8 * sizeof *mask));
  // Refused where no other is left.
  call4(SYS_sched_setaffinity, process, bytes, (long)mask, 0);
}

pid_t apus_prepare(struct apus_preparation *wanted, int *pidfd) {
  wanted->caller = getpid();
  affinity_size = call4(SYS_sched_getaffinity, 0, sizeof affinity, (long)affinity, 0);
  // What stops or ends its caller, from a terminal say, would leave whoever takes the parts waiting, or with half of one.
  sigset_t all, former;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &former);
  pid_t process = clone(prepare, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD, wanted, pidfd);
  int failure = errno;
  sigprocmask(SIG_SETMASK, &former, NULL);
  if (process > 0) send_elsewhere(process);
  errno = failure;
  return process;
}

void apus_prepare_root(struct apus_preparation *wanted, const struct apus_root_request *root) {
  wanted->root = root;
  __atomic_store_n(&wanted->is_told, 1, __ATOMIC_RELEASE);
  call4(SYS_futex, (long)&wanted->is_told, FUTEX_WAKE_PRIVATE, 1, 0);
}
