# what: networks with IPv6, alone and beside IPv4
# accept 9 out: a port leads to a container of the other version, too
# open 15 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 16 out: a subnet without a gateway, and answers that are authoritative (A1, D9)
# open 19 err: what is wrong with addresses (C3)
# open 20 err: what is wrong with addresses (C3)
# open 22 out: IPv6 is not switched off on networks without it (D8)
# mask: \b[0-9a-f]{64}\b => ID
# mask: fd[0-9a-f]{2}:[0-9a-f]{2,4}:[0-9a-f]{1,4}(?=:) => FD
@ D network create --ipv6 auto6 && D network create --ipv4=false --ipv6 only6 && D network create --ipv4=false --ipv6 --subnet fd00:1::/64 sub6 && D network create --ipv6 --internal int6
J() { D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} [{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}}] [{{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}];{{end}}' $1; }
D network inspect -f '{{.EnableIPv4}} {{.EnableIPv6}} {{json .IPAM.Config}}' auto6 only6 sub6 int6
@ D run -d --name a1 --network auto6 -p 8080:80 busybox sleep 1000; D run -d --name o1 --network only6 -p 8081:80 busybox sleep 1000; D run -d --name s1 --network sub6 --hostname box busybox sleep 1000; D run -d --name i1 --network int6 busybox sleep 1000
J a1
J o1
J s1
J i1
D ps --format '{{.Names}} {{.Ports}}' | sort
D exec o1 sh -c 'ip -4 -o addr show eth0 | wc -l; ip -6 -o addr show eth0 scope global | tr -s " " | cut -d " " -f 4'
D exec s1 cat /etc/hosts
D exec s1 ip -6 route | sed -E 's/ *(metric|pref|expires|proto).*//' | grep default
D exec s1 ip -4 route
D exec i1 ip -6 route | sed -E 's/ *(metric|pref|expires|proto).*//' | grep -c default
D run --rm --network sub6 busybox nslookup -type=aaaa s1 | sed '1,3d' | grep . | sort
D run --rm --network sub6 busybox nslookup -type=a s1 | sed '1,3d' | grep . | sort
D run --rm --network sub6 busybox ping6 -c 1 -W 2 s1 | sed -n '1p;/received/p'
D run --rm --network sub6 --ip6 fd00:1::77 busybox sh -c 'ip -6 -o addr show eth0 scope global | tr -s " " | cut -d " " -f 4'
D run --rm --network sub6 --ip 10.0.0.1 busybox true
D run --rm --network sub6 --ip6 fd00:2::77 busybox true
D run --rm --network sub6 busybox cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6 /proc/sys/net/ipv6/conf/lo/disable_ipv6
D run --rm busybox cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6 /proc/sys/net/ipv6/conf/lo/disable_ipv6
D network inspect -f '{{range .Containers}}{{.Name}} [{{.IPv4Address}}] [{{.IPv6Address}}]{{end}}' only6
