// baseline keeper PIDFILE
// baseline run OPTION… -- COMMAND…
//
// A container engine reduced to what a start cannot do without: it joins a namespace that a keeper holds, forks a
// supervisor, makes a container (overlay, masks, capabilities, seccomp, cgroup), copies its output to a log, tells
// the exit code and cleans up. Work that does not depend on other work runs beside it.
#include "baseline.h"

#include <dirent.h>
#include <grp.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>

long must(long result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "baseline: %s: %s\n", what, strerror(errno));
        _exit(125);
    }
    return result;
}

void write_file(const char *path, const char *text) {
    int fd = must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), path);
    must(write(fd, text, strlen(text)), path);
    close(fd);
}

int exit_code(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void remove_tree(int directory, const char *name) {
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(directory, name, 0700, 0) == 0)
        fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        unlinkat(directory, name, 0);
        return;
    }
    DIR *listing = fdopendir(fd);
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (entry->d_type != DT_DIR) unlinkat(fd, entry->d_name, 0);
        else if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0) remove_tree(fd, entry->d_name);
    }
    closedir(listing);
    unlinkat(directory, name, AT_REMOVEDIR);
}

// A detached overlay mount of the image: it is made in the supervisor while init makes its network namespace.
static int overlay_mount(const struct run *run) {
    int fs = must(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), "fsopen overlay");
    const struct {
        const char *key, *value;
    } parts[] = {{"lowerdir+", run->init_layer}, {"lowerdir+", run->lower}};
    for (unsigned i = 0; i < 2; i++)
        must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, parts[i].key, parts[i].value, 0), "fsconfig lowerdir+");
    must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0), "fsconfig userxattr");
    must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0), "fsconfig volatile");
    char path[600];
    snprintf(path, sizeof path, "%s/upper", run->container);
    must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "upperdir", path, 0), "fsconfig upperdir");
    snprintf(path, sizeof path, "%s/work", run->container);
    must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "workdir", path, 0), "fsconfig workdir");
    must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig create");
    int mount = must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0), "fsmount");
    close(fs);
    return mount;
}

static void make_directories(const struct run *run) {
    char path[600];
    must(mkdir(run->runtime, 0700), run->runtime);
    must(mkdir(run->container, 0700), run->container);
    snprintf(path, sizeof path, "%s/upper", run->container);
    must(mkdir(path, 0755), path);
    snprintf(path, sizeof path, "%s/work", run->container);
    must(mkdir(path, 0700), path);
    static const char *etc[] = {"hosts", "hostname", "resolv.conf"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", run->runtime, etc[i]);
        write_file(path, "127.0.0.1 localhost\n");
    }
}

static void write_state(const struct run *run, const char *status, int pid, int code) {
    char path[600], text[2048];
    int length = snprintf(text, sizeof text, "{\"id\":\"%s\",\"status\":\"%s\",\"pid\":%d,\"code\":%d}", run->id, status,
                          pid, code);
    memset(text + length, ' ', 1500 - length); // as long as an engine's record
    text[1500] = '\0';
    snprintf(path, sizeof path, "%s/%s.json", run->runtime, status);
    write_file(path, text);
}

// Copies what the container writes to our own output and to the log, until it ends.
static void serve(int pidfd, const int streams[2], int log) {
    struct pollfd set[3] = {{pidfd, POLLIN, 0}, {streams[0], POLLIN, 0}, {streams[1], POLLIN, 0}};
    char buffer[65536];
    for (int ended = 0; !ended;) {
        poll(set, 3, -1);
        ended = set[0].revents != 0;
        for (int i = 1; i < 3; i++) {
            if (ended) fcntl(set[i].fd, F_SETFL, O_NONBLOCK);
            ssize_t got = 1;
            while (set[i].revents & POLLIN && (got = read(set[i].fd, buffer, sizeof buffer)) > 0) {
                must(write(i, buffer, got), "write output");
                must(write(log, buffer, got), "write log");
                if (!ended) break;
            }
            if (got == 0) set[i].fd = -1;
        }
    }
}

static void supervise(struct run *run, int answer, const void *filter, size_t filter_bytes) {
    int group = -1;
    if (run->cgroup) {
        must(mkdir(run->group, 0755), run->group);
        group = must(open(run->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC), run->group);
    }
    int out[2], err[2], root[2], pidfd = -1;
    must(pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC) | pipe2(root, O_CLOEXEC), "pipe2");
    // A shared descriptor table hands the root's mount over by its number.
    struct clone_args args = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD | CLONE_FILES |
                 (group >= 0 ? CLONE_INTO_CGROUP : 0),
        .exit_signal = SIGCHLD,
        .pidfd = (uintptr_t)&pidfd,
        .cgroup = group >= 0 ? group : 0,
    };
    pid_t init = must(syscall(SYS_clone3, &args, sizeof args), "clone3");
    if (init == 0) container_main(run, root[0], out[1], err[1], filter, filter_bytes);

    make_directories(run);
    int mount = overlay_mount(run);
    must(write(root[1], &mount, sizeof mount), "write to init");
    write_state(run, "running", init, 0);
    char path[600];
    snprintf(path, sizeof path, "%s/log", run->runtime);
    int log = must(open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600), path);

    serve(pidfd, (int[]){out[0], err[0]}, log);
    int code = exit_code(init);
    write_state(run, "exited", init, code);
    unsigned char byte = code;
    must(write(answer, &byte, 1), "answer");
    close(answer);

    // The client is gone by now: nobody waits for what follows.
    close(mount);
    while (run->cgroup && rmdir(run->group) < 0 && errno == EBUSY) usleep(100);
    remove_tree(AT_FDCWD, run->container);
    remove_tree(AT_FDCWD, run->runtime);
    _exit(0);
}

static int run_main(struct run *run, const char *keeper) {
    void *filter = NULL;
    size_t filter_bytes = 0;
    if (run->filter) {
        int fd = must(open(run->filter, O_RDONLY | O_CLOEXEC), run->filter);
        struct stat status;
        must(fstat(fd, &status), run->filter);
        filter_bytes = status.st_size;
        filter = malloc(filter_bytes);
        must(read(fd, filter, filter_bytes), run->filter);
        close(fd);
    }
    uint64_t random[2];
    must(syscall(SYS_getrandom, random, sizeof random, 0), "getrandom");
    snprintf(run->id, sizeof run->id, "%016lx%016lx", random[0], random[1]);
    snprintf(run->container, sizeof run->container, "%s/%s", run->store, run->id);
    snprintf(run->runtime, sizeof run->runtime, "%s/%s", run->state, run->id);
    if (run->cgroup) snprintf(run->group, sizeof run->group, "%s/%s", run->cgroup, run->id);
    join_keeper(keeper);

    int answer[2];
    must(pipe2(answer, O_CLOEXEC), "pipe2");
    pid_t supervisor = must(fork(), "fork");
    if (supervisor == 0) {
        setsid();
        close(answer[0]);
        supervise(run, answer[1], filter, filter_bytes);
    }
    close(answer[1]);
    unsigned char code;
    return read(answer[0], &code, 1) == 1 ? code : 125;
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "keeper")) return keeper_main(argv[2]);
    struct run run = {0};
    const char *keeper = NULL;
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--keeper", &keeper},        {"--lower", &run.lower},   {"--init-layer", &run.init_layer},
        {"--store", &run.store},      {"--state", &run.state},   {"--mount-point", &run.mount_point},
        {"--cgroup", &run.cgroup},    {"--filter", &run.filter},
    };
    int i = 2;
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "--host-network")) {
            run.host_network = 1;
            continue;
        }
        unsigned known = 0;
        for (unsigned k = 0; k < sizeof options / sizeof *options; k++)
            if (!strcmp(argv[i], options[k].name) && i + 1 < argc) *options[k].value = argv[++i], known = 1;
        if (!known) return fprintf(stderr, "baseline: unknown option %s\n", argv[i]), 125;
    }
    run.command = argv + i + 1;
    if (i + 1 >= argc || !keeper || !run.lower || !run.init_layer || !run.store || !run.state || !run.mount_point)
        return fprintf(stderr, "baseline: options or command missing\n"), 125;
    return run_main(&run, keeper);
}
