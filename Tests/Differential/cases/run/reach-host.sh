# what: what a container reaches of the host and of others
@ echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range; ip addr add 192.0.2.9/24 dev lo; D network create --subnet 10.91.0.0/16 --gateway 10.91.0.1 n1
L() { for _ in $(seq 50); do (exec 3<>/dev/tcp/$1/$2) 2>/dev/null && break; sleep 0.1; done; }
@ mkdir all own; echo all >all/f; echo own >own/f; (cd all; exec python3 -m http.server --bind 0.0.0.0 9991) >/dev/null 2>&1 & (cd own; exec python3 -m http.server --bind 127.0.0.1 9992) >/dev/null 2>&1 & L 127.0.0.1 9991; L 127.0.0.1 9992
@ D run -d --name a1 -p 8080:80 busybox nc -ll -p 80 -e echo a1; D run -d --name b1 --network n1 busybox sleep 1000; sleep 0.5
D exec a1 wget -qO- http://172.17.0.1:9991/f
D exec a1 wget -qO- http://192.0.2.9:9991/f
D exec b1 wget -qO- http://10.91.0.1:9991/f
D exec b1 wget -qO- http://172.17.0.1:9991/f
D exec a1 wget -qO- http://172.17.0.1:9992/f
D exec a1 wget -qO- http://192.0.2.9:9992/f
D exec a1 wget -qO- http://127.0.0.1:9992/f
D run --rm --network host busybox wget -qO- http://127.0.0.1:9992/f
D run --rm --network none busybox wget -qO- http://127.0.0.1:9992/f
D run --rm --add-host h:host-gateway busybox wget -qO- http://h:9991/f
D run --rm --network n1 --add-host h:host-gateway busybox wget -qO- http://h:9991/f
D exec a1 sh -c 'nc -w 2 192.0.2.9 8080 </dev/null'
D exec b1 sh -c 'nc -w 2 192.0.2.9 8080 </dev/null'
D exec a1 sh -c 'nc -w 2 172.17.0.1 9 </dev/null'
D exec a1 ping -c 1 -W 2 172.17.0.1 | grep received
D exec a1 ping -c 1 -W 2 192.0.2.9 | grep received
D exec a1 ping -c 1 -W 2 127.0.0.1 | grep received
D exec a1 ping -c 1 -W 2 172.17.0.2 | grep received
D exec a1 ping -c 1 -W 2 -s 3000 172.17.0.1 | grep received
D exec b1 ping -c 1 -W 2 10.91.0.1 | grep received
D exec b1 ping -c 1 -W 2 172.17.0.1 | grep received
D exec b1 ping -c 1 -W 1 172.17.0.2 | grep received
D run --rm busybox ping -c 1 -W 2 -s 3000 172.17.0.2 | grep received
D run --rm busybox ping -c 1 -W 2 198.51.100.1
D run --rm busybox sh -c 'nc -w 2 198.51.100.1 80 </dev/null'
D run --rm --network host busybox ping -c 1 -W 2 198.51.100.1
@ ip addr del 192.0.2.9/24 dev lo; kill %1 %2
