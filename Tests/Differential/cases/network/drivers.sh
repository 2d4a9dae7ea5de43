# what: drivers, and what they are told
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
