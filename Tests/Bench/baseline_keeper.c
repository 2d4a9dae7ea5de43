// The namespace that starts join: 14 microseconds, where mapping a new one costs two milliseconds.
#include "baseline.h"

#include <grp.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

// The first range of `file` (subuid(5)) for the user that $USER names.
static void subordinate_range(const char *file, char first[16], char count[16]) {
    const char *user = getenv("USER");
    FILE *lines = fopen(file, "re");
    must(user && lines ? 0 : -1, file);
    char line[256], name[64];
    while (fgets(line, sizeof line, lines))
        if (sscanf(line, "%63[^:]:%15[0-9]:%15[0-9]", name, first, count) == 3 && !strcmp(name, user)) {
            fclose(lines);
            return;
        }
    errno = ENOENT;
    must(-1, file);
}

static pid_t start_helper(const char *helper, const char *ranges, pid_t pid, unsigned own) {
    char first[16], count[16], target[16], self[16];
    subordinate_range(ranges, first, count);
    snprintf(target, sizeof target, "%d", pid);
    snprintf(self, sizeof self, "%u", own);
    pid_t child = must(fork(), "fork");
    if (child == 0) {
        execl(helper, helper, target, "0", self, "1", "1", first, count, (char *)NULL);
        _exit(127);
    }
    return child;
}

static void become_root(void) {
    must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
    must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
}

int keeper_main(const char *pid_file) {
    int mapped[2], ready[2];
    must(pipe2(mapped, O_CLOEXEC) | pipe2(ready, O_CLOEXEC), "pipe2");
    struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS, .exit_signal = SIGCHLD};
    pid_t pid = must(syscall(SYS_clone3, &args, sizeof args), "clone3");
    char byte = 'x';
    if (pid == 0) {
        close(mapped[1]);
        if (read(mapped[0], &byte, 1) != 1) _exit(125);
        setsid();
        become_root();
        must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "mount");
        prctl(PR_SET_DUMPABLE, 1); // or nobody could open its namespaces
        must(write(ready[1], &byte, 1), "write");
        for (int fd = 0; fd < 64; fd++) close(fd);
        for (;;) pause();
    }
    pid_t uids = start_helper("/usr/bin/newuidmap", "/etc/subuid", pid, getuid());
    pid_t gids = start_helper("/usr/bin/newgidmap", "/etc/subgid", pid, getgid());
    must(exit_code(uids) | exit_code(gids) ? -1 : 0, "newuidmap");
    must(write(mapped[1], &byte, 1), "write");
    close(ready[1]);
    must(read(ready[0], &byte, 1) == 1 ? 0 : -1, "keeper");
    char text[16];
    snprintf(text, sizeof text, "%d", pid);
    write_file(pid_file, text);
    puts(text);
    return 0;
}

void join_keeper(const char *pid_file) {
    char text[16] = "";
    int fd = must(open(pid_file, O_RDONLY | O_CLOEXEC), pid_file);
    must(read(fd, text, sizeof text - 1), pid_file);
    close(fd);
    int keeper = must(syscall(SYS_pidfd_open, atoi(text), 0), "pidfd_open");
    must(setns(keeper, CLONE_NEWUSER | CLONE_NEWNS), "setns");
    close(keeper);
    become_root();
}
