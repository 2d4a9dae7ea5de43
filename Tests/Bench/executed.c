// executed OUTPUT LOW HIGH FIRST LAST COMMAND…: runs COMMAND one instruction at a time, with all processes that it makes, and writes
// each address between LOW and HIGH (hexadecimal) that one of them executed, in the order of the first time; and behind a "+" each one
// between FIRST and LAST that a register had meanwhile, in units of 8 bytes: what code reads by pointers.
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

static FILE *output;
static uint64_t first_datum, last_datum;
static uint8_t *seen_data;

static void note_pointers(const struct user_regs_struct *r) {
  const unsigned long long all[] = {r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8,
                                    r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    if (all[i] < first_datum || all[i] >= last_datum) continue;
    uint8_t *known = &seen_data[(all[i] - first_datum) / 8];
    if (*known) continue;
    *known = 1;
    fprintf(output, "+%llx\n", all[i]);
  }
}

int main(int count, char **words) {
  if (count < 7) {
    fprintf(stderr, "usage: %s OUTPUT LOW HIGH FIRST LAST COMMAND...\n", words[0]);
    return 2;
  }
  uint64_t low = strtoull(words[2], NULL, 16), high = strtoull(words[3], NULL, 16);
  first_datum = strtoull(words[4], NULL, 16);
  last_datum = strtoull(words[5], NULL, 16);
  uint8_t *seen = calloc(high - low, 1);
  seen_data = calloc((last_datum - first_datum) / 8 + 1, 1);
  output = fopen(words[1], "w");
  if (!seen || !seen_data || !output) {
    perror(words[1]);
    return 2;
  }
  pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(words[6], words + 6);
    perror(words[6]);
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
        if (!event && ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 && registers.rip >= low && registers.rip < high) {
          note_pointers(&registers);
          if (!seen[registers.rip - low]) {
            seen[registers.rip - low] = 1;
            fprintf(output, "%llx\n", registers.rip);
          }
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
