// Datagrams with both of their ends, which sendmsg(2) and recvmsg(2) have in control messages (ip(7), ipv6(7)).
#define _GNU_SOURCE
#include "CLinux.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// Room for the largest message of each kind.
union control {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct sockaddr_in6))];
};

ssize_t apus_recv_ends(int socket, void *data, size_t length, void *sender, void *destination) {
  union control control;
  struct iovec part = {data, length};
  struct msghdr message = {0};
  message.msg_name = sender;
  message.msg_namelen = sizeof(struct sockaddr_storage);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  ((struct sockaddr_storage *)destination)->ss_family = AF_UNSPEC;
  ssize_t count = recvmsg(socket, &message, MSG_DONTWAIT);
  if (count < 0) return count;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == SOL_IP && each->cmsg_type == IP_ORIGDSTADDR) {
      memcpy(destination, CMSG_DATA(each), sizeof(struct sockaddr_in));
    } else if (each->cmsg_level == SOL_IPV6 && each->cmsg_type == 74) {  // IPV6_ORIGDSTADDR
      memcpy(destination, CMSG_DATA(each), sizeof(struct sockaddr_in6));
    } else if (each->cmsg_level == SOL_IP && each->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(each), sizeof info);
      struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = info.ipi_addr};
      memcpy(destination, &address, sizeof address);
    } else if (each->cmsg_level == SOL_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(each), sizeof info);
      struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = info.ipi6_addr};
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.sin6_scope_id = info.ipi6_ifindex;
      memcpy(destination, &address, sizeof address);
    }
  }
  return count;
}

ssize_t apus_send_ends(
    int socket, const void *data, size_t length, const void *receiver, unsigned receiver_length, const void *source) {
  union control control;
  struct iovec part = {(void *)data, length};
  struct msghdr message = {0};
  message.msg_name = (void *)receiver;
  message.msg_namelen = receiver_length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  memset(&control, 0, sizeof control);
  message.msg_control = &control;
  struct cmsghdr *header = &control.header;
  if (((const struct sockaddr *)source)->sa_family == AF_INET) {
    struct in_pktinfo info = {.ipi_spec_dst = ((const struct sockaddr_in *)source)->sin_addr};
    message.msg_controllen = CMSG_SPACE(sizeof info);
    header->cmsg_level = SOL_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
  } else {
    const struct sockaddr_in6 *address = source;
    struct in6_pktinfo info = {.ipi6_addr = address->sin6_addr, .ipi6_ifindex = address->sin6_scope_id};
    message.msg_controllen = CMSG_SPACE(sizeof info);
    header->cmsg_level = SOL_IPV6;
    header->cmsg_type = IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}
