// executed OUTPUT LOW HIGH COMMAND…: runs COMMAND one instruction at a time, with all processes that it makes, and writes
// each address between LOW and HIGH (hexadecimal) that one of them executed, in the order of the first time.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 5) {
    fprintf(stderr, "usage: %s OUTPUT LOW HIGH COMMAND...\n", words[0]);
    return 2;
  }
  uint64_t low = strtoull(words[2], NULL, 16), high = strtoull(words[3], NULL, 16);
  uint8_t *seen = calloc(high - low, 1);
  FILE *output = fopen(words[1], "w");
  if (!seen || !output) {
    perror(words[1]);
    return 2;
  }
  pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(words[4], words + 4);
    perror(words[4]);
    _exit(127);
  }
  int status, code = 0;
  waitpid(first, &status, 0);
  // Processes of a container end when their supervisor does; the options are inherited by every child.
  ptrace(PTRACE_SETOPTIONS, first, NULL,
         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  pid_t pid = first;
  for (;;) {
    long signal = 0;
    if (WIFSTOPPED(status)) {
      int event = status >> 16, number = WSTOPSIG(status);
      if (number == SIGTRAP) {
        struct user_regs_struct registers;
        if (!event && ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 && registers.rip >= low && registers.rip < high &&
            !seen[registers.rip - low]) {
          seen[registers.rip - low] = 1;
          fprintf(output, "%llx\n", registers.rip);
        }
      } else if (number != SIGSTOP) {
        signal = number;
      }
      // What another program executes is not ours: it runs freely.
      int other = event == PTRACE_EVENT_EXEC && pid != first;
      ptrace(other ? PTRACE_CONT : PTRACE_SINGLESTEP, pid, NULL, (void *)signal);
    } else if (pid == first && (WIFEXITED(status) || WIFSIGNALED(status))) {
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == ECHILD) break;
  }
  fclose(output);
  return code;
}
