// The program of process 1 with `--init`: reaps what is orphaned, passes signals on to the command, and ends with it.
//
// A process 1 that were a fork of ours would hold our memory for as long as the container lives.
#define _GNU_SOURCE
#include "CLinux.h"
#include "program.h"

#include <sys/syscall.h>

enum { SIGNAL_BLOCK_ALL = 2, CHILD_SIGNAL = 17, NO_HANG = 1, SET_NAME = 15 };

// `stack` is what the kernel leaves for a new program: the number of arguments, and their addresses. The second
// argument is the command's process number.
IN_PROGRAM(apus_reaper) __attribute__((noreturn)) void apus_reaper_main(long *stack) {
  char **arguments = (char **)(stack + 1);
  // The kernel names a program without a path by its descriptor's number.
  call4(SYS_prctl, SET_NAME, (long)arguments[0], 0, 0);
  long child = 0;
  for (const char *digit = arguments[1]; *digit; digit++) child = child * 10 + (*digit - '0');
  uint64_t all = ~0ul;
  uint64_t information[16];
  call4(SYS_rt_sigprocmask, SIGNAL_BLOCK_ALL, (long)&all, 0, sizeof all);
  for (;;) {
    // First, so that a child that ended before this program began is not missed.
    int status;
    long ended;
    while ((ended = call4(SYS_wait4, -1, (long)&status, NO_HANG, 0)) > 0) {
      if (ended != child) continue;
      int signal = status & 0x7f;
      call4(SYS_exit_group, signal ? 128 + signal : (status >> 8) & 0xff, 0, 0, 0);
    }
    long signal = call4(SYS_rt_sigtimedwait, (long)&all, (long)information, 0, sizeof all);
    if (signal > 0 && signal != CHILD_SIGNAL) call4(SYS_kill, child, signal, 0, 0);
  }
}

PROGRAM_START(apus_reaper, apus_reaper_main)

// The linker's names for the ends of the section.
extern const char __start_apus_reaper[], __stop_apus_reaper[];

size_t apus_reaper_image(void *buffer, size_t room) {
  return apus_program_image(__start_apus_reaper, (size_t)(__stop_apus_reaper - __start_apus_reaper),
                            (size_t)((const char *)apus_reaper_start - __start_apus_reaper), buffer, room);
}
