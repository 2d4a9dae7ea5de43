#define _GNU_SOURCE
#include "probe.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void texts(const char *name, char **list) {
  json_open(name, '[');
  for (; *list; list++) json_text(NULL, *list);
  json_close(']');
}

void report_identity(int argc, char **argv, char **env) {
  (void)argc;
  texts("args", argv);
  texts("env", env);
  char path[4096] = "";
  json_text("cwd", getcwd(path, sizeof path) ? path : "");
  json_number("pid", getpid());
  json_number("ppid", getppid());
  json_number("sid", getsid(0));
  uid_t ru, eu, su;
  gid_t rg, eg, sg;
  getresuid(&ru, &eu, &su);
  getresgid(&rg, &eg, &sg);
  json_open("uids", '[');
  json_number(NULL, ru), json_number(NULL, eu), json_number(NULL, su);
  json_close(']');
  json_open("gids", '[');
  json_number(NULL, rg), json_number(NULL, eg), json_number(NULL, sg);
  json_close(']');
  gid_t groups[1024];
  int count = getgroups(1024, groups);
  json_open("groups", '[');
  for (int i = 0; i < count; i++) json_number(NULL, groups[i]);
  json_close(']');
  mode_t mask = umask(0);
  umask(mask);
  json_number("umask", mask);
  struct utsname names;
  uname(&names);
  json_text("hostname", names.nodename);
  json_text("domainname", names.domainname);
  json_text("machine", names.machine);
}

static void bits(const char *name, unsigned long long set) {
  json_open(name, '[');
  for (int i = 0; i < 64; i++)
    if (set >> i & 1) json_number(NULL, i);
  json_close(']');
}

void report_privileges(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  syscall(SYS_capget, &header, data);
  json_open("capabilities", '{');
  bits("effective", data[0].effective | (unsigned long long)data[1].effective << 32);
  bits("permitted", data[0].permitted | (unsigned long long)data[1].permitted << 32);
  bits("inheritable", data[0].inheritable | (unsigned long long)data[1].inheritable << 32);
  unsigned long long bounding = 0, ambient = 0;
  for (int i = 0; i < 64; i++) {
    if (prctl(PR_CAPBSET_READ, i) == 1) bounding |= 1ULL << i;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1) ambient |= 1ULL << i;
  }
  bits("bounding", bounding);
  bits("ambient", ambient);
  json_close('}');
  json_number("securebits", prctl(PR_GET_SECUREBITS));
  json_number("noNewPrivileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  json_number("dumpable", prctl(PR_GET_DUMPABLE));
  json_number("seccomp", prctl(PR_GET_SECCOMP));
  json_number("personality", personality(0xffffffff));
  // KEYCTL_DESCRIBE (6) of KEY_SPEC_SESSION_KEYRING (-3).
  char key[512] = "";
  long length = syscall(SYS_keyctl, 6, -3, key, sizeof key);
  json_number("keyringErrno", length < 0 ? errno : 0);
  // KEYCTL_GET_KEYRING_ID (0): its number, which no other keyring of the machine has.
  json_number("keyringNumber", syscall(SYS_keyctl, 0, -3, 0));
  json_text("keyring", length < 0 ? "" : key);
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  json_open("blockedSignals", '[');
  for (int i = 1; i < 65; i++)
    if (sigismember(&blocked, i) == 1) json_number(NULL, i);
  json_close(']');
  json_open("ignoredSignals", '[');
  for (int i = 1; i < 65; i++) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) json_number(NULL, i);
  }
  json_close(']');
}

void report_limits(void) {
  static const char *names[] = {"CPU",     "FSIZE", "DATA",  "STACK",      "CORE",     "RSS",  "NPROC",  "NOFILE",
                                "MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};
  json_open("limits", '{');
  for (int i = 0; i < 16; i++) {
    struct rlimit limit = {0};
    getrlimit(i, &limit);
    json_open(names[i], '[');
    json_unsigned(NULL, limit.rlim_cur);
    json_unsigned(NULL, limit.rlim_max);
    json_close(']');
  }
  json_close('}');
}

// sched_getattr(2), for which there is no header.
struct attributes {
  unsigned size, policy;
  unsigned long long flags;
  int nice;
  unsigned priority;
  unsigned long long runtime, deadline, period;
};

void report_scheduling(void) {
  struct attributes attributes = {.size = sizeof attributes};
  syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0);
  json_open("scheduler", '{');
  json_number("policy", attributes.policy);
  json_number("flags", (long long)attributes.flags);
  json_number("nice", attributes.nice);
  json_number("priority", attributes.priority);
  json_unsigned("runtime", attributes.runtime);
  json_unsigned("deadline", attributes.deadline);
  json_unsigned("period", attributes.period);
  json_close('}');
  json_number("ioPriority", syscall(SYS_ioprio_get, 1, 0));
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  json_open("affinity", '[');
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &set)) json_number(NULL, i);
  json_close(']');
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  json_number("monotonic", time.tv_sec);
  clock_gettime(CLOCK_BOOTTIME, &time);
  json_number("boottime", time.tv_sec);
}
