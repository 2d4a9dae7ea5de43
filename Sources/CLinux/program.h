// Programs of our own that are executed from memory files: machine code in a section of this executable, which becomes an ELF
// file. Nothing of them is on any disk, and nothing could be written: in a container they are what /proc/PID/exe shows in the
// place of our executable (CVE-2019-5736).
//
// So their code refers to nothing outside of its section: no library, no data, no literal text, no call that a compiler makes
// by itself (an initialiser of an array becomes a memset).
#ifndef APUS_CLINUX_PROGRAM_H
#define APUS_CLINUX_PROGRAM_H

#include "raw.h"

#include <stddef.h>

#define IN_PROGRAM(name) __attribute__((section(#name), used, no_stack_protector, no_profile_instrument_function))

// The first instructions: `main` gets what the kernel leaves on the stack, the number of arguments and their addresses.
#if defined(__x86_64__)
#define PROGRAM_START(name, main)                                                                                      \
  IN_PROGRAM(name) __attribute__((naked, noreturn)) void name##_start(void) {                                         \
    __asm__("xor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall " #main "\n\thlt");                           \
  }
#else
#define PROGRAM_START(name, main)                                                                                      \
  IN_PROGRAM(name) __attribute__((naked, noreturn)) void name##_start(void) {                                         \
    __asm__("mov x29, #0\n\tmov x0, sp\n\tbl " #main "\n\tbrk #0");                                                   \
  }
#endif

// Writes the ELF file of the program whose code is `code`, and begins `start` bytes into it; returns its size, 0 where the room
// is too small.
size_t apus_program_image(const char *code, size_t length, size_t start, void *buffer, size_t room);

#endif
