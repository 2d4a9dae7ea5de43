#!/bin/bash
# Networks by the packet rules of Debian's kernel, as whoever runs this: network.bash SCENE. As root with the kernel's own
# forwarding, too, to a host that is a network namespace.
SCENE=$1
. /share/checks.bash
apus import /share/busybox.tar busybox >/dev/null || fail "import"
work=$(mktemp -d)
tar -xf /share/busybox.tar -C "$work" ./bin/busybox
# An address of the machine's own, that is none of its loopback.
address=10.0.2.15
"$work/bin/busybox" nc -ll -p 7000 -e echo outside &
server=$!

apus network create net >/dev/null || fail "network create"
apus run -d --name web --network net -p 8080:80 busybox nc -ll -p 80 -e echo inside >/dev/null || fail "run -d -p"
text=$(apus run --rm --network net busybox sh -c "
    nc -w 20 web 80; nc -w 20 $address 7000; nc -w 20 $address 7001; ping -c 1 -W 20 $address" 2>&1)
same "a container is found by its name, and the machine by its address" "inside outside" "$(echo $(head -n 2 <<<"$text"))"
contains "a refusal is told" "Connection refused" "$text"
contains "an echo is answered" "1 packets received" "$text"
line=
exec 3<>/dev/tcp/$address/8080 && read -r -t 20 line <&3
exec 3>&-
same "a published port answers" inside "$line"
queue=$(cat "${XDG_RUNTIME_DIR:-/run}/apus/network/queue")
# This kernel has CONFIG_NFT_QUEUE: what it takes to go without is proven elsewhere.
same "packets wait in nf_tables' own queue" expression "$queue"
apus rm -f web >/dev/null

if [ "$SCENE" = network-root ]; then
    ip netns add outside
    ip link add uplink0 type veth peer name uplink0 netns outside
    ip addr add 192.0.2.1/24 dev uplink0 && ip link set uplink0 up
    ip -n outside addr add 192.0.2.2/24 dev uplink0 && ip -n outside link set uplink0 up
    echo 1 >/proc/sys/net/ipv4/ip_forward
    rules=$(nft list ruleset; ip route)
    apus network create -o nat=kernel routed >/dev/null || fail "network create -o nat=kernel"
    apus run -d --name way --network routed busybox sleep 1000 >/dev/null || fail "run on it"
    contains "the kernel passes packets on" "ttl=62" "$(apus exec way ping -c 1 -W 20 192.0.2.2 2>&1)"
    contains "its rules are owned" "masquerade" "$(nft list ruleset)"
    kill -9 "$(ls /run/apus/network/holders)"
    for _ in $(seq 50); do
        left=$(nft list ruleset; ip route)
        [ "$left" != "$rules" ] || break
        sleep 0.2
    done
    same "a supervisor that is killed leaves none" "$rules" "$left"
    apus rm -f way >/dev/null
fi
kill $server
finish
