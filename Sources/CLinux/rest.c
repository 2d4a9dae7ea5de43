// A long wait of a process that gives its memory back for as long as it lasts.
//
// What a supervisor has touched for its container's start it needs at the next command of the user's, hours later perhaps. Most
// of its words are zero or come again and again: before it waits, its pages are packed to a seventh, and the kernel gets them
// back; when something has happened they are unpacked to where they were. Nothing else of the process knows of it.
//
// While its memory is away (`dormant`) no code may run that needs it: no signal's handler, no other thread, no call of the C
// library, none that the compiler makes by itself. A process that serves a session beside it, in the same memory, needs none of that
// (session.c): its stack and buffers are in a shared mapping, and those stay. The thread's own block stays, into which the kernel writes (rseq(2)), and the
// arguments, which others read in /proc/PID/cmdline.
#define _GNU_SOURCE
#include "CLinux.h"
#include "packing.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  PAGE = 4096,
  PAGE_WORDS = PAGE / 8,
  // Pages whose entries of /proc/self/pagemap are read together, and are packed together.
  BATCH = 512,
  MAPPINGS = 64,
  // Addresses alone: what is not touched is not there.
  ROOM = 16 << 20,
  // Below the frame and around the thread pointer.
  FRAME_ROOM = 4096,
  THREAD_ROOM = 3072,
};

// Bits of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
#define IS_PRESENT (1ull << 63)
#define IS_OF_FILE (1ull << 61)

// A part of the address space, as /proc/self/maps lists it.
struct mapping {
  uintptr_t start, end;
  // What its file has there; NULL for one without a file.
  const uint64_t *original;
  int is_writable, is_executable, is_stack;
};

// A mapping of its own; what is packed begins behind it.
struct arena {
  // What is of no use any more when everything is packed, on pages of its own.
  char text[4 * PAGE];
  uint64_t pages[BATCH];
  uint32_t slots[SLOTS];
  // From here on it stays.
  struct mapping mappings[MAPPINGS];
  uint32_t mapping_count;
  uint32_t watched_count;
  struct pollfd *watched;
  struct timespec patience;
  uintptr_t arguments;
  int pagemap;
  uint8_t *packed, *end;
};

enum { SCRATCH = offsetof(struct arena, mappings) };

// MARK: what there is

INLINE uintptr_t floor_of(uintptr_t address) { return address & ~(uintptr_t)(PAGE - 1); }

INLINE void drop(uintptr_t start, uintptr_t end) {
  if (start < end) call4(SYS_madvise, (long)start, (long)(end - start), MADV_DONTNEED, 0);
}

// Whether a page is what it would be had nobody ever written to it.
INLINE int is_untouched(const uint64_t *words, const uint64_t *original) {
  for (uint32_t place = 0; place < PAGE_WORDS; place++)
    if (difference(words, original, place)) return 0;
  return 1;
}

// Packs the pages from `start` to `end`. Returns 0 where there is no room for them: they stay.
INLINE int keep_packed(struct arena *arena, const struct mapping *mapping, uintptr_t start, uintptr_t end) {
  // At worst nine bytes a word, and the numbers.
  if ((size_t)(arena->end - arena->packed) < (end - start) / 8 * 10 + 64) return 0;
  struct run *run = (struct run *)arena->packed;
  run->start = (uint64_t *)start;
  run->original = mapping->original ? mapping->original + (start - mapping->start) / 8 : 0;
  run->words = (uint32_t)((end - start) / 8);
  uint8_t *to = pack(run->start, run->original, run->words, (uint8_t *)(run + 1), arena->slots);
  run->length = (uint32_t)(to - (uint8_t *)(run + 1));
  arena->packed = (uint8_t *)(((uintptr_t)to + 7) & ~7ul);
  return 1;
}

// Packs what the process has written to, and gives back at once what is also in a file, or was never written to.
INLINE void pack_mapping(struct arena *arena, const struct mapping *mapping, uintptr_t frame, uintptr_t thread) {
  if (mapping->is_executable) return drop(mapping->start, mapping->end);
  uintptr_t frame_low = floor_of(frame - FRAME_ROOM), frame_high = floor_of(frame + 64) + PAGE;
  uintptr_t thread_low = floor_of(thread - THREAD_ROOM), thread_high = floor_of(thread + THREAD_ROOM) + PAGE;
  for (uintptr_t batch = mapping->start; batch < mapping->end; batch += (uintptr_t)BATCH * PAGE) {
    long wanted = (long)((mapping->end - batch) / PAGE);
    if (wanted > BATCH) wanted = BATCH;
    long got = call4(SYS_pread64, arena->pagemap, (long)arena->pages, wanted * 8, (long)(batch / PAGE * 8)) / 8;
    uintptr_t first = 0;
    for (long place = 0; place <= got; place++) {
      uintptr_t page = batch + (uintptr_t)place * PAGE;
      int is_packed = 0;
      if (place < got && arena->pages[place] & IS_PRESENT) {
        int is_kept = (page >= frame_low && page < frame_high) || (page >= thread_low && page < thread_high) ||
                      (mapping->is_stack && page >= arena->arguments);
        if (arena->pages[place] & IS_OF_FILE) {
          drop(page, page + PAGE);
        } else if (mapping->is_writable && !is_kept) {
          const uint64_t *original = mapping->original ? mapping->original + (page - mapping->start) / 8 : 0;
          // Below the frame nothing is in use.
          if ((mapping->is_stack && page < frame_low) || is_untouched((const uint64_t *)page, original))
            drop(page, page + PAGE);
          else
            is_packed = 1;
        }
      }
      if (is_packed && !first) first = page;
      if (!is_packed && first) {
        if (!keep_packed(arena, mapping, first, page)) return;
        first = 0;
      }
    }
  }
}

// Waits without memory; returns what poll(2) does, or a negative errno.
static WITHOUT_MEMORY long dormant(struct arena *arena) {
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0), thread = (uintptr_t)__builtin_thread_pointer();
  uint8_t *first = arena->packed;
  for (uint32_t place = 0; place < arena->mapping_count; place++)
    pack_mapping(arena, &arena->mappings[place], frame, thread);
  drop((uintptr_t)arena, (uintptr_t)arena + SCRATCH / PAGE * PAGE);
  for (uint32_t place = 0; place < arena->mapping_count; place++) {
    const struct mapping *mapping = &arena->mappings[place];
    if (mapping->original) drop((uintptr_t)mapping->original, (uintptr_t)mapping->original + (mapping->end - mapping->start));
  }
  for (uint8_t *next = first; next < arena->packed;) {
    const struct run *run = (const struct run *)next;
    drop((uintptr_t)run->start, (uintptr_t)(run->start + run->words));
    next += (sizeof *run + run->length + 7) & ~7ul;
  }
  long result = call4(SYS_ppoll, (long)arena->watched, arena->watched_count,
                      arena->patience.tv_sec < 0 ? 0 : (long)&arena->patience, 0);
  for (const uint8_t *next = first; next < arena->packed;) {
    const struct run *run = (const struct run *)next;
    unpack(run, (const uint8_t *)(run + 1));
    next += (sizeof *run + run->length + 7) & ~7ul;
  }
  return result;
}

// MARK: before and after

static ssize_t read_file(const char *path, char *buffer, size_t room) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  size_t length = 0;
  ssize_t got;
  while (length + 1 < room && (got = read(file, buffer + length, room - 1 - length)) > 0) length += (size_t)got;
  close(file);
  buffer[length] = 0;
  // What fills the buffer may have been cut off.
  return length + 1 < room ? (ssize_t)length : -1;
}

// Whether nothing else is at work on the process while it waits: it has one thread, no signal has a handler, and nobody traces it,
// whose breakpoints would go with the pages that they are on.
static int is_alone(char *text, size_t room) {
  if (read_file("/proc/self/status", text, room) < 0) return 0;
  const char *handled = strstr(text, "\nSigCgt:\t");
  return strstr(text, "\nThreads:\t1\n") && strstr(text, "\nTracerPid:\t0\n") && handled &&
         strtoull(handled + 9, NULL, 16) == 0;
}

// The linker's names for the ends of the executable.
extern const char __executable_start[], _end[];

// Lists the parts of the address space; 0 where they cannot be told, or are too many.
static int list_mappings(struct arena *arena, int executable) {
  if (read_file("/proc/self/maps", arena->text, sizeof arena->text) < 0) return 0;
  for (char *line = arena->text; *line;) {
    char *end = strchr(line, '\n');
    if (!end) return 0;
    *end = 0;
    unsigned long start, stop, offset, inode;
    char rights[5];
    int name = 0;
    if (sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu %n", &start, &stop, rights, &offset, &inode, &name) < 5) return 0;
    const char *path = name ? line + name : "";
    line = end + 1;
    int is_own = (uintptr_t)arena >= start && (uintptr_t)arena < stop;
    // The kernel's own parts begin with a v: [vdso], [vvar].
    if (is_own || rights[3] != 'p' || rights[0] != 'r' || (path[0] == '[' && path[1] == 'v')) continue;
    if (arena->mapping_count == MAPPINGS) return 0;
    struct mapping *mapping = &arena->mappings[arena->mapping_count++];
    mapping->start = start;
    mapping->end = stop;
    mapping->is_writable = rights[1] == 'w';
    mapping->is_executable = rights[2] == 'x' && !mapping->is_writable;
    mapping->is_stack = strcmp(path, "[stack]") == 0;
    // Anything else that is mapped of a file is packed as if there were none.
    int is_of_executable = inode != 0 && start >= (uintptr_t)__executable_start && start < (uintptr_t)_end;
    if (!mapping->is_writable || !is_of_executable) continue;
    void *original = mmap(NULL, stop - start, PROT_READ, MAP_PRIVATE, executable, (off_t)offset);
    if (original == MAP_FAILED) return 0;
    mapping->original = original;
  }
  return 1;
}

static void end_arena(struct arena *arena) {
  if (arena->pagemap >= 0) close(arena->pagemap);
  for (uint32_t place = 0; place < arena->mapping_count; place++) {
    struct mapping *mapping = &arena->mappings[place];
    if (mapping->original) munmap((void *)mapping->original, mapping->end - mapping->start);
  }
  munmap(arena, ROOM);
}

int apus_rest(void *poll_set, unsigned int count, int milliseconds) {
  struct pollfd *watched = poll_set;
  if (sysconf(_SC_PAGESIZE) != PAGE || count > 1024) return errno = ENOSYS, -1;
  malloc_trim(0);
  struct arena *arena = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (arena == MAP_FAILED) return -1;
  arena->pagemap = -1;
  if (!is_alone(arena->text, sizeof arena->text)) return end_arena(arena), errno = EBUSY, -1;
  arena->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  int executable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int is_listed = arena->pagemap >= 0 && executable >= 0 && list_mappings(arena, executable);
  if (executable >= 0) close(executable);
  if (!is_listed) return end_arena(arena), errno = EACCES, -1;
  arena->arguments = floor_of((uintptr_t)program_invocation_name);
  arena->watched = (struct pollfd *)(arena + 1);
  arena->watched_count = count;
  for (unsigned int place = 0; place < count; place++) arena->watched[place] = watched[place];
  arena->patience.tv_sec = milliseconds < 0 ? -1 : milliseconds / 1000;
  arena->patience.tv_nsec = milliseconds < 0 ? 0 : milliseconds % 1000 * 1000000L;
  arena->packed = (uint8_t *)(arena->watched + count);
  arena->end = (uint8_t *)arena + ROOM;
  long result = dormant(arena);
  for (unsigned int place = 0; place < count; place++) watched[place].revents = arena->watched[place].revents;
  end_arena(arena);
  if (result < 0) return errno = (int)-result, -1;
  return (int)result;
}
