// The program that a container's process executes in front of its command: it executes that, or says why it cannot. What a
// command names by /proc/self/exe, as its interpreter too, is this and not our executable.
#define _GNU_SOURCE
#include "CLinux.h"
#include "program.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { AT_WORKING_DIRECTORY = -100, SET_FLAGS = 2, CLOSE_ON_EXEC = 1, DENIED = -13, UNEXECUTABLE = 11 };

INLINE long number(const char *text) {
  long value = 0;
  for (; *text; text++) {
    // Not by us: the command was this program.
    if (*text < '0' || *text > '9' || value > 1000000) call4(SYS_exit_group, 126, 0, 0, 0);
    value = value * 10 + (*text - '0');
  }
  return value;
}

// Arguments: a name, the socket that waits for the result, how many paths there are to try, these, and those of the command.
IN_PROGRAM(apus_starter) __attribute__((noreturn)) void apus_starter_main(long *stack) {
  long count = stack[0];
  char **arguments = (char **)(stack + 1);
  char **environment = arguments + count + 1;
  if (count < 4) call4(SYS_exit_group, 126, 0, 0, 0);
  long socket = number(arguments[1]);
  long paths = number(arguments[2]);
  if (paths < 1 || paths > count - 3) call4(SYS_exit_group, 126, 0, 0, 0);
  call4(SYS_fcntl, socket, SET_FLAGS, CLOSE_ON_EXEC, 0);
  long failure = DENIED;
  const char *failed = 0;
  for (long place = 0; place < paths; place++) {
    const char *path = arguments[3 + place];
    long result = call4(SYS_execve, (long)path, (long)(arguments + 3 + paths), (long)environment, 0);
    if (failed && result == DENIED) continue;
    failed = path;
    failure = result;
    // One that may not be executed gives way to the next; whatever else is wrong with one is the answer.
    if (result != DENIED) break;
  }
  // ChildMessage.unexecutable, as Frame.encode writes it.
  uint32_t length = 0;
  while (failed[length]) length++;
  uint32_t error = (uint32_t)-failure;
  uint32_t body = length + 9;
  uint8_t head[13];
  for (int place = 0; place < 4; place++) {
    head[place] = (uint8_t)(body >> 8 * place);
    head[5 + place] = (uint8_t)(error >> 8 * place);
    head[9 + place] = (uint8_t)(length >> 8 * place);
  }
  head[4] = UNEXECUTABLE;
  struct iovec parts[2];
  parts[0].iov_base = head;
  parts[0].iov_len = sizeof head;
  parts[1].iov_base = (void *)failed;
  parts[1].iov_len = length;
  call4(SYS_writev, socket, (long)parts, 2, 0);
  for (;;) call4(SYS_exit_group, 126, 0, 0, 0);
}

PROGRAM_START(apus_starter, apus_starter_main)

// The linker's names for the ends of the section.
extern const char __start_apus_starter[], __stop_apus_starter[];

size_t apus_starter_image(void *buffer, size_t room) {
  return apus_program_image(__start_apus_starter, (size_t)(__stop_apus_starter - __start_apus_starter),
                            (size_t)((const char *)apus_starter_start - __start_apus_starter), buffer, room);
}
