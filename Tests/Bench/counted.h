// What the two halves of `counted` share: counted.c traces processes, counted_blocks.c counts the instructions that they execute.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define MOST_PROCESSES 16
#define MOST_CALLS 600

// Code from an address to the first instruction behind it that may go elsewhere.
struct block;

struct process {
  pid_t pid;
  int index;          // in the table
  int parent;         // its index; -1 for the first
  const char *end;    // "exec", "exit", "left"; NULL while it is counted
  int has_begun;      // its first stop is behind it
  int is_leaving;     // SIGSTOP is under way, to let go of it
  long calls, faults, faults_before;
  int is_executing;   // its last call was execve, at which its faults were taken
  long by_number[MOST_CALLS];
  uint64_t instructions;
  uint64_t lost;      // stops that no block explains; instructions before them are not counted
  struct block *block;  // what it executes; NULL where that is not known
  uint64_t last;      // where it was when it went on
  int is_stepped;     // it went on by a single step
  int is_single;      // it always does: its memory cannot be written all the time
  int has_handed_over;  // its memory is that of a process it made, and so are the breakpoints: it goes by single steps, and leaves them
  uint8_t *patched;   // by number of the block's end: whether the process's memory has the breakpoint
  uint32_t *executed;  // by number of the block: how often
  struct call *stack;  // the calls that it is in
  int depth;
};

// From here on the instructions of the process are counted; it stands at the first of them. Lets it go on.
void blocks_begin(struct process *process, int is_single);
// The process has stopped by SIGTRAP: counts what it executed since the last time, and lets it go on. Returns 0 where the signal is none of ours.
int blocks_trapped(struct process *process);
// The process has stopped for another reason: lets it go on, with `signal`.
void blocks_continue(struct process *process, int signal);
// Takes all breakpoints out of a process.
void blocks_leave(struct process *process);
// Writes "INDEX ADDRESS INSTRUCTIONS" for each block that a process executed, and "INDEX ADDRESS INSTRUCTIONS CALLS" for each function that
// was called, with what it called.
void blocks_write(FILE *output, struct process *table, int count);
