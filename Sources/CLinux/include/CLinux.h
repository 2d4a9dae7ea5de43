// System calls and constants that glibc's Swift overlay does not offer.
// Every function returns what the kernel returned, or -1 with errno set.
#ifndef APUS_CLINUX_H
#define APUS_CLINUX_H

// Headers of the C library stay out, but for those that its Swift overlay lacks and that read the same
// with and without _GNU_SOURCE: a second definition of one type breaks the import of both modules.
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

// openat2(2), Linux 5.6.
int apus_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

// clone3(2), Linux 5.3, with the semantics of fork(2): returns twice.
// `pidfd` receives a pidfd when it is not NULL; `cgroup` is a descriptor of a
// cgroup2 directory, or negative.
pid_t apus_clone3(uint64_t flags, int *pidfd, int cgroup);
// clone(2) with the semantics of fork(2), for kernels or filters without clone3.
pid_t apus_clone(uint64_t flags, int *pidfd);

int apus_pidfd_open(pid_t pid, unsigned flags);
int apus_pidfd_send_signal(int pidfd, int signal);
// pidfd_getfd(2), Linux 5.6.
int apus_pidfd_getfd(int pidfd, int target);
// memfd_create(2), close-on-exec; never executable where the kernel knows how to say so.
int apus_memfd(const char *name);
// getdents64(2).
ssize_t apus_getdents(int directory, void *buffer, size_t size);
// dup3(2).
int apus_dup3(int source, int target, int flags);
int apus_close_range(unsigned first, unsigned last, unsigned flags);
int apus_pivot_root(const char *new_root, const char *put_old);

int apus_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int apus_umount2(const char *target, int flags);
int apus_open_tree(int dirfd, const char *path, unsigned flags);
int apus_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags);
int apus_fsopen(const char *type, unsigned flags);
int apus_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux);
int apus_fsmount(int fd, unsigned flags, unsigned attributes);
int apus_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                       uint64_t propagation, int userns_fd);

int apus_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int apus_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);

// Loads a classic BPF program of `count` instructions of 8 bytes (seccomp(2), SECCOMP_SET_MODE_FILTER).
int apus_seccomp_load(const void *instructions, unsigned short count, unsigned flags);

// A system call that waits for an answer (seccomp_unotify(2)).
struct apus_notification {
  uint64_t id;
  // The thread, as the caller numbers it.
  pid_t pid;
  // AUDIT_ARCH_
  uint32_t architecture;
  uint32_t number;
  uint64_t arguments[6];
};
// Has both sides of a call run on one processor, one after the other (Linux 6.6): waking another one takes longer.
int apus_notification_stay_near(int listener);
// Waits for the next call. ENOENT: the one that there was is gone.
int apus_notification_receive(int listener, struct apus_notification *call);
// `error` is an errno value, or 0; `flags` SECCOMP_USER_NOTIF_FLAG_CONTINUE (Linux 5.5) or 0.
int apus_notification_answer(int listener, uint64_t id, int64_t value, int error, unsigned flags);
// 0 as long as the call waits.
int apus_notification_is_valid(int listener, uint64_t id);

// process_vm_readv(2) and process_vm_writev(2) of one piece.
ssize_t apus_read_memory(pid_t pid, uint64_t address, void *bytes, size_t size);
ssize_t apus_write_memory(pid_t pid, uint64_t address, const void *bytes, size_t size);

// prlimit(2); the hard limit stays as it is.
int apus_get_limit(pid_t pid, int resource, uint64_t *soft);
int apus_set_soft_limit(pid_t pid, int resource, uint64_t soft);

// Extended attributes of the descriptor `fd`, which may be of O_PATH, where the current directory is /proc/self/fd.
int apus_set_attribute_here(int fd, const char *name, const void *value, size_t size);
int apus_remove_attribute_here(int fd, const char *name);
ssize_t apus_get_attribute_here(int fd, const char *name, void *value, size_t size);

// One byte of payload, or `length` bytes, with up to 16 descriptors (SCM_RIGHTS).
ssize_t apus_send_fds(int socket, const void *data, size_t length, const int *fds, int count);
// `count` is the room in `fds` on entry and the number received on return. Descriptors are close-on-exec.
ssize_t apus_recv_fds(int socket, void *data, size_t length, int *fds, int *count);

// Begins to make a network namespace with loopback up, in a process that shares the caller's memory and descriptors (a
// fork costs 0.2 ms more). Returns its number, for waitpid(2); one at a time. After its end `_result` is a descriptor of
// the namespace, or -errno.
pid_t apus_network_namespace_begin(void);
int apus_network_namespace_result(void);

// A root file system that a preparation makes: an overlay. Texts and arrays stay as they are until it has ended.
struct apus_root_request {
  // Directories, the topmost first.
  const char *const *lowers;
  int lower_count;
  // The directory that is made for what is written, and the one for the kernel; and both as options of the mount.
  const char *upper, *work, *upper_option, *work_option;
  // The directory that the first is to look like: owner, mode, times.
  const char *pattern;
  int is_volatile;
  // Of fsmount(2).
  unsigned attributes;
};

// What a process that shares the caller's memory and descriptors prepares for a container (preparation.c). It stays until that has
// ended.
struct apus_preparation {
  // Made first, by the caller's user; the modes are theirs whatever its umask is.
  struct apus_new_directory {
    const char *path;
    mode_t mode;
  } directories[2];
  // A file of the user namespace that is entered then; -1: the caller's.
  int user;
  int makes_network;
  // An end of a SOCK_SEQPACKET pair for the answers.
  int socket;
  // For the two functions below.
  pid_t caller;
  unsigned is_told;
  const struct apus_root_request *root;
};

// Packets of one byte. The first comes when the directories are there, or could not be made. The others come each with a descriptor: a
// new network namespace with loopback up, and an overlay that is mounted nowhere. What could not be made is not sent.
enum { APUS_PREPARED_DIRECTORIES = 1, APUS_PREPARED_NETWORK = 2, APUS_PREPARED_ROOT = 3 };

// Begins with it. Returns the process's number, for waitpid(2), or -1 with errno set; `pidfd` gets a descriptor of it. One in the
// life of a process. It waits for apus_prepare_root.
pid_t apus_prepare(struct apus_preparation *wanted, int *pidfd);

// Goes on with the root file system; NULL: there is nothing else to do. Once.
void apus_prepare_root(struct apus_preparation *wanted, const struct apus_root_request *root);

// Before the first of Swift's tasks begins, as often as one likes.
void apus_set_up_dispatch(void);

// accept4(2), close-on-exec and non-blocking, with the peer's address.
int apus_accept_address(int socket, void *address, unsigned *length);

// A datagram with its sender and its destination, each a struct sockaddr_storage: what a socket with IP_RECVORIGDSTADDR or
// IP_PKTINFO, or their likes of IPv6, is told. A destination that it is not told is of the family AF_UNSPEC.
ssize_t apus_recv_ends(int socket, void *data, size_t length, void *sender, void *destination);
// Sends one from an address of its own choice.
ssize_t apus_send_ends(
    int socket, const void *data, size_t length, const void *receiver, unsigned receiver_length, const void *source);

// Makes `count` sockets in the network namespace behind a descriptor, of domain, type and protocol as three numbers each; the
// caller's table has them. 0 or -errno; `made` has those that there were before it.
int apus_sockets_in_namespace(int network_namespace, const int *kinds, int count, int *made);

// An address of a network device: IFA_ADDRESS and the like, 4 or 16 bytes of each.
struct apus_address {
  uint8_t family, prefix, has_local, has_broadcast;
  uint8_t address[16], local[16], broadcast[16];
};
// The number of a network device; -1 where there is none.
int apus_link_index(const char *name);
// Moves a device into the network namespace whose descriptor is given, and names it there.
int apus_link_move(int index, int namespace, const char *name);
// The permanent addresses of global scope; their number, or -1 (E2BIG where there are more than `capacity`).
int apus_link_addresses(int index, struct apus_address *list, int capacity);
int apus_address_add(int index, const struct apus_address *address);

// Brings the interface `name` of this network namespace up.
int apus_interface_up(const char *name);

// Variadic C functions that Swift cannot call.
int apus_open(int dirfd, const char *path, int flags, unsigned mode);
int apus_fcntl_get(int fd, int command);
int apus_fcntl_set(int fd, int command, int argument);
int apus_ioctl(int fd, unsigned long request, unsigned long argument);
int apus_ioctl_pointer(int fd, unsigned long request, void *argument);
int apus_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
long apus_keyctl_join_session(const char *name);
long apus_personality(unsigned long persona);
int apus_ioprio_set(int which, int who, int value);
int apus_sched_setattr(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                       uint64_t runtime, uint64_t deadline, uint64_t period);
// pipe2(2) with O_CLOEXEC.
int apus_pipe(int ends[2]);
// splice(2) between a pipe and something else, without offsets, with SPLICE_F_MOVE and SPLICE_F_NONBLOCK.
ssize_t apus_splice(int from, int to, size_t length);
// F_SETPIPE_SZ of fcntl(2).
int apus_set_pipe_size(int pipe, int bytes);
ssize_t apus_getrandom(void *buffer, size_t length);
int apus_renameat2(int olddir, const char *old, int newdir, const char *new_, unsigned flags);

// Makes the name service of a static glibc use files and DNS alone, so that it never loads a
// shared library at run time. Call once, at start.
void apus_configure_name_service(void);

unsigned apus_major(dev_t device);
unsigned apus_minor(dev_t device);
dev_t apus_makedev(unsigned major, unsigned minor);

int apus_w_exited(int status);
int apus_w_exit_status(int status);
int apus_w_term_signal(int status);

// The first byte of a packet between a client and a supervisor (AttachFrame.swift). Behind that of a signal, of an end and of a
// failure there is a number of four bytes, the lowest first, and behind that of a failure its message.
struct apus_frame_kinds {
  unsigned char input, input_end, signal;
  unsigned char started, output, error_output, input_taken, exited, failed;
};

// A session with a container that has no terminal (session.c).
struct apus_session {
  // The client's end of a SOCK_SEQPACKET pair.
  int socket;
  // Of signalfd(2), for the signals that are passed on.
  int signals;
  // Descriptors of the caller's streams; -1: not passed on, dropped.
  int input, output, error_output;
  // Descriptors that the child alone keeps.
  int closed[4];
  int closed_count;
  // A child that is reaped when the container runs, at the latest at the end; 0: none. It shares the caller's descriptors: these are
  // closed behind it.
  pid_t helper;
  int helper_files[4];
  int helper_file_count;
  struct apus_frame_kinds kinds;
  // The most bytes of input in one packet, how many packets may be under way, and how many are.
  int most, window, outstanding;
  // argv[0], the hidden verb that prints a message, and the message and exit code for a supervisor that ends without a word.
  const char *program, *worker, *lost;
  int lost_code;
};
enum { APUS_SESSION_FILES = 4 };

// clone(2) with the semantics of fork(2), but that the child has the caller's memory and stack. It returns 0 in the child alone: the
// caller serves `session` and ends with the container's exit code. -1 with errno set where there is no child; ENAMETOOLONG for
// words of more than a thousand bytes. For a process with one thread, which has nothing left to write.
pid_t apus_go_on_as_child(const struct apus_session *session);

// Processes and signals (process.c).
// fork(2), which the Swift overlay hides: for processes with one thread.
pid_t apus_fork(void);
int apus_unshare(uint64_t flags);
int apus_setns(int fd, int kinds);
// A non-blocking, close-on-exec eventfd(2).
int apus_eventfd(void);
// Blocks the signals and returns a non-blocking, close-on-exec signalfd(2) of them.
int apus_signalfd_blocking(const int *signals, int count);
// The number of the next pending signal, 0 when there is none.
int apus_signalfd_next(int fd);
// As apus_signalfd_next, and who sent it: 0 for the kernel, and for processes that our namespace does not show.
int apus_signalfd_next_from(int fd, pid_t *sender);
// Waits for one of the signals, which are blocked (sigtimedwait(2)): its number, or -1 with EAGAIN after `seconds`.
int apus_signal_wait(const int *signals, int count, int seconds);
// Every action to its default, nothing blocked. After apus_signals_look it costs calls only for signals that had another
// action then, or were given one by the two functions below.
void apus_signals_reset(void);
// Asks the kernel which signals have another action than the default: a call for each, which together take a third of what
// /proc/self/status does.
void apus_signals_look(void);
// signal(2).
void apus_signal_set(int number, void (*handler)(int));
void apus_signal_ignore(int number);
// The calls that the C library applies to all threads, for a process with one.
int apus_setresuid(uid_t real, uid_t effective, uid_t saved);
int apus_setresgid(gid_t real, gid_t effective, gid_t saved);
int apus_setgroups(size_t count, const gid_t *groups);

// Files: extended attributes, copies, holes.
// setxattrat(2) and its kin (Linux 6.13) for what cannot be opened: symbolic links and special files,
// never followed.
int apus_setxattrat(int dirfd, const char *path, const char *name, const void *value, size_t size);
ssize_t apus_getxattrat(int dirfd, const char *path, const char *name, void *value, size_t size);
ssize_t apus_listxattrat(int dirfd, const char *path, char *names, size_t size);
int apus_fsetxattr(int fd, const char *name, const void *value, size_t size);
int apus_fremovexattr(int fd, const char *name);
ssize_t apus_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t apus_flistxattr(int fd, char *names, size_t size);
int apus_syncfs(int fd);
// ioctl FICLONE (ioctl_ficlone(2)): `target` shares the blocks of `source`.
int apus_clone_file(int source, int target);
ssize_t apus_copy_file_range(int source, int64_t *source_offset, int target, int64_t *target_offset,
                             size_t length);
// lseek(2) with SEEK_DATA and SEEK_HOLE.
int64_t apus_seek_data(int fd, int64_t offset);
int64_t apus_seek_hole(int fd, int64_t offset);

// Programs started with posix_spawn(3) (spawn.c).
// The child gets `descriptors` as its 0, 1, 2… and no other, or the terminal at that path as 0, 1 and 2 and as its
// controlling one; no signal is blocked or ignored. Leads a new session or else a new process group. Returns an errno.
int apus_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory,
               const char *terminal, const int *descriptors, int count, int new_session);

// What the start of a container needs (launch.c).
// clone(2) with CLONE_PARENT and the semantics of fork(2): the child is the caller's sibling. `pidfd` receives a pidfd.
pid_t apus_clone_sibling(uint64_t flags, int *pidfd);
// The kernel's getcwd(2), which says "(unreachable)" where the C library's would search upwards.
long apus_getcwd(char *buffer, size_t size);
// setrlimit(2), prlimit64 semantics: limits are unsigned 64-bit numbers, all ones for infinity.
int apus_setrlimit(int resource, uint64_t soft, uint64_t hard);
// Writes the ELF file of the program that reaps (reaper.c) and returns its size, 0 where the room is too small.
size_t apus_reaper_image(void *buffer, size_t room);
// As apus_reaper_image, of the program in front of the command (starter.c).
size_t apus_starter_image(void *buffer, size_t room);
// memfd_create(2), close-on-exec, whose file may be executed and sealed.
int apus_memfd_executable(const char *name);
// F_ADD_SEALS: nobody can change the file any more.
int apus_memfd_seal(int fd);
// set_mempolicy(2), with `words` of a mask of nodes.
int apus_set_mempolicy(int mode, const uint64_t *nodes, size_t words);
int apus_sched_setaffinity(const uint64_t *mask, size_t bytes);
// M_MMAP_THRESHOLD of mallopt(3), in bytes, which does not grow any more.
void apus_set_mapping_threshold(int bytes);
// f_type of fstatfs(2); -1 with errno set.
int64_t apus_file_system_magic(int fd);
int apus_execveat(int fd, char *const arguments[], char *const environment[]);

// poll(2) of `count` entries (struct pollfd) by a process that gives its memory back for as long as it waits (rest.c); -1 with
// errno set where it cannot: EBUSY for a process with threads or handlers of signals, and for one that is traced.
int apus_rest(void *poll_set, unsigned int count, int milliseconds);

// Device programs of control groups (bpf.c; bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE).
// Loads `count` instructions of 8 bytes and returns the program's descriptor, close-on-exec.
int apus_bpf_load_device(const uint64_t *instructions, uint32_t count);
// Attaches a program beside those that are there (BPF_F_ALLOW_MULTI).
int apus_bpf_attach_device(int cgroup, int program);
// The number of programs attached to the cgroup; their ids are in `programs`.
int apus_bpf_query_device(int cgroup, uint32_t *programs, uint32_t room);
int apus_bpf_detach_device(int cgroup, uint32_t id);

#endif
