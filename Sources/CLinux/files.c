#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#endif

struct apus_xattr_args {
  uint64_t value;
  uint32_t size;
  uint32_t flags;
};

// Before Linux 6.13: a descriptor of the name itself, and the way to its inode through /proc.
struct by_proc {
  int fd;
  char path[sizeof "/proc/self/fd/" + 12];
};

static int open_by_proc(struct by_proc *link, int dirfd, const char *path) {
  link->fd = openat(dirfd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (link->fd < 0) return -1;
  snprintf(link->path, sizeof link->path, "/proc/self/fd/%d", link->fd);
  return 0;
}

static ssize_t close_by_proc(struct by_proc *link, ssize_t result) {
  // Without /proc there is no way to the attributes.
  int saved = errno == ENOENT ? EOPNOTSUPP : errno;
  close(link->fd);
  errno = saved;
  return result;
}

int apus_setxattrat(int dirfd, const char *path, const char *name, const void *value, size_t size) {
  struct apus_xattr_args args = {(uint64_t)(uintptr_t)value, (uint32_t)size, 0};
  long done = syscall(SYS_setxattrat, dirfd, path, AT_SYMLINK_NOFOLLOW, name, &args, sizeof args);
  if (done >= 0 || errno != ENOSYS) return (int)done;
  struct by_proc link;
  if (open_by_proc(&link, dirfd, path) < 0) return -1;
  return (int)close_by_proc(&link, setxattr(link.path, name, value, size, 0));
}

ssize_t apus_getxattrat(int dirfd, const char *path, const char *name, void *value, size_t size) {
  struct apus_xattr_args args = {(uint64_t)(uintptr_t)value, (uint32_t)size, 0};
  ssize_t got = syscall(SYS_getxattrat, dirfd, path, AT_SYMLINK_NOFOLLOW, name, &args, sizeof args);
  if (got >= 0 || errno != ENOSYS) return got;
  struct by_proc link;
  if (open_by_proc(&link, dirfd, path) < 0) return -1;
  return close_by_proc(&link, getxattr(link.path, name, value, size));
}

ssize_t apus_listxattrat(int dirfd, const char *path, char *names, size_t size) {
  ssize_t got = syscall(SYS_listxattrat, dirfd, path, AT_SYMLINK_NOFOLLOW, names, size);
  if (got >= 0 || errno != ENOSYS) return got;
  struct by_proc link;
  if (open_by_proc(&link, dirfd, path) < 0) return -1;
  return close_by_proc(&link, listxattr(link.path, names, size));
}

int apus_fsetxattr(int fd, const char *name, const void *value, size_t size) {
  return fsetxattr(fd, name, value, size, 0);
}

int apus_fremovexattr(int fd, const char *name) { return fremovexattr(fd, name); }

ssize_t apus_fgetxattr(int fd, const char *name, void *value, size_t size) {
  return fgetxattr(fd, name, value, size);
}

ssize_t apus_flistxattr(int fd, char *names, size_t size) { return flistxattr(fd, names, size); }

int apus_syncfs(int fd) { return syncfs(fd); }

int apus_clone_file(int source, int target) { return ioctl(target, FICLONE, source); }

ssize_t apus_copy_file_range(int source, int64_t *source_offset, int target, int64_t *target_offset,
                             size_t length) {
  loff_t from = *source_offset, to = *target_offset;
  ssize_t copied = copy_file_range(source, &from, target, &to, length, 0);
  *source_offset = from;
  *target_offset = to;
  return copied;
}

int64_t apus_seek_data(int fd, int64_t offset) { return lseek(fd, offset, SEEK_DATA); }

int64_t apus_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, SEEK_HOLE); }
