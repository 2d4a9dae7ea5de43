#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int apus_bpf_load_device(const uint64_t *instructions, uint32_t count) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = (uintptr_t)instructions;
  attributes.insn_cnt = count;
  attributes.license = (uintptr_t) "Apache-2.0";
  memcpy(attributes.prog_name, "apus_devices", sizeof "apus_devices");
  return bpf(BPF_PROG_LOAD, &attributes);
}

int apus_bpf_attach_device(int cgroup, int program) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  return bpf(BPF_PROG_ATTACH, &attributes);
}

int apus_bpf_query_device(int cgroup, uint32_t *programs, uint32_t room) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.query.target_fd = (uint32_t)cgroup;
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = (uintptr_t)programs;
  attributes.query.prog_cnt = room;
  return bpf(BPF_PROG_QUERY, &attributes) < 0 ? -1 : (int)attributes.query.prog_cnt;
}

int apus_bpf_detach_device(int cgroup, uint32_t id) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_id = id;
  int program = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
  if (program < 0) return -1;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = BPF_CGROUP_DEVICE;
  int result = bpf(BPF_PROG_DETACH, &attributes);
  close(program);
  return result;
}
