import Linux
import OCI

extension DefaultProfile {
    /// The whole profile, by purpose.
    static let groups: [Group] = unconditional + byArgument + byArchitecture + byCapability

    private static let unconditional: [Group] = [
        // Open, read and write.
        Group(
            """
            open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 flock ioctl
            read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek readahead
            sendfile sendfile64 splice tee vmsplice copy_file_range cachestat
            fallocate truncate truncate64 ftruncate ftruncate64 fadvise64 fadvise64_64
            sync syncfs fsync fdatasync sync_file_range pipe pipe2 memfd_create memfd_secret
            """),
        // Names, directories and what stat(2) tells. A handle can be had by all, but only be opened with a capability.
        Group(
            """
            access faccessat faccessat2 chdir fchdir getcwd getdents getdents64 umask
            stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64
            statmount listmount link linkat symlink symlinkat readlink readlinkat rename renameat renameat2
            unlink unlinkat mkdir mkdirat rmdir mknod mknodat name_to_handle_at
            """),
        // Owners, modes, times and extended attributes.
        Group(
            """
            chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32
            utime utimes utimensat utimensat_time64 futimesat
            getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
            listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
            """),
        // Waiting for files and events. The two old calls of epoll have numbers and no code behind them.
        Group(
            """
            select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
            epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
            eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
            fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
            """),
        // Memory.
        Group(
            """
            brk mmap mmap2 mremap munmap mprotect madvise mincore msync mseal remap_file_pages map_shadow_stack
            mlock mlock2 mlockall munlock munlockall pkey_alloc pkey_free pkey_mprotect membarrier process_mrelease
            """),
        // Processes and threads; new ones by clone(2) are under conditions below.
        Group(
            """
            fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid
            getpgid getpgrp setpgid getsid setsid set_tid_address get_robust_list set_robust_list rseq
            get_thread_area set_thread_area prctl uname sysinfo getcpu getrandom restart_syscall
            pidfd_open pidfd_send_signal riscv_hwprobe uretprobe
            """),
        // Users and groups, and what a process takes from itself: capabilities, calls, paths.
        Group(
            """
            getuid getuid32 geteuid geteuid32 getresuid getresuid32 getgid getgid32 getegid getegid32
            getresgid getresgid32 getgroups getgroups32 setuid setuid32 setreuid setreuid32 setresuid setresuid32
            setgid setgid32 setregid setregid32 setresgid setresgid32 setgroups setgroups32
            setfsuid setfsuid32 setfsgid setfsgid32 capget capset seccomp
            landlock_create_ruleset landlock_add_rule landlock_restrict_self
            """),
        // Signals and locks.
        Group(
            """
            kill tkill tgkill pause sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask
            rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
            futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue
            """),
        // Time. The calls that adjust clocks read them, too; the kernel asks for a capability before they set any.
        Group(
            """
            time times gettimeofday adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
            clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 nanosleep
            alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
            timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
            timerfd_settime64
            """),
        // Scheduling and limits.
        Group(
            """
            sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
            sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
            sched_rr_get_interval sched_rr_get_interval_time64 sched_yield getpriority setpriority
            ioprio_get ioprio_set getrlimit ugetrlimit setrlimit prlimit64 getrusage
            """),
        // Sockets, but for making one. On i386 `socketcall` does all of it, and a filter cannot look behind it.
        Group(
            """
            bind connect listen accept accept4 getpeername getsockname getsockopt setsockopt shutdown socketpair
            socketcall send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
            """),
        // System V and POSIX communication, of which the container has a namespace of its own.
        Group(
            """
            ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64
            shmat shmctl shmdt shmget mq_open mq_unlink mq_notify mq_getsetattr
            mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
            """),
        // Debugging, of processes in the same namespace.
        Group("ptrace process_vm_readv process_vm_writev", .kernel(kernelWithSafeTracing)),
    ]

    private static let byArgument: [Group] = [
        // AF_VSOCK (40) reaches the hypervisor, whatever the network namespace.
        Group("socket", arguments: [.init(index: 0, value: 40, op: "SCMP_CMP_NE")]),
        // PER_LINUX and PER_LINUX32, each with and without UNAME26, and the question for the present value: the other
        // flags weaken address randomization and the like.
        Group(
            "personality",
            arguments: [0, 0x8, 0x20000, 0x20008, 0xffff_ffff].map { .init(index: 0, value: $0, op: "SCMP_CMP_EQ") }),
        // clone(2) without a namespace of any kind: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
        Group(
            "clone", .withheld(.sysAdmin),
            arguments: [.init(index: 0, value: 0x7e02_0000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ")]),
        // clone3(2) has its flags behind a pointer. C libraries fall back to clone(2) for ENOSYS alone.
        Group("clone3", .withheld(.sysAdmin), action: .errno, errno: 38),
    ]

    private static let byArchitecture: [Group] = [
        Group(
            "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
            .architectures([.aarch64, .arm])),
        Group("arch_prctl modify_ldt", .architectures([.x86_64])),
        Group("riscv_flush_icache", .architectures([.riscv64])),
    ]

    private static let byCapability: [Group] = [
        Group(
            """
            clone clone3 unshare setns mount umount umount2 mount_setattr move_mount open_tree
            fsopen fsconfig fsmount fspick quotactl quotactl_fd fanotify_init lookup_dcookie
            sethostname setdomainname bpf perf_event_open syslog
            lsm_get_self_attr lsm_set_self_attr lsm_list_modules
            """,
            .granted(.sysAdmin)),
        Group("open_by_handle_at", .granted(.dacReadSearch)),
        Group("reboot", .granted(.sysBoot)),
        Group("chroot", .granted(.sysChroot)),
        Group("init_module finit_module delete_module", .granted(.sysModule)),
        Group("get_mempolicy set_mempolicy set_mempolicy_home_node mbind", .granted(.sysNice)),
        Group("acct", .granted(.sysPacct)),
        Group(
            "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
            .granted(.sysPtrace)),
        Group("iopl ioperm", .granted(.sysRawio)),
        Group("settimeofday stime clock_settime clock_settime64", .granted(.sysTime)),
        Group("vhangup", .granted(.sysTtyConfig)),
        Group("syslog", .granted(.syslog)),
        Group("bpf", .granted(.bpf)),
        Group("perf_event_open", .granted(.perfmon)),
    ]
}
