// counted MODE [-u UID GID] [-s] [-p FILE] [-c LOW HIGH FILE] [-d] OUTPUT COMMAND…: counts what COMMAND and the processes that it makes do.
//
// MODE is "calls" (system calls and page faults) or "steps" (instructions in user space, one at a time). OUTPUT gets a line for
// each process: its number, its parent's, how it ended ("exec", "exit", "left"), and what was counted. A process is counted from
// its execve (COMMAND) or its making (the others) to its exit or to its own execve, behind which another program runs.
//
// -u drops root's rights for COMMAND alone: the tracer keeps them. -s takes single steps alone, which is slow. -p writes the
// instructions by address; -c writes each call with the addresses of its callers, between LOW and HIGH; -d leaves what still runs when
// COMMAND has ended, once it does nothing but wait.
#define _GNU_SOURCE
#include "counted.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc's header has it under another name than the kernel's, which cannot be included beside it.
#define SYSCALL_ENTRY 1
static struct process table[MOST_PROCESSES];
static int count;
static int steps, single_steps, has_command_begun;
// How long nothing has to happen, in milliseconds, for a process to be one that waits. A supervisor gives its memory back after two seconds.
static const int quiet_time = 500, quiet_step = 5;
static uint64_t low, high;
static FILE *callers;

static void fail(const char *what) {
  perror(what);
  exit(125);
}

static struct process *find(pid_t pid) {
  for (int i = 0; i < count; i++)
    if (table[i].pid == pid && (!table[i].end || table[i].is_leaving)) return &table[i];
  if (count == MOST_PROCESSES) {
    fprintf(stderr, "counted: more than %d processes\n", MOST_PROCESSES);
    exit(125);
  }
  struct process *made = &table[count++];
  *made = (struct process){.pid = pid, .index = made - table, .parent = -1};
  return made;
}

// The process that another one has just made: it may have stopped before that was told, and even be at its end.
static struct process *find_made(pid_t pid) {
  for (int i = 1; i < count; i++)
    if (table[i].pid == pid && table[i].parent < 0) return &table[i];
  return find(pid);
}

// The third field of /proc/PID/stat, and the tenth into `faults`; the name before them may hold anything but a newline.
static char state(pid_t pid, long *faults) {
  char path[32], text[1024], *rest, found;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  if (!(rest = strrchr(text, ')')) || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %ld", &found, faults) != 2) {
    fprintf(stderr, "counted: %s has no state and no count of faults\n", path);
    exit(125);
  }
  return found;
}

static long minor_faults(pid_t pid) {
  long faults;
  state(pid, &faults);
  return faults;
}

static void end(struct process *process, const char *how) {
  if (!steps && !process->is_executing) process->faults = minor_faults(process->pid) - process->faults_before;
  process->end = how;
}

// What lies on the stack like addresses of callers: a wrapper of glibc has its own first, Swift chains frames.
static void write_call(struct process *process, struct __ptrace_syscall_info *info) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers)) return;
  fprintf(callers, "%d %lld", (int)(process - table), (long long)info->entry.nr);
  // Where a wrapper has used the frame's register for something else, its callers are somewhere above.
  int most = registers.rbp < registers.rsp || registers.rbp > registers.rsp + (1 << 20) ? 4 : 1;
  for (int word = 0; word < 200 && most; word++) {
    errno = 0;
    uint64_t value = ptrace(PTRACE_PEEKDATA, process->pid, (void *)(registers.rsp + 8 * word), NULL);
    if (errno) break;
    if (value >= low && value < high) {
      fprintf(callers, " %llx", (unsigned long long)value);
      most--;
    }
  }
  for (uint64_t frame = registers.rbp, depth = 0; depth < 12; depth++) {
    errno = 0;
    uint64_t above = ptrace(PTRACE_PEEKDATA, process->pid, (void *)frame, NULL);
    uint64_t caller = errno ? 0 : ptrace(PTRACE_PEEKDATA, process->pid, (void *)(frame + 8), NULL);
    if (errno || caller < low || caller >= high) break;
    fprintf(callers, " %llx", (unsigned long long)caller);
    if (above <= frame) break;
    frame = above;
  }
  fprintf(callers, "\n");
}

static void system_call(struct process *process) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, (void *)sizeof info, &info) < 0 || info.op != SYSCALL_ENTRY) return;
  process->calls++;
  if (info.entry.nr < MOST_CALLS) process->by_number[info.entry.nr]++;
  // What execve itself touches belongs to the program behind it.
  process->is_executing = info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat;
  if (process->is_executing) process->faults = minor_faults(process->pid) - process->faults_before;
  if (callers && has_command_begun) write_call(process, &info);
}

static void begin(char **command, long uid, long gid) {
  // The tracer has the rights that this process has now.
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) fail("PTRACE_TRACEME");
  if (personality(ADDR_NO_RANDOMIZE) < 0) fail("personality");
  if (uid >= 0) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid) || syscall(SYS_capset, &header, none)) fail("setresuid");
  }
  raise(SIGSTOP);
  execv(command[0], command);
  fail(command[0]);
}

// Whether the process, in a call that makes another, goes on as that, with its memory and its stack (clone(2), CLONE_VM).
static int goes_on_as_child(const struct process *process) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers)) return 0;
  return registers.orig_rax == SYS_clone && registers.rdi & CLONE_VM && !(registers.rdi & CLONE_VFORK) && registers.rsi == 0;
}

// Handles one stop and lets the process go on.
static void stopped(struct process *process, int status) {
  int event = status >> 16, number = WSTOPSIG(status), signal = 0, is_first = process == table;
  unsigned long made;
  switch (event) {
  case PTRACE_EVENT_FORK:
  case PTRACE_EVENT_VFORK:
  case PTRACE_EVENT_CLONE:
    if (ptrace(PTRACE_GETEVENTMSG, process->pid, NULL, &made)) fail("PTRACE_GETEVENTMSG");
    find_made(made)->parent = process - table;
    if (steps && goes_on_as_child(process)) process->has_handed_over = 1;
    break;
  case PTRACE_EVENT_EXIT:
    if (!process->end) end(process, "exit");
    process->is_leaving = 0;
    break;
  case PTRACE_EVENT_EXEC:
    if (!is_first) {
      if (!process->end) end(process, "exec");
      process->is_leaving = 0;
      ptrace(PTRACE_DETACH, process->pid, NULL, NULL);
      return;
    }
    has_command_begun = 1;
    if (steps) return blocks_begin(process, single_steps);
    process->faults_before = minor_faults(process->pid);
    process->calls = 0;
    memset(process->by_number, 0, sizeof process->by_number);
    break;
  case 0:
    if (number == (SIGTRAP | 0x80)) {
      if (!process->end) system_call(process);
    } else if (number == SIGTRAP && process->patched && blocks_trapped(process)) {
      return;
    } else if (number == SIGSTOP && process->is_leaving) {
      if (steps) blocks_leave(process);
      process->is_leaving = 0;
      ptrace(PTRACE_DETACH, process->pid, NULL, NULL);
      return;
    } else if (number == SIGSTOP && !process->has_begun) {
      process->has_begun = 1;
      // Root alone may write to the memory of a process that has changed its user or made itself closed to others.
      if (steps) return blocks_begin(process, single_steps || geteuid() != 0);
    } else {
      signal = number;
    }
  }
  if (steps)
    blocks_continue(process, signal);
  else
    ptrace(PTRACE_SYSCALL, process->pid, NULL, (void *)(long)signal);
}

static void write_table(const char *path) {
  FILE *output = fopen(path, "w");
  if (!output) fail(path);
  for (int i = 0; i < count; i++) {
    struct process *process = &table[i];
    fprintf(output, "%d %d %s", i, process->parent, process->end ? process->end : "lost");
    if (steps)
      fprintf(output, " instructions %llu lost %llu", (unsigned long long)process->instructions, (unsigned long long)process->lost);
    else
      fprintf(output, " calls %ld faults %ld", process->calls, process->faults);
    for (int number = 0; number < MOST_CALLS; number++)
      if (process->by_number[number]) fprintf(output, " #%d %ld", number, process->by_number[number]);
    fprintf(output, "\n");
  }
  fclose(output);
}

// Whether all that still run are asleep.
static int all_sleep(void) {
  long faults;
  for (int i = 0; i < count; i++)
    if (!table[i].end && state(table[i].pid, &faults) != 'S') return 0;
  return 1;
}

// Waits for the next stop or end, as waitpid does; 0 when nothing happens any more.
static pid_t wait_until_quiet(int *status) {
  for (int quiet = 0; quiet < quiet_time; quiet += quiet_step) {
    pid_t pid = waitpid(-1, status, __WALL | WNOHANG);
    if (pid) return pid;
    usleep(quiet_step * 1000);
    if (!all_sleep()) quiet = 0;
  }
  return 0;
}

// Lets go of what still runs: a process must stand still for that.
static void leave_all(void) {
  for (int i = 0; i < count; i++)
    if (!table[i].end) {
      end(&table[i], "left");
      table[i].is_leaving = 1;
      kill(table[i].pid, SIGSTOP);
    }
}

int main(int argc, char **argv) {
  long uid = -1, gid = -1;
  int leaves = 0, option = 2;
  FILE *profile = NULL;
  steps = argc > 1 && !strcmp(argv[1], "steps");
  for (; option < argc && argv[option][0] == '-'; option++) {
    char letter = argv[option][1];
    if (letter == 'u' && option + 2 < argc) {
      uid = atol(argv[++option]);
      gid = atol(argv[++option]);
    } else if (letter == 'p' && option + 1 < argc) {
      if (!(profile = fopen(argv[++option], "w"))) fail(argv[option]);
    } else if (letter == 's') {
      single_steps = 1;
    } else if (letter == 'c' && option + 3 < argc) {
      low = strtoull(argv[++option], NULL, 16);
      high = strtoull(argv[++option], NULL, 16);
      if (!(callers = fopen(argv[++option], "w"))) fail(argv[option]);
    } else if (letter == 'd') {
      leaves = 1;
    } else {
      break;
    }
  }
  if (option + 1 >= argc || (!steps && strcmp(argv[1], "calls"))) {
    fprintf(stderr, "usage: %s calls|steps [-u UID GID] [-s] [-p FILE] [-c LOW HIGH FILE] [-d] OUTPUT COMMAND...\n", argv[0]);
    return 125;
  }
  // On one processor the processes take turns in an order that hardly varies, and a step needs no other processor's attention.
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(sched_getcpu(), &processors);
  if (sched_setaffinity(0, sizeof processors, &processors)) fail("sched_setaffinity");

  pid_t first = fork();
  if (first == 0) begin(argv + option + 1, uid, gid);
  int status, code = 0;
  struct process *process = find(first);
  if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status)) return 125;
  process->has_begun = 1;
  // What is traced cannot go on without its tracer: it has breakpoints.
  ptrace(PTRACE_SETOPTIONS, first, NULL,
         PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
  ptrace(steps ? PTRACE_CONT : PTRACE_SYSCALL, first, NULL, NULL);
  int settles = 0;
  for (;;) {
    pid_t pid = settles ? wait_until_quiet(&status) : waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) break;
    if (pid == 0) {
      settles = 0;
      leave_all();
    } else if (WIFSTOPPED(status)) {
      stopped(find(pid), status);
    } else if (pid == first) {
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      // How far the others have come by then is a matter of chance.
      settles = leaves;
    }
  }
  write_table(argv[option]);
  if (profile) blocks_write(profile, table, count);
  return code;
}
