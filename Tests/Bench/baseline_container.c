// The container's side: from a new process in new namespaces to the command.
#include "baseline.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

// Docker's default capabilities, as bits.
static const uint32_t default_capabilities = 0xa80425fb;

static void new_network(void) {
    must(unshare(CLONE_NEWNET), "unshare network");
    int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    struct ifreq request = {.ifr_flags = IFF_UP};
    strcpy(request.ifr_name, "lo");
    must(ioctl(fd, SIOCSIFFLAGS, &request), "bring lo up");
    close(fd);
}

static void mount_kernel_file_systems(const struct run *run) {
    const unsigned long quiet = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    must(mount("proc", "proc", "proc", quiet, NULL), "mount proc");
    if (run->host_network) {
        // sysfs belongs to a network namespace: without one of our own, the host's is all there is.
        must(mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL), "mount sys");
    } else {
        must(mount("sysfs", "sys", "sysfs", quiet | MS_RDONLY, NULL), "mount sysfs");
        must(mount("cgroup2", "sys/fs/cgroup", "cgroup2", quiet | MS_RDONLY, NULL), "mount cgroup2");
    }
}

static void make_dev(void) {
    const unsigned long quiet = MS_NOSUID | MS_NOEXEC;
    must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "mount dev");
    int dev = must(open("dev", O_PATH | O_DIRECTORY | O_CLOEXEC), "dev");
    mkdirat(dev, "pts", 0755);
    mkdirat(dev, "shm", 01777);
    mkdirat(dev, "mqueue", 01777);
    must(mount("devpts", "dev/pts", "devpts", quiet, "newinstance,ptmxmode=0666,mode=0620,gid=5"), "mount devpts");
    must(mount("shm", "dev/shm", "tmpfs", quiet | MS_NODEV, "mode=1777,size=65536k"), "mount shm");
    must(mount("mqueue", "dev/mqueue", "mqueue", quiet | MS_NODEV, NULL), "mount mqueue");
    static const char *nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
    for (unsigned i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        char source[32], target[32];
        snprintf(source, sizeof source, "/dev/%s", nodes[i]);
        snprintf(target, sizeof target, "dev/%s", nodes[i]);
        mknodat(dev, nodes[i], S_IFREG | 0644, 0);
        must(mount(source, target, NULL, MS_BIND, NULL), target);
    }
    symlinkat("/proc/self/fd", dev, "fd");
    symlinkat("/proc/self/fd/0", dev, "stdin");
    symlinkat("/proc/self/fd/1", dev, "stdout");
    symlinkat("/proc/self/fd/2", dev, "stderr");
    symlinkat("pts/ptmx", dev, "ptmx");
    close(dev);
}

static void bind_etc(const struct run *run) {
    static const char *files[] = {"hosts", "hostname", "resolv.conf"};
    for (int i = 0; i < 3; i++) {
        char source[600], target[32];
        snprintf(source, sizeof source, "%s/%s", run->runtime, files[i]);
        snprintf(target, sizeof target, "etc/%s", files[i]);
        must(mount(source, target, NULL, MS_BIND, NULL), target);
    }
}

// What is masked may be missing on this kernel.
static void hide(void) {
    static const char *files[] = {"proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/sched_debug"};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) mount("/dev/null", files[i], NULL, MS_BIND, NULL);
    static const char *folders[] = {"proc/acpi", "proc/scsi", "sys/firmware", "sys/devices/virtual/powercap"};
    const char *empty = NULL;
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (empty) mount(empty, folders[i], NULL, MS_BIND, NULL);
        else if (mount("tmpfs", folders[i], "tmpfs", MS_RDONLY, "size=0k,nr_inodes=1") == 0) empty = folders[i];
    }
    static const char *read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
    for (unsigned i = 0; i < sizeof read_only / sizeof *read_only; i++) {
        int tree = syscall(SYS_open_tree, AT_FDCWD, read_only[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0) continue;
        struct mount_attr attributes = {
            .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
        must(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes), "mount_setattr");
        must(syscall(SYS_move_mount, tree, "", AT_FDCWD, read_only[i], MOVE_MOUNT_F_EMPTY_PATH), read_only[i]);
        close(tree);
    }
}

static void drop_privileges(const void *filter, size_t filter_bytes) {
    for (int capability = 0; capability <= 40; capability++)
        if (capability > 31 || !(default_capabilities >> capability & 1)) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{default_capabilities, default_capabilities, 0}, {0, 0, 0}};
    must(syscall(SYS_capset, &header, sets), "capset");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!filter) return;
    struct sock_fprog program = {filter_bytes / sizeof(struct sock_filter), (struct sock_filter *)filter};
    must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

static void execute(const struct run *run) {
    char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", NULL};
    static const char *folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
    if (strchr(run->command[0], '/')) execve(run->command[0], run->command, environment);
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folders[i], run->command[0]);
        execve(path, run->command, environment);
    }
    _exit(127);
}

void container_main(const struct run *run, int root_pipe, int out, int err, const void *filter, size_t filter_bytes) {
    if (!run->host_network) new_network();
    must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "make mounts slaves");
    int root;
    must(read(root_pipe, &root, sizeof root) == sizeof root ? 0 : -1, "read the root's descriptor");
    must(syscall(SYS_move_mount, root, "", AT_FDCWD, run->mount_point, MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
    must(fchdir(root), "fchdir");
    mount_kernel_file_systems(run);
    make_dev();
    bind_etc(run);
    hide();
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount2");
    must(chdir("/"), "chdir");
    must(sethostname(run->id, 12), "sethostname");
    setgroups(0, NULL);
    setsid();
    // From here on a descriptor table of our own, all of it closed by execve.
    must(syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC), "close_range");
    dup2(must(open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null"), 0);
    dup2(out, 1);
    dup2(err, 2);
    drop_privileges(filter, filter_bytes);
    execute(run);
}
