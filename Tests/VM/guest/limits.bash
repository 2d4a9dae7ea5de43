#!/bin/bash
# Each limit takes effect and is read back, as whoever runs this: limits.bash SCENE.
SCENE=$1
. /share/checks.bash
apus import /share/busybox.tar busybox >/dev/null || fail "import"

# --- memory
same "memory.max and memory.swap.max" "33554432 33554432" \
    "$(inside -m 32m -- 'echo $(cat memory.max memory.swap.max)')"
same "memory-swap counts memory in" "33554432 8388608" \
    "$(inside -m 32m --memory-swap 40m -- 'echo $(cat memory.max memory.swap.max)')"
same "memory-reservation" 16777216 "$(inside --memory-reservation 16m -- 'cat memory.low')"
apus run --network none --name greedy -m 32m --memory-swap 32m busybox dd if=/dev/zero of=/dev/null bs=150M count=1 \
    >/dev/null 2>&1
same "a container that takes more is killed" 137 $?
same "and said to be out of memory" "true 137" "$(apus inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy)"
same "inspect has the limits" "33554432 33554432" \
    "$(apus inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' greedy)"
has_verb events && contains "events has the oom" "oom" "$(apus events --since 1h --until 0s 2>&1 | grep greedy)"
apus rm greedy >/dev/null
apus run --network none --name modest -m 32m busybox true
same "one that does not is not" "false" "$(apus inspect --format '{{.State.OOMKilled}}' modest)"
apus rm modest >/dev/null
output=$(printf 'FROM busybox\nRUN dd if=/dev/zero of=/dev/null bs=150M count=1\n' |
    apus build -q --network none -m 32m --memory-swap 32m - 2>&1)
same "a step of a build that takes more fails" 1 $?
contains "and is said to be out of memory" "did not complete successfully: cannot allocate memory" "$output"
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
    run -m 32m --memory-swap -1 busybox dd if=/dev/zero of=/dev/null bs=60M count=1 >/dev/null 2>&1
    same "with swap without limit it is swapped out" 0 $?
else
    skip "swap" "there is none"
fi

# --- processes
text=$(inside --pids-limit 10 -- 'cat pids.max; for i in $(seq 20); do sleep 3 & done 2>&1; wait')
same "pids.max" 10 "${text%%$'\n'*}"
contains "no process beyond the limit" "can't fork" "$text"
same "without a limit there is none" max "$(inside --pids-limit -1 -- 'cat pids.max')"

# --- processors
same "cpus are a quota" "50000 100000" "$(inside --cpus 0.5 -- 'cat cpu.max')"
same "cpu-quota and cpu-period" "20000 50000" "$(inside --cpu-quota 20000 --cpu-period 50000 -- 'cat cpu.max')"
same "cpu-shares are a weight" 59 "$(inside --cpu-shares 512 -- 'cat cpu.weight')"
text=$(inside --cpus 0.2 -- 'timeout 3 sh -c "while :; do :; done"; cat cpu.stat')
usage=$(sed -n 's/^usage_usec //p' <<<"$text") throttled=$(sed -n 's/^nr_throttled //p' <<<"$text")
holds "a fifth of a processor is not exceeded by much" [ "${usage:-9999999}" -lt 1500000 ]
holds "because it is throttled" [ "${throttled:-0}" -gt 0 ]
if grep -qw cpuset "${CONTROLLERS:-/dev/null}" 2>/dev/null || [ "$SCENE" != default ]; then
    same "cpuset-cpus" 1 "$(inside --cpuset-cpus 1 -- 'grep Cpus_allowed_list /proc/self/status | cut -f2')"
    same "cpuset-mems" 0 "$(inside --cpuset-mems 0 -- 'cat cpuset.mems')"
fi
contains "processors that are not there are refused" "available: 0-1" "$(inside --cpuset-cpus 7 -- true)"

# --- block devices
number=$(stat -c %Hr:%Lr /dev/nvme0n1)
same "rates of a device" "$number rbps=2097152 wbps=1048576 riops=100 wiops=max" "$(inside \
    --device-read-bps /dev/nvme0n1:2mb --device-write-bps /dev/nvme0n1:1mb --device-read-iops /dev/nvme0n1:100 -- 'cat io.max')"
same "blkio-weight" "default 4950" "$(inside --blkio-weight 500 -- 'cat io.weight')"
before=$(date +%s%N)
# Not with --rm, whose files need not reach the disk.
apus run --network none --name slow --device-write-bps /dev/nvme0n1:1mb busybox \
    dd if=/dev/zero of=/file bs=1M count=3 conv=fsync >/dev/null 2>&1
apus rm slow >/dev/null
holds "three megabytes at one a second take their time" [ $((($(date +%s%N) - before) / 1000000)) -gt 1800 ]

# --- places
contains "cgroup-parent is a slice" "/mine.slice/apus-" \
    "$(run --cgroup-parent mine.slice --cgroupns host busybox grep ^0:: /proc/self/cgroup)"
if [ "$SCENE" = root ]; then
    contains "cgroup-parent is a directory" "/deep/down/apus-" \
        "$(run --cgroup-parent /deep/down -m 32m --cgroupns host busybox grep ^0:: /proc/self/cgroup 2>&1)"
    rmdir /sys/fs/cgroup/deep/down /sys/fs/cgroup/deep
fi

# --- while it runs
apus run -d --network none --name long -m 64m --cpus 1 busybox sh -c 'while :; do usleep 100000; done' >/dev/null
place=$(directory_of long)
same "a container is where it says" "67108864" "$(cat "$place/memory.max")"
if has_verb stats; then
    text=$(apus stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' long)
    contains "stats has the limit" "64MiB" "$text"
else
    skip "stats" "no such verb yet"
fi
if has_verb update; then
    apus update -m 96m --memory-swap 96m --cpus 0.5 --pids-limit 50 --cpu-shares 512 long >/dev/null || fail "update"
    same "update changes the limits at once" "100663296 0 50000 100000 50 59" \
        "$(cd "$place" && echo $(cat memory.max memory.swap.max cpu.max pids.max cpu.weight))"
    same "and inspect has them" "100663296 500000000 50" \
        "$(apus inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}' long)"
    contains "nonsense is refused" "minimum memory limit" "$(apus update -m 1m long 2>&1)"
else
    skip "update" "no such verb yet"
fi
if has_verb pause; then
    apus pause long >/dev/null || fail "pause"
    same "a paused container is frozen" "frozen 1" "$(grep frozen "$place/cgroup.events")"
    same "and says so" paused "$(apus inspect --format '{{.State.Status}}' long)"
    apus unpause long >/dev/null || fail "unpause"
    same "and goes on" "frozen 0" "$(grep frozen "$place/cgroup.events")"
    apus pause long >/dev/null
else
    skip "pause" "no such verb yet"
fi
apus rm -f long >/dev/null || fail "a container is removed, frozen or not"
# A supervisor that is killed takes its container along, and what is left of it is removed.
apus run -d --network none --name orphan busybox sleep 600 >/dev/null
place=$(directory_of orphan)
supervisor=$(sed -n 's/^PPid:\t//p' "/proc/$(apus inspect --format '{{.State.Pid}}' orphan)/status")
kill -9 "$supervisor"
for i in $(seq 50); do [ -s "$place/cgroup.procs" ] || break; sleep 0.1; done
same "nobody is left of a container whose supervisor was killed" "" "$(cat "$place/cgroup.procs" 2>/dev/null)"
apus rm -f orphan >/dev/null 2>&1
finish
