// A network namespace that is made while its caller does something else, and sockets in other namespaces.
#define _GNU_SOURCE
#include "CLinux.h"
#include "loopback.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

// One at a time: the stack is in use until the process has ended.
static char stack[16384] __attribute__((aligned(16)));
static int result;

// Its memory and descriptors are the caller's, so nothing here may touch what a C library keeps for a thread.
static int make(void *unused) {
  (void)unused;
  long status = call4(SYS_unshare, CLONE_NEWNET, 0, 0, 0);
  if (status >= 0) status = loopback_up();
  result = (int)status;
  return 0;
}

pid_t apus_network_namespace_begin(void) {
  result = -1;
  return clone(make, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
}

int apus_network_namespace_result(void) { return result; }

struct socket_requests {
  int namespace;
  const int *kinds;
  int count;
  int *made;
  int status;
};

static int make_sockets(void *argument) {
  struct socket_requests *requests = argument;
  long status = call4(SYS_setns, requests->namespace, CLONE_NEWNET, 0, 0);
  for (int i = 0; status >= 0 && i < requests->count; i++) {
    const int *kind = requests->kinds + 3 * i;
    status = call4(SYS_socket, kind[0], kind[1], kind[2], 0);
    if (status >= 0) requests->made[i] = (int)status;
  }
  requests->status = status < 0 ? (int)status : 0;
  return 0;
}

int apus_sockets_in_namespace(int namespace, const int *kinds, int count, int *made) {
  struct socket_requests requests = {namespace, kinds, count, made, 0};
  // On this stack: the caller sleeps until the other has ended (CLONE_VFORK).
  char room[4096] __attribute__((aligned(16)));
  pid_t process = clone(make_sockets, room + sizeof room, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &requests);
  if (process < 0) return -errno;
  int ignored;
  while (waitpid(process, &ignored, 0) < 0 && errno == EINTR) {
  }
  return requests.status;
}

int apus_accept_address(int socket, void *address, unsigned *length) {
  return accept4(socket, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
