// What the tests of escapes run in containers, and what stands in for a runtime without the guard (Tests/IntegrationTests/
// Escapes says which is which). Static; every mode prints one line that says how far it came.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

// swap A B: exchanges two names as fast as it can, until it is killed.
static int swap(const char *a, const char *b) {
  for (;;)
    if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */) < 0) return fail("renameat2");
}

// permitted: prints the permitted set as hexadecimal digits.
static int permitted(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  if (syscall(SYS_capget, &header, data) < 0) return fail("capget");
  printf("%08x%08x\n", data[1].permitted, data[0].permitted);
  return 0;
}

// inheritable DIRECTORY [raise]: copies itself there as a file with inheritable capabilities, and executes it as the user
// 1000. With "raise" it has put capabilities into its own inheritable set before, as engines once did for it.
static int inheritable(const char *directory, int raises) {
  char path[512];
  snprintf(path, sizeof path, "%s/program", directory);
  int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  struct stat status;
  if (in < 0 || out < 0 || fstat(in, &status) < 0 || sendfile(out, in, NULL, (size_t)status.st_size) < 0) return fail(path);
  close(out);
  close(in);
  struct vfs_cap_data file = {0};
  file.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  file.data[0].inheritable = 0xffffffff;
  file.data[1].inheritable = 0xffffffff;
  if (setxattr(path, "security.capability", &file, XATTR_CAPS_SZ_2, 0) < 0) return fail("setxattr");
  if (raises) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data) < 0) return fail("capget");
    for (int i = 0; i < 2; i++) data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) < 0) return fail("capset");
  }
  if (setgid(1000) < 0 || setuid(1000) < 0) return fail("setuid");
  execl(path, "program", "permitted", NULL);
  return fail(path);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Whether the file behind the descriptor can be written to: its first byte is, as it was. A sealed file in memory can be
// opened for that, and refuses the write.
static int writable(int descriptor) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  char byte;
  int again = open(path, O_WRONLY);
  if (again < 0 || pread(descriptor, &byte, 1, 0) != 1) return 0;
  int written = pwrite(again, &byte, 1, 0) == 1, reason = errno;
  close(again);
  errno = reason;
  return written;
}

// Whether two paths lead to one file.
static int same(const char *a, const char *b) {
  struct stat one, two;
  return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

// overwrite NAME SECONDS: looks for a process that executes something called NAME ("*": any but the attacker's own), keeps
// its executable open, and tries to open it for writing, during its life and after it.
static int overwrite(const char *name, int seconds) {
  int held = -1, refusal = 0;
  printf("ready\n");
  fflush(stdout);
  for (double end = now() + seconds; now() < end;) {
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; held < 0 && folder && (entry = readdir(folder));) {
      if (atoi(entry->d_name) <= 0 || atoi(entry->d_name) == getpid()) continue;
      char path[300], target[512];
      snprintf(path, sizeof path, "/proc/%s/exe", entry->d_name);
      ssize_t length = readlink(path, target, sizeof target - 1);
      if (length < 0) continue;
      target[length] = 0;
      if (*name == '*' ? same(path, "/proc/self/exe") : !strstr(target, name)) continue;
      held = open(path, O_RDONLY);
      printf("holding\n");
      fflush(stdout);
    }
    if (folder) closedir(folder);
    if (held >= 0 && writable(held)) {
      printf("overwritten\n");
      return 0;
    }
    if (held >= 0) refusal = errno;
  }
  printf("%s: %s\n", held < 0 ? "not seen" : "held", strerror(refusal));
  return 0;
}

// spy NAME SECONDS: looks at every other process as it appears: a file called NAME below a directory that it has open, its
// memory, and whether it can be traced.
static int spy(const char *name, int seconds) {
  printf("ready\n");
  fflush(stdout);
  for (double end = now() + seconds; now() < end;) {
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
      int pid = atoi(entry->d_name);
      if (pid <= 0 || pid == getpid()) continue;
      char path[600], exe[512] = "";
      for (int i = 3; i < 64; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d/%s", pid, i, name);
        if (access(path, F_OK) == 0) {
          printf("reached descriptor %d\n", i);
          return 0;
        }
      }
      // What the container may execute itself is its own to look into.
      snprintf(path, sizeof path, "/proc/%d/exe", pid);
      ssize_t length = readlink(path, exe, sizeof exe - 1);
      if (length < 0) continue;
      if (!strstr(exe, "/apus")) continue;
      snprintf(path, sizeof path, "/proc/%d/mem", pid);
      int memory = open(path, O_RDONLY);
      if (memory >= 0 || ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
        printf("reached memory of %s\n", exe);
        return 0;
      }
    }
    if (folder) closedir(folder);
  }
  printf("nothing\n");
  return 0;
}

static socklen_t abstract(struct sockaddr_un *address, const char *name) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path + 1, name, strlen(name));
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

// notify: says to a service manager that it is ready, as sd_notify(3) does.
static int notify(void) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path) return 1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int client = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (sendto(client, "READY=1", 7, 0, (struct sockaddr *)&address, sizeof address) != 7) return fail(path);
  return 0;
}

// listen NAME: an abstract socket, until it is killed.
static int listening(const char *name) {
  struct sockaddr_un address;
  socklen_t length = abstract(&address, name);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&address, length) < 0 || listen(server, 8) < 0) return fail("bind");
  printf("ready\n");
  fflush(stdout);
  for (;;) close(accept(server, NULL, NULL));
}

// dial WORD: connects to every abstract socket whose name contains WORD; prints those that answered.
static int dial(const char *word) {
  FILE *list = fopen("/proc/net/unix", "r");
  char line[1024];
  int reached = 0;
  while (list && fgets(line, sizeof line, list)) {
    char *name = strchr(line, '@');
    if (!name || !strstr(name, word)) continue;
    name[strcspn(name, "\n")] = 0;
    struct sockaddr_un address;
    socklen_t length = abstract(&address, name + 1);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&address, length) == 0) reached++;
    close(client);
  }
  printf("reached %d\n", reached);
  return 0;
}

// naive-mount ROOT PATH: what a runtime does that joins strings: makes ROOT/PATH and mounts a file system there.
static int naive_mount(const char *root, const char *path) {
  char joined[4096];
  snprintf(joined, sizeof joined, "%s%s", root, path);
  for (char *slash = joined + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = 0;
    mkdir(joined, 0755);
    *slash = '/';
  }
  mkdir(joined, 0755);
  if (mount("naive", joined, "tmpfs", 0, NULL) < 0) return fail("mount");
  printf("mounted\n");
  return 0;
}

// leak DIRECTORY ROOT CWD COMMAND...: what a runtime does that keeps a directory of the host's open: descriptor 9.
static int leak(char **argv) {
  int directory = open(argv[0], O_RDONLY | O_DIRECTORY);
  if (directory < 0 || dup2(directory, 9) < 0) return fail(argv[0]);
  if (chroot(argv[1]) < 0 || chdir(argv[2]) < 0) return fail(argv[2]);
  execv(argv[3], argv + 3);
  return fail(argv[3]);
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "swap") && argc == 4) return swap(argv[2], argv[3]);
  if (!strcmp(mode, "permitted")) return permitted();
  if (!strcmp(mode, "inheritable") && argc >= 3) return inheritable(argv[2], argc > 3);
  if (!strcmp(mode, "overwrite") && argc == 4) return overwrite(argv[2], atoi(argv[3]));
  if (!strcmp(mode, "spy") && argc == 4) return spy(argv[2], atoi(argv[3]));
  if (!strcmp(mode, "listen") && argc == 3) return listening(argv[2]);
  if (!strcmp(mode, "dial") && argc == 3) return dial(argv[2]);
  if (!strcmp(mode, "naive-mount") && argc == 4) return naive_mount(argv[2], argv[3]);
  if (!strcmp(mode, "leak") && argc >= 6) return leak(argv + 2);
  if (!strcmp(mode, "notify")) return notify();
  if (!strcmp(mode, "hold")) {
    // Until its input ends.
    for (char byte; read(0, &byte, 1) > 0;) continue;
    return 0;
  }
  fprintf(stderr, "attacker: unknown mode \"%s\"\n", mode);
  return 99;
}
