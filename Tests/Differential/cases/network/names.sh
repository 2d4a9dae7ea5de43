# what: names that containers find each other by
# open 4 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 5 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 6 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 7 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 8 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 9 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 10 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 11 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 12 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 13 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 14 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 15 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 16 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 17 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 22 out: a new name does not reach the networks (A13)
# open 29 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6
@ D run -d --name c1 --hostname hh --network name=n1,alias=al,alias=Big,alias=dot.ted busybox sleep 1000; D run -d --name c2 --network-alias al --network n1 busybox sleep 1000; D run -d --name c3 --network n6 busybox sleep 1000
N() { D run --rm --network $1 --name asker busybox nslookup $3 $2 | sed '1,3d' | grep . | sort; }
N n1 c1 -type=a
N n1 al -type=a
N n1 Big -type=a
N n1 BIG -type=a
N n1 C1 -type=a
N n1 dot.ted -type=a
N n1 c1.n1 -type=a
N n1 asker -type=a
N n1 $(D inspect -f '{{slice .Id 0 12}}' c1) -type=a | sed -E 's/[0-9a-f]{12}/ID/'
N n6 c3 -type=a
N n6 c3 -type=aaaa
N n1 c1 -type=aaaa
N n6 fd00:93::2
N n1 10.91.0.3
D run --rm --network n1 busybox ping -c 1 -W 2 c1 | sed -n 1p
D run --rm --network n6 busybox ping6 -c 1 -W 2 c3 | sed -n 1p
D exec c1 ping -c 1 -W 2 hh | sed -n 1p
D rename c1 c9
N n1 c9 -type=a
D network inspect -f '{{range .Containers}}{{println .Name}}{{end}}' n1 | grep . | sort
D inspect -f '{{json (index .NetworkSettings.Networks.n1.DNSNames 0)}}' c9
D inspect -f '{{range .NetworkSettings.Networks}}{{json .Aliases}}{{end}}' c9
D restart -t 0 c9
D inspect -f '{{json (index .NetworkSettings.Networks.n1.DNSNames 0)}}' c9
D stop -t 0 c2
N n1 al -type=a
