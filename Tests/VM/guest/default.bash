#!/bin/bash
# With what Debian delegates to an ordinary user (cpu, memory and pids), the rest is refused with the remedy.
SCENE=default
. /share/checks.bash
apus import /share/busybox.tar busybox >/dev/null
for flags in "--cpuset-cpus 0" "--device-write-bps /dev/nvme0n1:1mb" "--blkio-weight 500"; do
    text=$(run $flags busybox true 2>&1)
    same "$flags is refused" 125 $?
    case $flags in --cpuset*) controller=cpuset ;; *) controller=io ;; esac
    contains "$flags: which controller" "controller $controller is not available" "$text"
    contains "$flags: how to get it" "/etc/systemd/system/user@.service.d/delegate.conf" "$text"
done
same "memory and processes are limited all the same" "33554432 5" \
    "$(inside -m 32m --pids-limit 5 -- 'echo $(cat memory.max pids.max)')"
# Nobody to ask, and nothing to write to.
text=$(XDG_RUNTIME_DIR=/nowhere DBUS_SESSION_BUS_ADDRESS= apus --root /home/alice/.local/share/apus --runroot /tmp/run-alice \
    run --rm --network none -m 32m busybox true 2>&1)
same "without a systemd a limit is refused" 125 $?
contains "and it is said why" "is not ours to write to" "$text"
XDG_RUNTIME_DIR=/nowhere DBUS_SESSION_BUS_ADDRESS= apus --root /home/alice/.local/share/apus --runroot /tmp/run-alice \
    run --rm --network none busybox true
same "and a container without limits runs" 0 $?
finish
