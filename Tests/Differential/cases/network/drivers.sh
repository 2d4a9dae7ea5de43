# what: drivers, and what they are told
# accept 1 err: macvlan and ipvlan put containers on the machine's own network, which takes root's rights there
# accept 2 err: macvlan and ipvlan put containers on the machine's own network, which takes root's rights there
# accept 3 err: macvlan and ipvlan put containers on the machine's own network, which takes root's rights there
# accept 4 err: macvlan and ipvlan put containers on the machine's own network, which takes root's rights there
# accept 5 err: what a swarm needs is refused
# accept 6 err: what a swarm needs is refused
# accept 11 *: networks are of this machine alone
# accept 12 err: what a swarm needs is refused
# accept 13 *: networks are of this machine alone
# accept 15 err: addresses are given by one driver
# accept 16 err: addresses are given by one driver
# open 18 *: --ipam-opt is refused (D2)
# accept 19 *: configurations of several networks are refused
# accept 20 *: configurations of several networks are refused
# accept 21 *: configurations of several networks are refused
# accept 22 *: configurations of several networks are refused
# accept 23 *: configurations of several networks are refused
# accept 24 *: what a swarm needs is refused
# accept 25 *: what a swarm needs is refused
# accept 26 *: follows from the steps that are refused
# accept 27 *: follows from the steps that are refused
# mask: \b[0-9a-f]{64}\b => ID
D network create -d macvlan -o parent=nosuch0 m2
D network create -d macvlan --subnet 10.95.0.0/24 -o parent=nosuch0.50 m3
D network create -d ipvlan -o ipvlan_mode=foo i2
D network create -d macvlan -o macvlan_mode=foo m4
D network create -d overlay o1
D network create -d overlay --attachable o2
D network create -d '' d1
D network create -d Bridge d2
D network create --driver bridge d3
D network create --scope local d4
D network create --scope global d5
D network create --scope swarm d6
D network create --scope foo d7
D network create --ipam-driver default d8
D network create --ipam-driver null d9
D network create --ipam-driver null --subnet 10.96.0.0/24 e1
D network create --ipam-driver '' e2
D network create --ipam-opt a=b e3
D network create --config-only f1
D network create --config-only --subnet 10.97.0.0/24 f2
D network create --config-from f2 f3
D network create --config-from f2 --subnet 10.98.0.0/24 f4
D network create --config-only --config-from f2 f5
D network create --ingress -d overlay g1
D network create --internal --ingress g2
D network ls --format '{{.Name}} {{.Driver}} {{.Scope}}'
for n in d3 d8 e3 f2 f3; do D network inspect -f '{{.Name}} {{.Driver}} {{json .IPAM}} {{json .Options}} {{.ConfigOnly}} {{json .ConfigFrom}}' $n | sed 's/172[0-9./]*/NET/g'; done
