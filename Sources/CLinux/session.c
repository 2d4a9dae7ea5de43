// A process that goes on as its own child, and serves a container's streams and signals itself until that ends.
//
// The child has the caller's memory (clone(2), CLONE_VM): to copy it would take longer than most of what follows, and each page
// that either writes to afterwards would be copied again. The caller needs none of it any more: it stays on a stack of its own, by
// system calls alone, since the child may be anywhere in an allocator, and may have its memory away (rest.c). What it says and how
// it ends at last are the caller's, since the child is another process to everybody.
#define _GNU_SOURCE
#include "CLinux.h"
#include "packing.h"
#include "raw.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  PACKETS = 40 << 10,
  WORDS = 1 << 10,
  STACK = 16 << 10,
};

// A mapping that is shared, not private: rest.c leaves it alone, and a fork of the child copies none of it.
struct room {
  struct apus_session session;
  char program[WORDS], worker[WORDS], lost[WORDS];
  unsigned char packet[PACKETS];
  unsigned char stack[STACK] __attribute__((aligned(16)));
};

INLINE int is_again(long result) { return result == -EINTR || result == -EAGAIN; }

INLINE void end(int code) {
  for (;;) call4(SYS_exit_group, code, 0, 0, 0);
}

// Whoever went away has seen enough.
INLINE void write_all(int file, const unsigned char *bytes, long count) {
  while (count > 0) {
    long written = call4(SYS_write, file, (long)bytes, count, 0);
    if (written > 0) {
      bytes += written;
      count -= written;
    } else if (written == -EAGAIN) {
      struct pollfd room_left;
      room_left.fd = file;
      room_left.events = POLLOUT;
      room_left.revents = 0;
      call5(SYS_ppoll, (long)&room_left, 1, 0, 0, 0);
    } else if (written != -EINTR) {
      return;
    }
  }
}

// A peer that is gone is heard of when something is received.
INLINE void send_packet(const struct room *room, const unsigned char *bytes, long count) {
  while (call5(SYS_sendto, room->session.socket, (long)bytes, count, MSG_NOSIGNAL, 0) == -EINTR) {
  }
}

INLINE void close_all(const int *files, int count) {
  for (int place = 0; place < count; place++) call4(SYS_close, files[place], 0, 0, 0);
}

INLINE void reap_helper(struct room *room) {
  if (room->session.helper > 0)
    while (call4(SYS_wait4, room->session.helper, 0, 0, 0) == -EINTR) {
    }
  room->session.helper = 0;
  close_all(room->session.helper_files, room->session.helper_file_count);
  room->session.helper_file_count = 0;
}

// Says what went wrong as the executable says such things, in its place: here nothing of it can be used.
INLINE void complain(struct room *room, int code, const char *message) {
  reap_helper(room);
  char digits[12], *number = digits + sizeof digits - 1;
  *number = 0;
  unsigned rest = (unsigned)code;
  do *--number = (char)('0' + rest % 10);
  while (rest /= 10);
  const char *arguments[5], *none[1];
  arguments[0] = room->program;
  arguments[1] = room->worker;
  arguments[2] = number;
  arguments[3] = message;
  arguments[4] = 0;
  none[0] = 0;
  call4(SYS_execve, (long)"/proc/self/exe", (long)arguments, (long)none, 0);
  long length = 0;
  while (message[length]) length++;
  write_all(2, (const unsigned char *)message, length);
  write_all(2, (const unsigned char *)"\n", 1);
  end(code);
}

INLINE void pass_signals(struct room *room) {
  struct signalfd_siginfo info;
  while (call4(SYS_read, room->session.signals, (long)&info, sizeof info, 0) == (long)sizeof info) {
    // The container has no terminal whose size could change.
    if (info.ssi_signo == SIGWINCH) continue;
    unsigned char packet[5];
    packet[0] = room->session.kinds.signal;
    for (int place = 0; place < 4; place++) packet[1 + place] = (unsigned char)(info.ssi_signo >> 8 * place);
    send_packet(room, packet, sizeof packet);
  }
}

// Returns 0 at the end of the input.
INLINE int pass_input(struct room *room) {
  long got = call4(SYS_read, room->session.input, (long)(room->packet + 1), room->session.most, 0);
  if (is_again(got)) return 1;
  room->packet[0] = got > 0 ? room->session.kinds.input : room->session.kinds.input_end;
  send_packet(room, room->packet, got > 0 ? 1 + got : 1);
  room->session.outstanding += got > 0;
  return got > 0;
}

INLINE int number_of(const unsigned char *bytes) {
  return (int)((unsigned)bytes[0] | (unsigned)bytes[1] << 8 | (unsigned)bytes[2] << 16 | (unsigned)bytes[3] << 24);
}

INLINE void take_packet(struct room *room) {
  // With room for a zero behind it.
  long got = call5(SYS_recvfrom, room->session.socket, (long)room->packet, PACKETS - 1, 0, 0);
  // A peer that ended with a packet of ours unread is reported first, and once; what it sent comes after.
  if (got == -EINTR || got == -ECONNRESET) return;
  if (got <= 0) complain(room, room->session.lost_code, room->lost);
  const unsigned char kind = room->packet[0], *rest = room->packet + 1;
  const struct apus_frame_kinds *kinds = &room->session.kinds;
  if (kind == kinds->started) {
    reap_helper(room);
  } else if (kind == kinds->output) {
    if (room->session.output >= 0) write_all(room->session.output, rest, got - 1);
  } else if (kind == kinds->error_output) {
    if (room->session.error_output >= 0) write_all(room->session.error_output, rest, got - 1);
  } else if (kind == kinds->input_taken) {
    room->session.outstanding--;
  } else if (kind == kinds->exited && got >= 5) {
    reap_helper(room);
    end(number_of(rest));
  } else if (kind == kinds->failed && got >= 5) {
    room->packet[got] = 0;
    complain(room, number_of(rest), (const char *)rest + 4);
  }
}

__attribute__((noreturn, used)) WITHOUT_MEMORY void apus_serve_session(struct room *room) {
  close_all(room->session.closed, room->session.closed_count);
  int has_input = room->session.input >= 0;
  for (;;) {
    struct pollfd watched[3];
    for (int place = 0; place < 3; place++) watched[place].events = POLLIN, watched[place].revents = 0;
    watched[0].fd = room->session.socket;
    // Negative ones are passed over.
    watched[1].fd = room->session.signals;
    watched[2].fd = has_input && room->session.outstanding < room->session.window ? room->session.input : -1;
    long count = call5(SYS_ppoll, (long)watched, 3, 0, 0, 0);
    if (count == -EINTR) continue;
    if (count < 0) complain(room, room->session.lost_code, room->lost);
    if (watched[1].revents) pass_signals(room);
    if (watched[2].revents) has_input = pass_input(room);
    if (watched[0].revents) take_packet(room);
  }
}

static int keep(char *place, const char *words) {
  size_t length = strlen(words);
  if (length >= WORDS) return -1;
  memcpy(place, words, length + 1);
  return 0;
}

pid_t apus_go_on_as_child(const struct apus_session *session) {
  if (session->most + 1 >= PACKETS || session->closed_count > APUS_SESSION_FILES || session->helper_file_count > APUS_SESSION_FILES) return errno = EINVAL, -1;
  struct room *room = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return -1;
  room->session = *session;
  if (keep(room->program, session->program) || keep(room->worker, session->worker) || keep(room->lost, session->lost)) {
    munmap(room, sizeof *room);
    return errno = ENAMETOOLONG, -1;
  }
  // Its end would write a zero into the child's memory (set_tid_address(2)).
  syscall(SYS_set_tid_address, NULL);
  void *top = room->stack + STACK;
  const long flags = CLONE_VM | SIGCHLD;
  // From the call on the caller writes nothing to this stack, which is the child's.
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jle 1f\n\t"
      "mov %[top], %%rsp\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %[room], %%rdi\n\t"
      "call apus_serve_session\n\t"
      "1:"
      : "=a"(result)
      : "0"((long)SYS_clone), "D"(flags), "S"(0L), "d"(0L), "r"(r10), "r"(r8), [top] "r"(top), [room] "r"(room)
      : "rcx", "r11", "cc", "memory");
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = SYS_clone;
  register long result __asm__("x0") = flags;
  register long x1 __asm__("x1") = 0;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  __asm__ volatile(
      "svc 0\n\t"
      "cmp x0, 0\n\t"
      "b.le 1f\n\t"
      "mov sp, %[top]\n\t"
      "mov x29, xzr\n\t"
      "mov x0, %[room]\n\t"
      "bl apus_serve_session\n"
      "1:"
      : "+r"(result)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [top] "r"(top), [room] "r"(room)
      : "x30", "cc", "memory");
#endif
  if (result < 0) {
    munmap(room, sizeof *room);
    return errno = (int)-result, -1;
  }
  return 0;
}
