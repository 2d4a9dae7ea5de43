# what: connect and disconnect of running containers
# open 5 out: networks of running containers are not changed yet (A14)
# open 7 out: networks of running containers are not changed yet (A14)
# open 15 out: networks of running containers are not changed yet (A14)
# open 16 err: networks of running containers are not changed yet (A14)
# open 17 err: networks of running containers are not changed yet (A14)
# open 18 err: networks of running containers are not changed yet (A14)
# open 19 err: networks of running containers are not changed yet (A14)
# open 22 *: networks of running containers are not changed yet (A14)
# open 23 *: networks of running containers are not changed yet (A14)
# open 27 err: networks of running containers are not changed yet (A14)
# open 35 *: networks of running containers are not changed yet (A14)
# open 47 out: networks of running containers are not changed yet (A14)
# mask: \b[0-9a-f]{64}\b => ID
# mask: \b[0-9a-f]{12}\b => id
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2; D network create n3; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6
@ D run -d --name c1 --network n1 busybox sleep 1000; D run -d --name h1 --network host busybox sleep 1000; D run -d --name e1 --network none busybox sleep 1000; D run -d --name s1 --network container:c1 busybox sleep 1000; D run -d --name c2 --network n2 busybox sleep 1000
D network connect n2 c1
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "; ip -4 -o addr show eth1 | tr -s " " | cut -d " " -f 4; ip route | head -n 1; tail -n 2 /etc/hosts'
D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{.IPAddress}} {{json .Aliases}} {{json .DNSNames}} {{json .IPAMConfig}};{{end}}' c1
D network connect n2 c1
D exec c1 nslookup -type=a c2 | sed '1,3d' | grep . | sort
D exec c2 ping -c 1 -W 2 c1 | sed -n 1p
D network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}};{{end}}' n2 | tr ';' '\n' | grep . | sort
D network disconnect n1 c1
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "; ip route | head -n 1; tail -n 1 /etc/hosts'
D network disconnect n1 c1
D network connect --alias x --alias y --ip 10.91.0.55 --gw-priority 5 n1 c1
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "; ip route | head -n 1'
D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{.IPAddress}} {{json .Aliases}} {{json .DNSNames}} {{json .IPAMConfig}} {{.GwPriority}};{{end}}' c1
D network connect --ip 10.99.0.1 n1 c2
D network connect --ip 10.91.0.55 n1 c2
D network connect --ip foo n1 c2
D network connect --ip 172.19.0.9 n3 c2
D network connect --ip6 fd00:93::9 n6 c2
D exec c2 sh -c 'ip -o addr show eth1 | tr -s " " | cut -d " " -f 4 | grep -v fe80'
D network connect --link c1:z n1 c2
D exec c2 ping -c 1 -W 2 z | sed -n 1p
D network connect --driver-opt a=b --driver-opt com.docker.network.endpoint.ifname=foo0 n3 c1
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "'
D network connect bridge c1
D network connect --alias a bridge c2
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "'
D network connect host c1
D network connect none c1
D network connect n1 h1
D network connect n1 e1
D network connect n1 s1
D network disconnect host h1
D network disconnect none e1
D network disconnect n1 s1
D network connect nosuch c1
D network connect n1 nosuch
D network disconnect nosuch c1
D network disconnect n1 nosuch
D network disconnect -f n1 c1
D network disconnect -f n1 c1
D network disconnect -f n1 nosuch
D network rm n2 2>&1 | grep -o 'name:"c[12]"' | sort
for n in n2 n3 bridge; do D network disconnect $n c1; echo $?; done
D exec c1 ls /sys/class/net
D inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}}' c1
D restart -t 0 c1
D exec c1 sh -c 'ls /sys/class/net | tr "\n" " "'
@ D pause c2
D network connect n3 c2
D network disconnect n2 c2
