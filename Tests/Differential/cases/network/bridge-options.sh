# what: options of a bridge do what they say
ask() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>&1 | sed 's/^bash: .*: //'; }
@ ip addr add 192.0.2.9/24 dev lo; D network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 --subnet 10.91.0.0/16 --gateway 10.91.0.1 bound; D network create -o com.docker.network.bridge.enable_icc=false --subnet 10.92.0.0/16 --gateway 10.92.0.1 alone
@ D run -d --name b1 --network bound -p 8080:80 busybox nc -ll -p 80 -e echo b1; D run -d --name b2 --network bound -p 192.0.2.9:8081:80 busybox nc -ll -p 80 -e echo b2; D run -d --name i1 --network alone -p 8082:80 busybox nc -ll -p 80 -e echo i1; sleep 1
D port b1
D port b2
D ps --format '{{.Names}} {{.Ports}}' | sort
D inspect -f '{{json .NetworkSettings.Ports}}' b1
ask 127.0.0.1 8080
ask 192.0.2.9 8080
ask 192.0.2.9 8081
ask 127.0.0.1 8082
D run --rm --network alone busybox sh -c 'nc -w 2 i1 80 </dev/null; echo $?' 2>/dev/null
D run --rm --network alone busybox sh -c 'ping -c 1 -W 1 i1 >/dev/null; echo $?'
D run --rm --network bound busybox sh -c 'nc -w 2 b1 80 </dev/null; echo $?'
@ D network create --internal --subnet 10.93.0.0/16 inside; D run -d --name n1 --network inside busybox nc -ll -p 80 -e echo n1; sleep 0.5
D run --rm --network inside busybox sh -c 'nc -w 2 n1 80 </dev/null; echo $?'
D run --rm --network inside busybox sh -c 'ip route | grep -c default; nc -w 2 172.17.0.1 8082 </dev/null; echo $?' 2>/dev/null
D run --rm --network inside busybox sh -c 'nc -w 2 192.0.2.9 8081 </dev/null; echo $?' 2>/dev/null
D run --rm busybox sh -c 'nc -w 2 192.0.2.9 8081 </dev/null; echo $?'
@ D network create --subnet 10.94.0.0/16 --gateway 10.94.0.1 -o com.docker.network.driver.mtu=1280 small
D run --rm --network small busybox cat /sys/class/net/eth0/mtu
D run --rm --network bridge busybox cat /sys/class/net/lo/mtu
@ D run -d --name m2 --network inside --network small -p 8085:80 busybox nc -ll -p 80 -e echo m2; sleep 0.5
D exec m2 ip route | sed 's/ dev eth[0-9]//' | sort
D port m2
ask 127.0.0.1 8085
@ ip addr del 192.0.2.9/24 dev lo
