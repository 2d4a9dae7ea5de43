// Answers to system calls that a filter asks about (seccomp_unotify(2)).
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

int apus_notification_stay_near(int listener) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (uint64_t)SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

int apus_notification_receive(int listener, struct apus_notification *call) {
  // A newer kernel may write more than this header knows.
  static unsigned short size;
  if (!size) {
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) return -1;
    size = sizes.seccomp_notif > sizeof(struct seccomp_notif) ? sizes.seccomp_notif : sizeof(struct seccomp_notif);
  }
  union {
    struct seccomp_notif notification;
    char room[4096];
  } received;
  if (size > sizeof received) {
    errno = EOVERFLOW;
    return -1;
  }
  memset(&received, 0, size);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &received) < 0) return -1;
  call->id = received.notification.id;
  call->pid = (pid_t)received.notification.pid;
  call->architecture = received.notification.data.arch;
  call->number = (uint32_t)received.notification.data.nr;
  memcpy(call->arguments, received.notification.data.args, sizeof call->arguments);
  return 0;
}

int apus_notification_answer(int listener, uint64_t id, int64_t value, int error, unsigned flags) {
  struct seccomp_notif_resp answer = {.id = id, .val = value, .error = -error, .flags = flags};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int apus_notification_is_valid(int listener, uint64_t id) {
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0) return 0;
  // Before Linux 5.17 the number of the request had the wrong direction, which is still taken.
  if (errno != EINVAL && errno != ENOTTY) return -1;
  return ioctl(listener, SECCOMP_IOR(2, uint64_t), &id);
}

ssize_t apus_read_memory(pid_t pid, uint64_t address, void *bytes, size_t size) {
  struct iovec local = {bytes, size}, remote = {(void *)(uintptr_t)address, size};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

ssize_t apus_write_memory(pid_t pid, uint64_t address, const void *bytes, size_t size) {
  struct iovec local = {(void *)bytes, size}, remote = {(void *)(uintptr_t)address, size};
  return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}

int apus_get_limit(pid_t pid, int resource, uint64_t *soft) {
  struct rlimit64 limit;
  if (syscall(SYS_prlimit64, pid, resource, NULL, &limit) < 0) return -1;
  *soft = limit.rlim_cur;
  return 0;
}

int apus_set_soft_limit(pid_t pid, int resource, uint64_t soft) {
  struct rlimit64 limit;
  if (syscall(SYS_prlimit64, pid, resource, NULL, &limit) < 0) return -1;
  limit.rlim_cur = soft;
  return (int)syscall(SYS_prlimit64, pid, resource, &limit, NULL);
}

// With the current directory at /proc/self/fd a descriptor's number is the name of its file.
static const char *name_of(int fd, char *room, size_t size) {
  char digits[12];
  int count = 0;
  unsigned rest = (unsigned)fd;
  do digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  size_t place = 0;
  while (count && place + 1 < size) room[place++] = digits[--count];
  room[place] = 0;
  return room;
}

int apus_set_attribute_here(int fd, const char *name, const void *value, size_t size) {
  char room[16];
  return setxattr(name_of(fd, room, sizeof room), name, value, size, 0);
}

int apus_remove_attribute_here(int fd, const char *name) {
  char room[16];
  return removexattr(name_of(fd, room, sizeof room), name);
}

ssize_t apus_get_attribute_here(int fd, const char *name, void *value, size_t size) {
  char room[16];
  return getxattr(name_of(fd, room, sizeof room), name, value, size);
}
