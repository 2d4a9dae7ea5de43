// filter FILE: reads names of system calls from standard input, one a line, and writes a seccomp program to FILE that
// allows them and refuses the rest with EPERM.
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (argc != 2 || !context) return 2;
    seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2); // a binary tree
    char name[128];
    while (scanf("%127s", name) == 1) {
        int number = seccomp_syscall_resolve_name(name);
        if (number >= 0) seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0);
    }
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || seccomp_export_bpf(context, fd) < 0) return perror(argv[1]), 1;
    seccomp_release(context);
    return 0;
}
