// seccomp-exec FILE COMMAND [ARGUMENT...]: loads the BPF program in FILE (struct sock_filter, 8 bytes each) and executes
// COMMAND, under no_new_privs unless the caller may do without (then set-user-ID programs below go on working). For tests that refuse system calls to a program, or run it below a profile.
// Exits with 125 and a sentence where the filter cannot be loaded, with 127 where the command cannot be executed.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what, const char *object, int code) {
  fprintf(stderr, "seccomp-exec: %s %s: %s\n", what, object, strerror(errno));
  return code;
}

int main(int argc, char **argv) {
  static struct sock_filter filter[BPF_MAXINSNS + 1];
  if (argc < 3) {
    fprintf(stderr, "usage: seccomp-exec FILE COMMAND [ARGUMENT...]\n");
    return 125;
  }
  int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail("open", argv[1], 125);
  ssize_t length = read(fd, filter, sizeof filter);
  if (length < 0) return fail("read", argv[1], 125);
  if (length == 0 || length % (ssize_t)sizeof *filter || length > (ssize_t)(BPF_MAXINSNS * sizeof *filter)) {
    fprintf(stderr, "seccomp-exec: %s: %zd bytes are no program\n", argv[1], length);
    return 125;
  }
  struct sock_fprog program = {.len = (unsigned short)(length / (ssize_t)sizeof *filter), .filter = filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
    if (errno != EACCES) return fail("seccomp", argv[1], 125);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail("prctl", "no_new_privs", 125);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) return fail("seccomp", argv[1], 125);
  }
  execvp(argv[2], argv + 2);
  return fail("execute", argv[2], 127);
}
