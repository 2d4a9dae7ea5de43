# what: all default pools, beginnings of ids that are several networks', and subnets of the host's
# accept 3 out: our sentence says more, or what to do
# accept 6 *: our sentence says more, or what to do
# mask: network [0-9a-f] is => network P is
# mask: \d+ matches => N matches
@ for i in $(seq 40); do D network create n$i || break; done >out 2>err
wc -l <out
cat err
D network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}' n1 n14 n15 n30
D network create --subnet 10.91.0.0/16 more | wc -l
p=$(D network ls -q --filter type=custom | cut -c1 | sort | uniq -d | head -n 1); D network inspect $p; D network rm $p; D run --rm --network $p busybox true
D network rm n3 n7
@ D network create x1; D network create x2
D network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' x1 x2
D network prune -f | wc -l
@ ip addr add 172.18.5.1/16 dev lo; ip addr add 172.20.0.1/24 dev lo; D network create y1; D network create y2
D network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' y1 y2
D network create --subnet 172.18.0.0/24 y3 | wc -l
D network create --subnet 172.20.0.0/16 y4 | wc -l
D run --rm --network y3 busybox true
@ ip addr del 172.18.5.1/16 dev lo; ip addr del 172.20.0.1/24 dev lo
