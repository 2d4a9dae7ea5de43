#include "program.h"

#include <elf.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

enum { CODE = 256, BASE = 0x400000 };

size_t apus_program_image(const char *code, size_t length, size_t start, void *buffer, size_t room) {
  if (room < CODE + length) return 0;
  Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
      .e_type = ET_EXEC,
      .e_machine = MACHINE,
      .e_version = EV_CURRENT,
      .e_entry = BASE + CODE + start,
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
  memcpy((char *)buffer + CODE, code, length);
  return CODE + length;
}
