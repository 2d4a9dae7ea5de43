#define _GNU_SOURCE
#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void report_descriptors(void) {
  json_open("descriptors", '{');
  for (int i = 0; i < 4096; i++) {
    if (fcntl(i, F_GETFD) < 0) continue;
    char link[64], target[4096], number[16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", i);
    snprintf(number, sizeof number, "%d", i);
    ssize_t length = readlink(link, target, sizeof target - 1);
    json_bytes(number, target, length < 0 ? 0 : (unsigned long)length);
  }
  json_close('}');
}

void report_terminal(void) {
  json_open("terminal", '{');
  json_open("isTerminal", '[');
  for (int i = 0; i < 3; i++) json_bool(NULL, isatty(i));
  json_close(']');
  struct winsize size = {0};
  ioctl(0, TIOCGWINSZ, &size);
  json_number("height", size.ws_row);
  json_number("width", size.ws_col);
  char *name = ttyname(0);
  json_text("name", name ? name : "");
  int tty = open("/dev/tty", O_RDWR | O_NOCTTY);
  json_number("controlling", tty < 0 ? errno : 0);
  if (tty >= 0) {
    json_number("foreground", tcgetpgrp(tty));
    close(tty);
  }
  json_close('}');
}

static void file(const char *name, const char *path) {
  static char text[1 << 18];
  unsigned long length = 0;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) {
    ssize_t count;
    while (length < sizeof text && (count = read(descriptor, text + length, sizeof text - length)) > 0)
      length += (unsigned long)count;
    close(descriptor);
  }
  json_bytes(name, text, length);
}

void report_kernel_files(void) {
  json_open("files", '{');
  static const char *names[] = {"mountinfo", "uid_map", "gid_map", "setgroups", "timens_offsets", "cgroup",
                                "oom_score_adj"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/%s", names[i]);
    file(names[i], path);
  }
  json_close('}');
  static const char *kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
  json_open("namespaces", '{');
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
    json_unsigned(kinds[i], stat(path, &status) < 0 ? 0 : status.st_ino);
  }
  json_close('}');
}

void report_nodes(const char *name, const char *directory) {
  json_open(name, '{');
  DIR *folder = opendir(directory);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    struct stat status;
    if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
    json_open(entry->d_name, '{');
    const char *type = S_ISCHR(status.st_mode)    ? "c"
                       : S_ISBLK(status.st_mode)  ? "b"
                       : S_ISFIFO(status.st_mode) ? "p"
                       : S_ISDIR(status.st_mode)  ? "d"
                       : S_ISLNK(status.st_mode)  ? "l"
                                                  : "f";
    json_text("type", type);
    json_number("mode", status.st_mode & 07777);
    json_number("uid", status.st_uid);
    json_number("gid", status.st_gid);
    json_number("major", major(status.st_rdev));
    json_number("minor", minor(status.st_rdev));
    if (S_ISLNK(status.st_mode)) {
      char target[4096];
      ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target);
      json_bytes("target", target, length < 0 ? 0 : (unsigned long)length);
    }
    json_close('}');
  }
  if (folder) closedir(folder);
  json_close('}');
}
