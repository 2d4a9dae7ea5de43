#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netdb.h>
#include <nss.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

int apus_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

pid_t apus_clone3(uint64_t flags, int *pidfd, int cgroup) {
  struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
  if (pidfd) {
    args.flags |= CLONE_PIDFD;
    args.pidfd = (uintptr_t)pidfd;
  }
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (unsigned)cgroup;
  }
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

pid_t apus_clone(uint64_t flags, int *pidfd) {
  unsigned long all = (unsigned long)flags | SIGCHLD;
  if (pidfd) all |= CLONE_PIDFD;
  return (pid_t)syscall(SYS_clone, all, 0, pidfd, 0, 0);
}

int apus_pidfd_open(pid_t pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }

int apus_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

ssize_t apus_getdents(int directory, void *buffer, size_t size) {
  return syscall(SYS_getdents64, directory, buffer, size);
}

int apus_dup3(int source, int target, int flags) { return dup3(source, target, flags); }

int apus_close_range(unsigned first, unsigned last, unsigned flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}

int apus_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int apus_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int apus_umount2(const char *target, int flags) { return (int)syscall(SYS_umount2, target, flags); }

int apus_open_tree(int dirfd, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int apus_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags) {
  return (int)syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags);
}

int apus_fsopen(const char *type, unsigned flags) { return (int)syscall(SYS_fsopen, type, flags); }

int apus_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux) {
  return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

int apus_fsmount(int fd, unsigned flags, unsigned attributes) {
  return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

int apus_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                       uint64_t propagation, int userns_fd) {
  struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
  if (userns_fd >= 0) attr.userns_fd = (uint64_t)userns_fd;
  return (int)syscall(SYS_mount_setattr, dirfd, path, flags, &attr, sizeof attr);
}

int apus_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) < 0) return -1;
  *effective = data[0].effective | ((uint64_t)data[1].effective << 32);
  *permitted = data[0].permitted | ((uint64_t)data[1].permitted << 32);
  *inheritable = data[0].inheritable | ((uint64_t)data[1].inheritable << 32);
  return 0;
}

int apus_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  return (int)syscall(SYS_capset, &header, data);
}

int apus_seccomp_load(const void *instructions, unsigned short count, unsigned flags) {
  struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

#define APUS_MAX_FDS 16

ssize_t apus_send_fds(int socket, const void *data, size_t length, const int *fds, int count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * APUS_MAX_FDS)];
  } control;
  if (count < 0 || count > APUS_MAX_FDS) {
    errno = EINVAL;
    return -1;
  }
  struct iovec vector = {.iov_base = (void *)data, .iov_len = length};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t apus_recv_fds(int socket, void *data, size_t length, int *fds, int *count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * APUS_MAX_FDS)];
  } control;
  struct iovec vector = {.iov_base = data, .iov_len = length};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  int room = *count;
  *count = 0;
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return got;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int received = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    int *list = (int *)CMSG_DATA(header);
    for (int i = 0; i < received; i++) {
      if (*count < room)
        fds[(*count)++] = list[i];
      else
        close(list[i]);
    }
  }
  return got;
}

int apus_interface_up(const char *name) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  int result = ioctl(fd, SIOCGIFFLAGS, &request);
  if (result == 0) {
    request.ifr_flags |= IFF_UP;
    result = ioctl(fd, SIOCSIFFLAGS, &request);
  }
  int saved = errno;
  close(fd);
  errno = saved;
  return result;
}

int apus_open(int dirfd, const char *path, int flags, unsigned mode) { return openat(dirfd, path, flags, mode); }
int apus_fcntl_get(int fd, int command) { return fcntl(fd, command); }
int apus_fcntl_set(int fd, int command, int argument) { return fcntl(fd, command, argument); }
int apus_ioctl(int fd, unsigned long request, unsigned long argument) { return ioctl(fd, request, argument); }
int apus_ioctl_pointer(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }
int apus_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  return prctl(option, a, b, c, d);
}
// KEYCTL_JOIN_SESSION_KEYRING is 1 (keyctl(2)).
long apus_keyctl_join_session(const char *name) { return syscall(SYS_keyctl, 1, name, 0, 0, 0); }
long apus_personality(unsigned long persona) { return personality(persona); }
int apus_ioprio_set(int which, int who, int value) { return (int)syscall(SYS_ioprio_set, which, who, value); }

int apus_sched_setattr(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                       uint64_t runtime, uint64_t deadline, uint64_t period) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attr = {48, policy, flags, nice, priority, runtime, deadline, period};
  return (int)syscall(SYS_sched_setattr, pid, &attr, 0);
}

ssize_t apus_getrandom(void *buffer, size_t length) { return getrandom(buffer, length, 0); }
int apus_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

ssize_t apus_splice(int from, int to, size_t length) {
  return splice(from, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

int apus_set_pipe_size(int pipe, int bytes) { return fcntl(pipe, F_SETPIPE_SZ, bytes); }

int apus_renameat2(int olddir, const char *old, int newdir, const char *new_, unsigned flags) {
  return (int)syscall(SYS_renameat2, olddir, old, newdir, new_, flags);
}

void apus_configure_name_service(void) {
  __nss_configure_lookup("hosts", "files dns");
  __nss_configure_lookup("passwd", "files");
  __nss_configure_lookup("group", "files");
  __nss_configure_lookup("services", "files");
  __nss_configure_lookup("protocols", "files");
}

unsigned apus_major(dev_t device) { return major(device); }
unsigned apus_minor(dev_t device) { return minor(device); }
dev_t apus_makedev(unsigned major_number, unsigned minor_number) { return makedev(major_number, minor_number); }

int apus_w_exited(int status) { return WIFEXITED(status); }
int apus_w_exit_status(int status) { return WEXITSTATUS(status); }
int apus_w_term_signal(int status) { return WTERMSIG(status); }
