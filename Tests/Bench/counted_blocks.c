// Counts instructions by breakpoints: a single step costs 15 µs and more in virtual machines, and a start executes 3.5 million.
//
// Code runs freely up to the next instruction that may go elsewhere, where a breakpoint is; that jump, call or return is then
// carried out here, and the code it leads to gets its breakpoint. What cannot be carried out here is executed by a single step.
// A repeated string instruction counts once: how many turns it takes is the processor's and glibc's choice.
#include "counted.h"
#include <capstone/capstone.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define MOST_BLOCKS (1 << 18)
#define BREAKPOINT 0xcc

#define DEEPEST 4096

struct call {
  uint64_t function, stack_pointer, instructions_before;
};

struct block {
  uint64_t start, end, next;  // addresses: of the first and the last instruction, and behind it
  uint32_t instructions;  // with the last one
  int number;
  struct block *at_end;  // the block of the last instruction alone, which owns the breakpoint
  uint8_t original;      // at_end's: the byte below the breakpoint
  int is_known;          // the last instruction can be carried out here
  cs_insn *last;
  // By process, for a block that is called: how often, by how many calls that have not returned, and what they executed.
  struct { uint64_t calls, active, instructions; } inside[MOST_PROCESSES];
};

static struct block *blocks[MOST_BLOCKS];
static int block_count;
static csh decoder;

static void out_of_memory(void) {
  fprintf(stderr, "counted: no memory\n");
  exit(125);
}

static int peek(pid_t pid, uint64_t address, uint64_t *value) {
  errno = 0;
  *value = ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
  return errno ? -1 : 0;
}

static int poke(pid_t pid, uint64_t address, uint64_t value) { return ptrace(PTRACE_POKEDATA, pid, (void *)address, (void *)value) ? -1 : 0; }

static struct block **place(uint64_t start) {
  uint64_t slot = (start * 0x9e3779b97f4a7c15ull) >> 46;
  while (blocks[slot] && blocks[slot]->start != start) slot = (slot + 1) % MOST_BLOCKS;
  return &blocks[slot];
}

// A copy of the code at `address` as it was before breakpoints; returns its length.
static size_t code(pid_t pid, uint64_t address, uint8_t *bytes, size_t most) {
  size_t length = 0;
  for (uint64_t word; length < most && peek(pid, address + length, &word) == 0; length += 8) memcpy(bytes + length, &word, 8);
  for (size_t at = 0; at < length; at++) {
    struct block *known = bytes[at] == BREAKPOINT ? *place(address + at) : NULL;
    if (known && known->at_end == known) bytes[at] = known->original;
  }
  return length;
}

static int ends_block(const cs_insn *instruction) {
  for (int i = 0; i < instruction->detail->groups_count; i++) {
    uint8_t group = instruction->detail->groups[i];
    if (group == CS_GRP_JUMP || group == CS_GRP_CALL || group == CS_GRP_RET || group == CS_GRP_IRET) return 1;
  }
  return instruction->id == X86_INS_XBEGIN;
}

static int can_be_carried_out(const cs_insn *instruction) {
  switch (instruction->id) {
  case X86_INS_JMP: case X86_INS_CALL: case X86_INS_RET:
  case X86_INS_JA: case X86_INS_JAE: case X86_INS_JB: case X86_INS_JBE: case X86_INS_JE: case X86_INS_JNE: case X86_INS_JG: case X86_INS_JGE:
  case X86_INS_JL: case X86_INS_JLE: case X86_INS_JO: case X86_INS_JNO: case X86_INS_JP: case X86_INS_JNP: case X86_INS_JS: case X86_INS_JNS:
    return 1;
  }
  return 0;
}

static struct block *add(uint64_t start) {
  struct block *made = calloc(1, sizeof *made);
  if (!made || block_count > MOST_BLOCKS / 2) out_of_memory();
  made->start = start;
  made->number = block_count++;
  *place(start) = made;
  return made;
}

// The block at `start`; NULL where its code cannot be read.
static struct block *block_at(pid_t pid, uint64_t start) {
  struct block *block = *place(start);
  if (block) return block;
  if (!decoder) {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder) || cs_option(decoder, CS_OPT_DETAIL, CS_OPT_ON)) out_of_memory();
  }
  uint8_t bytes[64];
  uint64_t address = start, last = start;
  uint32_t instructions = 0;
  cs_insn *instruction = cs_malloc(decoder);
  int is_end = 0;
  // What the decoder does not know ends a block, too, and is executed by a single step.
  while (!is_end) {
    size_t length = code(pid, address, bytes, sizeof bytes);
    if (length == 0 && instructions == 0) return cs_free(instruction, 1), NULL;
    const uint8_t *rest = bytes;
    last = address;
    if (!cs_disasm_iter(decoder, &rest, &length, &address, instruction)) instruction->id = 0, is_end = 1;
    else is_end = ends_block(instruction);
    instructions++;
  }
  struct block *at_end = last == start ? NULL : *place(last);
  if (!at_end) {
    at_end = add(last);
    at_end->end = last, at_end->next = address, at_end->instructions = 1, at_end->at_end = at_end, at_end->last = instruction;
    at_end->is_known = can_be_carried_out(instruction);
    uint8_t first[8];
    if (code(pid, last, first, sizeof first) == 0) out_of_memory();
    at_end->original = first[0];
  } else {
    cs_free(instruction, 1);
  }
  if (last == start) return at_end;
  block = add(start);
  block->end = last, block->next = at_end->next, block->instructions = instructions, block->at_end = at_end;
  block->last = at_end->last, block->is_known = at_end->is_known;
  return block;
}

static int set_byte(pid_t pid, uint64_t address, uint8_t byte) {
  uint64_t word;
  if (peek(pid, address, &word)) return -1;
  return (word & 0xff) == byte ? 0 : poke(pid, address, (word & ~0xffull) | byte);
}

static uint64_t register_value(const struct user_regs_struct *r, unsigned name, uint64_t next, int *is_known) {
  switch (name) {
  case X86_REG_INVALID: return 0;
  case X86_REG_RIP: return next;
  case X86_REG_RAX: return r->rax; case X86_REG_RBX: return r->rbx; case X86_REG_RCX: return r->rcx; case X86_REG_RDX: return r->rdx;
  case X86_REG_RSI: return r->rsi; case X86_REG_RDI: return r->rdi; case X86_REG_RBP: return r->rbp; case X86_REG_RSP: return r->rsp;
  case X86_REG_R8: return r->r8; case X86_REG_R9: return r->r9; case X86_REG_R10: return r->r10; case X86_REG_R11: return r->r11;
  case X86_REG_R12: return r->r12; case X86_REG_R13: return r->r13; case X86_REG_R14: return r->r14; case X86_REG_R15: return r->r15;
  case X86_REG_FS: return r->fs_base; case X86_REG_GS: return r->gs_base;
  }
  *is_known = 0;
  return 0;
}

static int is_taken(unsigned id, uint64_t flags) {
  int carry = flags & 1, parity = flags >> 2 & 1, zero = flags >> 6 & 1, sign = flags >> 7 & 1, overflow = flags >> 11 & 1;
  switch (id) {
  case X86_INS_JA: return !carry && !zero;
  case X86_INS_JAE: return !carry;
  case X86_INS_JB: return carry;
  case X86_INS_JBE: return carry || zero;
  case X86_INS_JE: return zero;
  case X86_INS_JNE: return !zero;
  case X86_INS_JG: return !zero && sign == overflow;
  case X86_INS_JGE: return sign == overflow;
  case X86_INS_JL: return sign != overflow;
  case X86_INS_JLE: return zero || sign != overflow;
  case X86_INS_JO: return overflow;
  case X86_INS_JNO: return !overflow;
  case X86_INS_JP: return parity;
  case X86_INS_JNP: return !parity;
  case X86_INS_JS: return sign;
  case X86_INS_JNS: return !sign;
  }
  return 1;  // jmp and call
}

static void returned(struct process *process, uint64_t stack_pointer) {
  while (process->depth && process->stack[process->depth - 1].stack_pointer < stack_pointer) {
    struct call *call = &process->stack[--process->depth];
    struct block *function = *place(call->function);
    // A function that calls itself has all of it in its first call.
    if (function && --function->inside[process->index].active == 0) function->inside[process->index].instructions += process->instructions - call->instructions_before;
  }
}

static void called(struct process *process, uint64_t function, uint64_t stack_pointer) {
  struct block *block = block_at(process->pid, function);
  if (!block || process->depth == DEEPEST) return;
  block->inside[process->index].calls++;
  block->inside[process->index].active++;
  process->stack[process->depth++] = (struct call){function, stack_pointer, process->instructions};
}

// Where the block's last instruction leads, with what it does to the stack; -1 where that is for the processor to do.
static int carry_out(struct process *process, const struct block *block, struct user_regs_struct *r) {
  pid_t pid = process->pid;
  const cs_insn *instruction = block->last;
  const cs_x86_op *operand = &instruction->detail->x86.operands[0];
  int is_known = block->is_known, operands = instruction->detail->x86.op_count;
  uint64_t target = 0;
  if (!is_known || operands > 1) return -1;
  if (instruction->id == X86_INS_RET) {
    if (peek(pid, r->rsp, &target)) return -1;
    r->rsp += 8 + (operands ? (uint64_t)operand->imm : 0);
    returned(process, r->rsp);
  } else if (!is_taken(instruction->id, r->eflags)) {
    target = block->next;
  } else if (operand->type == X86_OP_IMM) {
    target = operand->imm;
  } else if (operand->type == X86_OP_REG && operand->size == 8) {
    target = register_value(r, operand->reg, block->next, &is_known);
  } else if (operand->type == X86_OP_MEM && operand->size == 8) {
    uint64_t address = operand->mem.disp + register_value(r, operand->mem.segment, block->next, &is_known) +
                       register_value(r, operand->mem.base, block->next, &is_known) +
                       register_value(r, operand->mem.index, block->next, &is_known) * operand->mem.scale;
    if (!is_known || peek(pid, address, &target)) return -1;
  } else {
    return -1;
  }
  if (!is_known) return -1;
  if (instruction->id == X86_INS_CALL) {
    if (poke(pid, r->rsp - 8, block->next)) return -1;
    r->rsp -= 8;
    called(process, target, r->rsp);
  }
  r->rip = target;
  return 0;
}

static void count_block(struct process *process, const struct block *block) {
  process->instructions += block->instructions;
  process->executed[block->number]++;
}

static int set_breakpoint(struct process *process, const struct block *block) {
  uint8_t *is_set = &process->patched[block->at_end->number];
  if (!*is_set && set_byte(process->pid, block->end, BREAKPOINT) == 0) *is_set = 1;
  return *is_set;
}

static void go(struct process *process, int request, int signal) { ptrace(request, process->pid, NULL, (void *)(long)signal); }

// Lets the process go on at the registers' place, by whatever tells of the next place where it may go elsewhere.
static void run_on(struct process *process, struct user_regs_struct *r, int is_changed) {
  struct block *block = process->is_single ? NULL : block_at(process->pid, r->rip);
  // A jump that is led to needs no breakpoint: it can be carried out at once.
  while (block && block->at_end == block && carry_out(process, block, r) == 0) {
    count_block(process, block);
    is_changed = 1;
    block = block_at(process->pid, r->rip);
  }
  if (is_changed) {
    // Only these two change, and nothing that a system call would begin again by.
    ptrace(PTRACE_POKEUSER, process->pid, (void *)offsetof(struct user_regs_struct, rip), (void *)r->rip);
    ptrace(PTRACE_POKEUSER, process->pid, (void *)offsetof(struct user_regs_struct, rsp), (void *)r->rsp);
  }
  if (process->has_handed_over) block = NULL;
  process->block = block;
  process->last = r->rip;
  process->is_stepped = !block || block->at_end == block || !set_breakpoint(process, block);
  if (process->is_stepped && block && block->at_end == block) {
    // A process that was forked has breakpoints that it is not known to have.
    set_byte(process->pid, block->end, block->original);
    process->patched[block->number] = 0;
  }
  go(process, process->is_stepped ? PTRACE_SINGLESTEP : PTRACE_CONT, 0);
}

void blocks_begin(struct process *process, int is_single) {
  struct user_regs_struct r;
  process->is_single = is_single;
  process->patched = calloc(MOST_BLOCKS, 1);
  process->executed = calloc(MOST_BLOCKS, sizeof *process->executed);
  process->stack = calloc(DEEPEST, sizeof *process->stack);
  if (!process->patched || !process->executed || !process->stack) out_of_memory();
  if (is_single) blocks_leave(process);
  if (ptrace(PTRACE_GETREGS, process->pid, NULL, &r) == 0) run_on(process, &r, 0);
}

int blocks_trapped(struct process *process) {
  struct user_regs_struct r;
  struct block *block = process->block;
  if (ptrace(PTRACE_GETREGS, process->pid, NULL, &r)) return 1;
  if (process->is_stepped) {
    if (block && block->at_end == block)
      count_block(process, block);
    else
      process->instructions += r.rip != process->last;
    run_on(process, &r, 0);
    return 1;
  }
  struct block *hit = *place(r.rip - 1);
  if (!hit || hit->at_end != hit) return 0;
  r.rip--;
  if (!block || block->at_end != hit) {
    process->lost++;
  } else if (block != hit) {
    count_block(process, block);
    // The last instruction counts where it is carried out or stepped over.
    process->instructions--;
  }
  run_on(process, &r, 1);
  return 1;
}

void blocks_continue(struct process *process, int signal) {
  go(process, process->patched && process->is_stepped ? PTRACE_SINGLESTEP : PTRACE_CONT, signal);
}

void blocks_leave(struct process *process) {
  for (int slot = 0; slot < MOST_BLOCKS; slot++)
    if (blocks[slot] && blocks[slot]->at_end == blocks[slot]) {
      uint64_t word;
      if (peek(process->pid, blocks[slot]->end, &word) == 0 && (word & 0xff) == BREAKPOINT)
        set_byte(process->pid, blocks[slot]->end, blocks[slot]->original);
    }
}

void blocks_write(FILE *output, struct process *table, int count) {
  for (int i = 0; i < count; i++) returned(&table[i], UINT64_MAX);
  for (int slot = 0; slot < MOST_BLOCKS; slot++) {
    struct block *block = blocks[slot];
    for (int i = 0; block && i < count; i++) {
      uint64_t times = table[i].executed ? table[i].executed[block->number] : 0;
      uint64_t own = times * (block->instructions - (block->at_end != block));
      if (times) fprintf(output, "%d %llx %llu\n", i, (unsigned long long)block->start, (unsigned long long)own);
      if (block->inside[i].calls)
        fprintf(output, "%d %llx %llu %llu\n", i, (unsigned long long)block->start, (unsigned long long)block->inside[i].instructions,
                (unsigned long long)block->inside[i].calls);
    }
  }
}
