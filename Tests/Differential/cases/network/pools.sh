# what: subnets of both versions, default pools, and what overlaps
# accept 31 err: a message is one line
# accept 32 err: a message is one line
# accept 33 err: a message is one line
# accept 38 err: a message is one line
# open 49 *: a subnet that was given without a gateway has none (A1)
# open 55 out: a subnet of a version that is off (D7), and gateways (A1)
# mask: \b[0-9a-f]{64}\b => ID
J() { D network inspect -f '{{.EnableIPv4}} {{.EnableIPv6}} {{json .IPAM.Config}}' $1; }
D network create a1
D network create a2
J a1
J a2
D network create --ipv6 a3
D network inspect -f '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' a3 | sed -E 's/fd[0-9a-f:]*::(1|\/64)/FD::\1/g'
D network create --ipv6 --subnet fd00:1::/64 a4
J a4
D network create --subnet fd00:2::/64 a5
J a5
D network create --ipv4=false --ipv6 --subnet fd00:3::/64 a6
J a6
D network create --ipv4=false a7
D network create --ipv4=false --ipv6=false a8
D network create --ipv4=false --ipv6 --subnet 10.90.0.0/24 a9
J a9 | sed -E 's/fd[0-9a-f:]*::(1|\/64)/FD::\1/g'
D network create --subnet 10.90.0.0/24 a10
D network create --ipv6 --subnet 10.91.0.0/24 --subnet fd00:4::/64 --gateway 10.91.0.9 --gateway fd00:4::9 --ip-range 10.91.0.128/25 --ip-range fd00:4::1:0/112 --aux-address a=10.91.0.5 --aux-address b=fd00:4::5 b1
J b1
D network create --subnet 10.91.0.0/24 b2
D network create --subnet 10.91.0.0/16 b3
D network create --subnet 10.91.0.128/25 b4
D network create --subnet 172.17.0.0/24 b5
D network create --subnet 172.17.5.0/24 b6
D network create --ipv6 --subnet fd00:4::/80 b7
D network create --subnet 10.92.0.0/31 b8
D network create --subnet 10.92.1.0/32 b9
D network create --subnet 10.92.2.0/30 c1
D network create --subnet 0.0.0.0/0 c2
D network create --subnet 10.0.0.0/33 c3
D network create --subnet 10.0.0.0/-1 c4
D network create --subnet 10.0.0.0 c5
D network create --subnet '' c6
D network create --subnet 127.0.0.0/24 c7
D network create --subnet 224.0.0.0/24 c8
D network create --subnet 192.168.77.0/24 --gateway '' c9
D network create --subnet 10.93.0.0/24 --ip-range 10.93.0.0/16 d1
D network create --subnet 10.93.0.0/24 --ip-range 10.93.0.0/24 d2
J d2
D network create --subnet 10.94.0.0/24 --ip-range 10.94.0.64/26 d3
J d3
D run --rm --network d3 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4
D network create --subnet 10.95.0.0/24 --aux-address a=10.95.0.1 d4
J d4
D network create --subnet 10.96.0.0/24 --aux-address a=10.96.0.2 --aux-address a=10.96.0.3 d5
J d5
D network create --subnet 10.97.0.0/24 --aux-address 10.97.0.2 d6
J d6
D network create --subnet 10.98.0.0/24 --aux-address a=foo d7
D network create --subnet 10.98.0.0/24,10.99.0.0/24 d8
D network create --subnet 10.99.0.0/30 d9
@ D run -d --name x1 --network d9 busybox sleep 1000
D run --name x2 --network d9 busybox true
D network ls --filter type=custom --format '{{.Name}}'
