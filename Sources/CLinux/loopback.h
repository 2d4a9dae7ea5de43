// The first interface of a network namespace, by system calls alone.
#ifndef APUS_CLINUX_LOOPBACK_H
#define APUS_CLINUX_LOOPBACK_H

#include "raw.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

// Brings up the loopback of the caller's network namespace. Returns a descriptor of that namespace, or -errno.
INLINE long loopback_up(void) {
  long socket = call4(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0);
  if (socket < 0) return socket;
  struct ifreq loopback;
  // Not an initialiser, which may become a call of memset.
  for (volatile char *byte = (volatile char *)&loopback; byte < (char *)(&loopback + 1); byte++) *byte = 0;
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  long status = call4(SYS_ioctl, socket, SIOCGIFFLAGS, (long)&loopback, 0);
  if (status == 0) {
    loopback.ifr_flags |= IFF_UP;
    status = call4(SYS_ioctl, socket, SIOCSIFFLAGS, (long)&loopback, 0);
  }
  call4(SYS_close, socket, 0, 0, 0);
  if (status < 0) return status;
  return call4(SYS_openat, AT_FDCWD, (long)"/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0);
}

#endif
