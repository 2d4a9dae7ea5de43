// The C engine that apus is measured against: what a start costs when nothing but the kernel's work is done.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// One run's options and what is derived of them.
struct run {
    const char *lower;     // the image's root file system, below which nothing is written
    const char *init_layer;  // a lower directory with the mount points that every container needs
    const char *store;     // where upper directories are made, on disk
    const char *state;     // where state, logs and files for /etc are made, on a tmpfs
    const char *cgroup;    // a writable cgroup v2 directory, or NULL
    const char *filter;    // a file with a compiled seccomp program, or NULL
    const char *mount_point;
    int host_network;
    char **command;
    char id[33];
    char container[512], runtime[512], group[512];
};

// Ends the process with 125 and a sentence, unless the call's result is not negative.
long must(long result, const char *what);
void write_file(const char *path, const char *text);
int exit_code(pid_t pid);
void remove_tree(int directory, const char *name);

// Starts the process that holds the user and mount namespace which runs join; prints its id.
int keeper_main(const char *pid_file);
void join_keeper(const char *pid_file);

// The container's first process: never returns. `root_pipe` brings the number of the root's mount descriptor.
void container_main(const struct run *run, int root_pipe, int out, int err, const void *filter, size_t filter_bytes);
