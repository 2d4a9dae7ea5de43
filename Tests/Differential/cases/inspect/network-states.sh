# what: NetworkSettings of created, running and exited containers on all kinds of networks
# open 9 out: what inspect says of networks (A1, A4, B1 to B8)
# open 12 out: what inspect says of networks (A1, A4, B1 to B8)
# mask: "(EndpointID|NetworkID)":"[0-9a-f]{64}" => "\1":"ID"
# mask: "Sandbox(ID|Key)":"[^"]*" => "Sandbox\1":""
# mask: "[0-9a-f]{12}" => "id"
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6; D network create --subnet 10.92.0.0/16 n2
N() { D inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings}}' $1 | sed 's/,"/,\n"/g'; }
@ D create --name a1 -p 8080:80 --expose 81 busybox; D create --name a2 --network n1 --ip 10.91.0.7 --network-alias x -p 8080:80 busybox; D create --name a3 --network host busybox; D create --name a4 --network n1 --network n2 busybox
for c in a1 a2 a3 a4; do echo "== $c"; N $c; done
@ D run -d --name b1 --mac-address 02:42:ac:11:00:77 busybox sleep 1000; D run -d --name b2 --network n1 --ip 10.91.0.7 --network-alias x -p 8080:80 --expose 81 busybox sleep 1000; D run -d --name b3 --network host --expose 80 busybox sleep 1000
@ D run -d --name b4 --network n1 --network n2 busybox sleep 1000; D run -d --name b5 --network container:b2 busybox sleep 1000; D run -d --name b6 --network none busybox sleep 1000; D run -d --name b7 --network n6 busybox sleep 1000; D run -d --name b8 --network name=n1,driver-opt=a=b,gw-priority=3 --hostname hh --link b2:y busybox sleep 1000
N b1
N b2
N b3
N b4
N b5
N b6
N b7
N b8
D inspect -f '{{.Config.Hostname}}.{{.Config.Domainname}} {{.Config.MacAddress}} {{json .HostConfig.Links}}' b1 b8 | tr : -
D ps --format '{{.Names}} {{.Networks}} {{.Ports}}' | sed 's/n2,n1/n1,n2/' | sort
@ D stop -t 0 b1 b2 b3 b4 b5 b6 b7 b8
for c in b1 b2 b3 b4 b5 b6 b7 b8; do echo "== $c"; N $c; done
D ps -a --format '{{.Names}} {{.Networks}} {{.Ports}}' | sed 's/n2,n1/n1,n2/' | sort
