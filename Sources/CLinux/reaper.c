// The program of process 1 with `--init`: reaps what is orphaned, passes signals on to the command, and ends with it.
//
// It is a whole program of its own, a few hundred bytes of machine code in a section of ours, which becomes an ELF file in
// a sealed memory file (apus_reaper_image). A process 1 that were a fork of ours would show our executable to the container
// as /proc/1/exe (CVE-2019-5736), and would hold its memory for as long as the container lives.
//
// So the code here refers to nothing outside of the section: no library, no data, no literal text, no call that a
// compiler makes by itself (an initialiser of an array becomes a memset).
#define _GNU_SOURCE
#include "CLinux.h"
#include "raw.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#define IN_PROGRAM __attribute__((section("apus_reaper"), used, no_stack_protector, no_profile_instrument_function))
#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

enum { SIGNAL_BLOCK_ALL = 2, CHILD_SIGNAL = 17, NO_HANG = 1, SET_NAME = 15 };

// `stack` is what the kernel leaves for a new program: the number of arguments, and their addresses. The second
// argument is the command's process number.
IN_PROGRAM __attribute__((noreturn)) void apus_reaper_main(long *stack) {
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

#if defined(__x86_64__)
IN_PROGRAM __attribute__((naked, noreturn)) void apus_reaper_start(void) {
  __asm__("xor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall apus_reaper_main\n\thlt");
}
#else
IN_PROGRAM __attribute__((naked, noreturn)) void apus_reaper_start(void) {
  __asm__("mov x29, #0\n\tmov x0, sp\n\tbl apus_reaper_main\n\tbrk #0");
}
#endif

// The linker's names for the ends of the section.
extern const char __start_apus_reaper[], __stop_apus_reaper[];

enum { CODE = 256, BASE = 0x400000 };

size_t apus_reaper_image(void *buffer, size_t room) {
  size_t length = (size_t)(__stop_apus_reaper - __start_apus_reaper);
  if (room < CODE + length) return 0;
  Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
      .e_type = ET_EXEC,
      .e_machine = MACHINE,
      .e_version = EV_CURRENT,
      .e_entry = BASE + CODE + (Elf64_Addr)((const char *)apus_reaper_start - __start_apus_reaper),
      .e_phoff = sizeof header,
      .e_ehsize = sizeof header,
      .e_phentsize = sizeof(Elf64_Phdr),
      .e_phnum = 2,
  };
  Elf64_Phdr parts[2] = {
      {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_filesz = CODE + length, .p_memsz = CODE + length,
       .p_align = 0x10000},
      // Without it the stack would be executable.
      {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16},
  };
  memset(buffer, 0, CODE);
  memcpy(buffer, &header, sizeof header);
  memcpy((char *)buffer + sizeof header, parts, sizeof parts);
  memcpy((char *)buffer + CODE, __start_apus_reaper, length);
  return CODE + length;
}
