// The parts of the conformance suite's helper: what it prints is one JSON object.
#pragma once
#include <stdbool.h>

// json.c: values in the order in which they are printed; names are nil inside lists.
void json_open(const char *name, char bracket);
void json_close(char bracket);
void json_number(const char *name, long long value);
void json_unsigned(const char *name, unsigned long long value);
void json_bool(const char *name, bool value);
void json_text(const char *name, const char *text);
void json_bytes(const char *name, const char *text, unsigned long length);

// facts_*.c: what the process is, and what it sees.
void report_identity(int argc, char **argv, char **env);
void report_privileges(void);
void report_limits(void);
void report_scheduling(void);
void report_descriptors(void);
void report_terminal(void);
void report_kernel_files(void);
void report_nodes(const char *name, const char *directory);

// actions.c: does what `text` says ("VERB [ARGUMENT...]") and reports errno and findings.
void do_action(const char *text);
