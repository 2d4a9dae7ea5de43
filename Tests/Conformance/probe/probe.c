// The process in the container of a conformance test, a static program without needs:
//   probe report [ACTION...]   prints what it is and sees as one JSON object, and exits with 0
//   probe wait [FILE]          makes FILE, if it is named, and waits; a signal S that is not ignored ends it with 64 + S
//   probe exit STATUS          exits
//   probe save FILE            prints the report into FILE instead
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void ended(int signal) { _exit(64 + signal); }

static int wait_for_signals(const char *path) {
  struct sigaction action = {.sa_handler = ended};
  for (int i = 1; i < 32; i++)
    if (i != SIGCHLD && i != SIGWINCH && i != SIGCONT) sigaction(i, &action, NULL);
  if (path) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return 1;
    close(file);
  }
  for (;;) pause();
}

static int report(int argc, char **argv, char **env, int first) {
  static char buffer[1 << 20];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  json_open(NULL, '{');
  // Before anything is opened.
  report_descriptors();
  report_identity(argc, argv, env);
  report_privileges();
  report_limits();
  report_scheduling();
  report_terminal();
  report_kernel_files();
  report_nodes("dev", "/dev");
  json_open("actions", '{');
  for (int i = first; i < argc; i++) do_action(argv[i]);
  json_close('}');
  json_close('}');
  putchar('\n');
  return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv, char **env) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "report")) return report(argc, argv, env, 2);
  if (!strcmp(mode, "wait")) return wait_for_signals(argc > 2 ? argv[2] : NULL);
  if (!strcmp(mode, "exit") && argc == 3) return atoi(argv[2]);
  if (!strcmp(mode, "save") && argc >= 3) {
    // Under another name first: who waits for the file finds it whole.
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.part", argv[2]);
    // Not freopen: descriptor 1 stays what it is, since the report tells of it.
    stdout = fopen(temporary, "we");
    if (!stdout || report(argc, argv, env, 3)) return 1;
    return rename(temporary, argv[2]) ? 1 : 0;
  }
  fprintf(stderr, "usage: probe report [ACTION...] | wait [FILE] | exit STATUS | save FILE [ACTION...]\n");
  return 99;
}
