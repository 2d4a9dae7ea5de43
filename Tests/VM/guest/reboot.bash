#!/bin/bash
# Containers that are to come back after the machine's end, and those that are not, as an ordinary user who lingers:
# reboot.bash SCENE, once before the end and once after it ($BOOT says which).
SCENE=$1
. /share/checks.bash
# Where the unit finds it at any time.
apus() { "$HOME/bin/apus" "$@"; }
start() { apus run -d --network none --name "$@" busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.2; done' >/dev/null || fail "run $1"; }

if [ "$BOOT" = 1 ]; then
    mkdir -p "$HOME/bin"
    cp /share/apus "$HOME/bin/apus"
    apus import /share/busybox.tar busybox >/dev/null || fail "import"
    holds "system enable" apus system enable
    for name in always ended; do start "$name" --restart always; done
    for name in unless resting; do start "$name" --restart unless-stopped; done
    start failing --restart on-failure
    start plain
    apus stop -t 0 resting ended >/dev/null
    # A disk that has been told to write: what must not be lost even without is in Tests/Faults.
    sync
    exit "$failures"
fi
for _ in $(seq 60); do
    running=$(apus ps --format '{{.Names}}' | sort | xargs)
    [ "$running" = "always ended unless" ] && break
    sleep 0.5
done
same "what runs after it" "always ended unless" "$running"
same "what there is" "always ended failing plain resting unless" "$(apus ps -a --format '{{.Names}}' | sort | xargs)"
# A shutdown stops it as `stop` does; a loss of power leaves nobody to say how it ended.
if [ "$SCENE" = reboot ]; then code=3; else code=255; fi
same "what ended with the machine says so" $code "$(apus inspect --format '{{.State.ExitCode}}' plain)"
holds "system check" apus system check
holds "a run" apus run --rm --network none busybox true
same "rm" 6 "$(apus rm -f always ended failing plain resting unless | wc -l)"
exit "$failures"
