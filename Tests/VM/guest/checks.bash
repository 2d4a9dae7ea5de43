# What the guest's scripts share: each check prints one line, and `finish` says whether all went well.
failures=0
ok() { echo "ok    $SCENE: $1"; }
fail() { echo "FAIL  $SCENE: $1${2:+ — $2}"; failures=$((failures + 1)); }
skip() { echo "skip  $SCENE: $1 ($2)"; }

# same NAME EXPECTED ACTUAL
same() { if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "expected '$2', got '$3'"; fi; }
# contains NAME WORDS TEXT
contains() { case $3 in *"$2"*) ok "$1" ;; *) fail "$1" "no '$2' in '$3'" ;; esac; }
# holds NAME COMMAND…: a shell condition
holds() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else fail "$name" "not: $*"; fi
}

apus() { /share/apus "$@"; }
export APUS_LINGER=0
run() { apus run --rm --network none "$@"; }
# inside FLAGS… -- SCRIPT: what a script in a container with these flags prints
inside() {
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    run "${flags[@]}" busybox sh -c "cd /sys/fs/cgroup; $2" 2>&1
}
has_verb() { apus help "$1" >/dev/null 2>&1; }
# The cgroup of a running container, as a directory.
directory_of() {
    local pid
    pid=$(apus inspect --format '{{.State.Pid}}' "$1")
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
}
nothing_left() {
    local left= i
    for i in $(seq 50); do
        left=$(find /sys/fs/cgroup -type d -name 'apus-*' 2>/dev/null)
        [ -n "$left" ] || break
        sleep 0.2
    done
    same "no cgroup is left" "" "$left"
}
finish() {
    nothing_left
    echo "$SCENE: $failures failed"
    [ $failures = 0 ]
}
