# what: -o, labels, internal, attachable, IPv6, and names
# open 3 err: options of bridges are not checked, or not heeded (D3)
# open 4 err: options of bridges are not checked, or not heeded (D3)
# accept 6 *: nothing is routed between containers and the machine's network: options that want it are refused
# open 8 err: options of bridges are not checked, or not heeded (D3)
# open 9 err: options of bridges are not checked, or not heeded (D3)
# accept 14 *: nothing is routed between containers and the machine's network: options that want it are refused
# open 34 out: options of bridges are not checked, or not heeded (D3)
# mask: \b[0-9a-f]{64}\b => ID
D network create -o com.docker.network.bridge.name=br77 a1
D network create -o com.docker.network.bridge.name=br77 a2
D network create -o com.docker.network.bridge.name=waytoolongname1234 a3
D network create -o com.docker.network.bridge.name=a/b a4
D network create -o com.docker.network.bridge.enable_icc=false a5
D network create -o com.docker.network.bridge.enable_ip_masquerade=false a6
D network create -o com.docker.network.driver.mtu=1400 a7
D network create -o com.docker.network.driver.mtu=10 a8
D network create -o com.docker.network.driver.mtu=99999999 a9
D network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 b1
D network create -o com.docker.network.bridge.gateway_mode_ipv4=isolated --internal b2
D network create -o com.docker.network.bridge.gateway_mode_ipv4=isolated b3
D network create -o com.docker.network.container_iface_prefix=foo b4
D network create -o com.docker.network.bridge.inhibit_ipv4=true b5
D network create -o a b6
D network create -o a= -o =b b7
D network create -o '' b8
D network create --label a --label b= --label c=d=e --label 'f g=h' c1
D network create --label '' c2
D network create --label ' =a' c3
for n in a7 b7 c1; do D network inspect -f '{{json .Options}} {{json .Labels}}' $n; done
D run --rm --network a7 busybox cat /sys/class/net/eth0/mtu
D run --rm --network b4 busybox ls /sys/class/net | tr '\n' ' '
D network create 'x y'
D network create x/y
D network create -- -x
D network create 0123456789abcdef
D network create "$(printf 'a%.0s' $(seq 300))" | wc -c
D network create é
D network create ' pad '
D network create a:b
D network create container:x
D network create Host
D network ls --filter type=custom --format '[{{.Name}}]' | cut -c-20
