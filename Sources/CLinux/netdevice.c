// Network devices, by rtnetlink(7).
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
  struct nlmsghdr header;
  union {
    struct ifinfomsg link;
    struct ifaddrmsg address;
  } body;
  char room[256];
};

static void add(struct request *request, unsigned short type, const void *data, unsigned short length) {
  struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(length);
  memcpy(RTA_DATA(attribute), data, length);
  request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

static int begin(struct request *request) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -1;
  request->header.nlmsg_seq = 1;
  if (send(fd, request, request->header.nlmsg_len, 0) >= 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

// Sends one request and waits for its acknowledgement.
static int perform(struct request *request) {
  request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
  int fd = begin(request);
  if (fd < 0) return -1;
  union {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  ssize_t length;
  do length = recv(fd, &answer, sizeof answer, 0);
  while (length < 0 && errno == EINTR);
  int error = length < 0 ? errno : EPROTO;
  if (length >= (ssize_t)NLMSG_LENGTH(sizeof(int)) && answer.header.nlmsg_type == NLMSG_ERROR)
    error = -((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
  close(fd);
  errno = error;
  return error ? -1 : 0;
}

int apus_link_index(const char *name) {
  unsigned index = if_nametoindex(name);
  return index ? (int)index : -1;
}

int apus_link_move(int index, int namespace, const char *name) {
  struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK},
                            .body.link = {.ifi_family = AF_UNSPEC, .ifi_index = index}};
  add(&request, IFLA_NET_NS_FD, &namespace, sizeof namespace);
  add(&request, IFLA_IFNAME, name, (unsigned short)(strlen(name) + 1));
  return perform(&request);
}

int apus_address_add(int index, const struct apus_address *address) {
  struct request request = {
      .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                 .nlmsg_type = RTM_NEWADDR,
                 .nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE},
      .body.address = {.ifa_family = address->family, .ifa_prefixlen = address->prefix, .ifa_index = (unsigned)index}};
  unsigned short length = address->family == AF_INET ? 4 : 16;
  add(&request, IFA_ADDRESS, address->address, length);
  if (address->has_local) add(&request, IFA_LOCAL, address->local, length);
  if (address->has_broadcast) add(&request, IFA_BROADCAST, address->broadcast, length);
  return perform(&request);
}

// What the message says of a permanent address of global scope; false for another one.
static int take(struct nlmsghdr *header, int index, struct apus_address *address) {
  struct ifaddrmsg *message = NLMSG_DATA(header);
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof *message) || (int)message->ifa_index != index) return 0;
  if (message->ifa_family != AF_INET && message->ifa_family != AF_INET6) return 0;
  if (message->ifa_scope != RT_SCOPE_UNIVERSE || !(message->ifa_flags & IFA_F_PERMANENT)) return 0;
  *address = (struct apus_address){.family = message->ifa_family, .prefix = message->ifa_prefixlen};
  int rest = (int)IFA_PAYLOAD(header), found = 0;
  unsigned length = message->ifa_family == AF_INET ? 4 : 16;
  for (struct rtattr *a = IFA_RTA(message); RTA_OK(a, rest); a = RTA_NEXT(a, rest)) {
    if (RTA_PAYLOAD(a) < length) continue;
    if (a->rta_type == IFA_ADDRESS) memcpy(address->address, RTA_DATA(a), length), found = 1;
    if (a->rta_type == IFA_LOCAL) memcpy(address->local, RTA_DATA(a), length), address->has_local = 1;
    if (a->rta_type == IFA_BROADCAST) memcpy(address->broadcast, RTA_DATA(a), length), address->has_broadcast = 1;
  }
  return found;
}

int apus_link_addresses(int index, struct apus_address *list, int capacity) {
  struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                                       .nlmsg_type = RTM_GETADDR,
                                       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
  int fd = begin(&request);
  if (fd < 0) return -1;
  static char bytes[65536] __attribute__((aligned(8)));
  int count = 0, error = 0;
  for (int ended = 0; !ended && !error;) {
    ssize_t length = recv(fd, bytes, sizeof bytes, 0);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) {
      error = length < 0 ? errno : EPROTO;
      break;
    }
    unsigned rest = (unsigned)length;
    for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, rest); header = NLMSG_NEXT(header, rest)) {
      if (header->nlmsg_type == NLMSG_DONE) ended = 1;
      if (header->nlmsg_type == NLMSG_ERROR) error = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
      struct apus_address address;
      if (header->nlmsg_type != RTM_NEWADDR || !take(header, index, &address)) continue;
      // Left out without a word it would be lost.
      if (count == capacity) error = E2BIG;
      else list[count++] = address;
    }
  }
  close(fd);
  errno = error;
  return error ? -1 : count;
}
