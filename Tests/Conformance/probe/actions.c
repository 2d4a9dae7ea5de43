#define _GNU_SOURCE
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 8

static long contents(const char *path) {
  static char text[1 << 16];
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return -1;
  ssize_t length = read(file, text, sizeof text);
  int error = errno;
  close(file);
  errno = error;
  if (length < 0) return -1;
  json_bytes("text", text, (unsigned long)length);
  return 0;
}

static long overwrite(const char *path, const char *text, int flags) {
  int file = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
  if (file < 0) return -1;
  ssize_t length = write(file, text, strlen(text));
  int error = errno;
  close(file);
  errno = error;
  return length;
}

static long status(const char *path) {
  struct stat found;
  if (stat(path, &found) < 0) return -1;
  json_number("mode", found.st_mode & 07777);
  json_number("type", found.st_mode & S_IFMT);
  json_number("uid", found.st_uid);
  json_number("gid", found.st_gid);
  json_number("major", major(found.st_rdev));
  json_number("minor", minor(found.st_rdev));
  json_unsigned("device", found.st_dev);
  json_unsigned("inode", found.st_ino);
  return 0;
}

static long file_system(const char *path) {
  struct statfs found;
  if (statfs(path, &found) < 0) return -1;
  json_number("type", found.f_type);
  json_number("flags", found.f_flags);
  json_unsigned("bytes", (unsigned long long)found.f_blocks * (unsigned long long)found.f_bsize);
  return 0;
}

// As sd_notify(3) does.
static long notify(const char *text) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path || strlen(path) >= sizeof address.sun_path) return errno = ENOENT, -1;
  strcpy(address.sun_path, path);
  int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  long sent = sendto(file, text, strlen(text), 0, (struct sockaddr *)&address, sizeof address);
  int error = errno;
  close(file);
  errno = error;
  return sent;
}

static long execute(char **words) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execv(words[0], words);
    _exit(errno == ENOENT ? 127 : 126);
  }
  int result;
  if (child < 0 || waitpid(child, &result, 0) < 0) return -1;
  json_number("status", WIFSIGNALED(result) ? 128 + WTERMSIG(result) : WEXITSTATUS(result));
  return 0;
}

// In a child, because the call may kill.
static long call(char **words, int count) {
  long a[7] = {0};
  for (int i = 0; i < count && i < 7; i++) a[i] = (long)strtoull(words[i], NULL, 0);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int error = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0 ? errno : 0;
    if (write(ends[1], &error, sizeof error) < 0) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  int error = 0, result;
  ssize_t length = read(ends[0], &error, sizeof error);
  close(ends[0]);
  if (child < 0 || waitpid(child, &result, 0) < 0) return -1;
  json_number("signal", WIFSIGNALED(result) ? WTERMSIG(result) : 0);
  if (length != sizeof error) error = 0;
  errno = error;
  return error ? -1 : 0;
}

static long perform(const char *verb, char **w, int count) {
  bool one = count >= 1, two = count >= 2;
  if (!strcmp(verb, "read") && one) return contents(w[0]);
  if (!strcmp(verb, "open") && one) return open(w[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (!strcmp(verb, "openrw") && one) return open(w[0], O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (!strcmp(verb, "write") && two) return overwrite(w[0], w[1], 0);
  if (!strcmp(verb, "create") && one) return overwrite(w[0], two ? w[1] : "", O_CREAT | O_EXCL);
  if (!strcmp(verb, "append") && two) return overwrite(w[0], w[1], O_CREAT | O_APPEND);
  if (!strcmp(verb, "mkdir") && one) return mkdir(w[0], 0755);
  if (!strcmp(verb, "stat") && one) return status(w[0]);
  if (!strcmp(verb, "statfs") && one) return file_system(w[0]);
  if (!strcmp(verb, "notify") && one) return notify(w[0]);
  if (!strcmp(verb, "exec") && one) return execute(w);
  if (!strcmp(verb, "call") && one) return call(w, count);
  if (!strcmp(verb, "mknod") && count >= 3)
    return mknod(w[0], S_IFCHR | 0600, makedev((unsigned)atoi(w[1]), (unsigned)atoi(w[2])));
  if (!strcmp(verb, "bind") && two) return mount(w[0], w[1], NULL, MS_BIND, NULL);
  if (!strcmp(verb, "tmpfs") && one) return mount("none", w[0], "tmpfs", 0, NULL);
  if (!strcmp(verb, "list") && one) {
    report_nodes("nodes", w[0]);
    return 0;
  }
  fprintf(stderr, "probe: there is no action \"%s\" with %d arguments\n", verb, count);
  exit(99);
}

void do_action(const char *text) {
  char copy[8192], *words[MOST + 2] = {0};
  int count = 0;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *word = strtok(copy, " "); word && count <= MOST; word = strtok(NULL, " ")) words[count++] = word;
  json_open(text, '{');
  errno = 0;
  long result = count ? perform(words[0], words + 1, count - 1) : -1;
  json_number("errno", result < 0 ? errno : 0);
  json_close('}');
}
