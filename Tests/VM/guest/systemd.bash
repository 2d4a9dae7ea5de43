#!/bin/bash
# What takes a real systemd: a bundle whose caller has it make the control group (`apus oci --systemd-cgroup`), and the
# journal as a log. As whoever runs this: systemd.bash SCENE.
SCENE=$1
. /share/checks.bash
bundle=$(mktemp -d)
cd "$bundle" || exit 1
mkdir rootfs
tar -xf /share/busybox.tar -C rootfs
oci() { apus oci --root "$bundle/state" --systemd-cgroup "$@"; }
rootless=
slice=system.slice
if [ "$(id -u)" != 0 ]; then
    rootless=--rootless
    slice=
fi
apus oci spec $rootless
limits='"cgroupsPath": "'$slice':apus-vm:one", "resources": {"memory": {"limit": 67108864}'
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sleep", "600"/' config.json
if grep -q '"resources": {' config.json; then
    sed -i "s/\"resources\": {/$limits,/" config.json
else
    sed -i "s/\"linux\": {/\"linux\": {$limits},/" config.json
fi
# Not into a pipe of ours: the container keeps what it is given.
oci create --bundle . one </dev/null >said 2>&1 || fail "create" "$(cat said)"
oci start one || fail "start"
pid=$(oci state one | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
place=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
contains "the process is in the scope" "apus-vm-one.scope" "$place"
same "with its limit" 67108864 "$(cat "$place/memory.max" 2>/dev/null || cat "$place/../memory.max")"
manager=(systemctl)
[ "$(id -u)" = 0 ] || manager+=(--user)
same "which systemd knows" active "$("${manager[@]}" is-active apus-vm-one.scope)"
oci delete --force one || fail "delete"
for _ in $(seq 50); do [ -d "$place" ] || break; sleep 0.1; done
same "and nothing of it is left" "" "$(ls -d "$place" 2>/dev/null)"

if [ "$(id -u)" = 0 ]; then
    apus import /share/busybox.tar busybox >/dev/null || fail "import"
    apus run --network none --name talker --log-driver journald busybox sh -c 'echo to-the-journal; echo and-errors >&2' \
        >/dev/null 2>&1
    for _ in $(seq 30); do
        said=$(apus logs talker 2>&1 | sort | xargs)
        [ "$said" = "and-errors to-the-journal" ] && break
        sleep 0.2
    done
    same "logs come back from the journal" "and-errors to-the-journal" "$said"
    same "which has them by the container's name" 2 "$(journalctl -o cat CONTAINER_NAME=talker 2>/dev/null | wc -l)"
    apus rm talker >/dev/null
else
    # The guest's journal is in memory, and not an ordinary user's to read.
    apus import /share/busybox.tar busybox >/dev/null || fail "import"
    apus run --network none --name talker --log-driver journald busybox echo words >/dev/null 2>&1
    contains "who may not read the journal is told so" "adds you to the group systemd-journal" "$(apus logs talker 2>&1)"
    apus rm talker >/dev/null
fi
finish
