# what: published ports are reached
# accept 15 err: what is refused is said at once, where Docker drops packets
ask() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>&1 | sed 's/^bash: .*: //'; }
@ ip addr add 192.0.2.9/24 dev lo; D network create --subnet 10.91.0.0/16 n1; D network create --internal n2
@ D run -d --name a1 -p 8080:80 busybox nc -ll -p 80 -e echo a1; D run -d --name b1 --network n1 -p 127.0.0.1:8081:80 busybox nc -ll -p 80 -e echo b1; D run -d --name c1 --network n2 -p 8082:80 busybox nc -ll -p 80 -e echo c1
@ D run -d --name d1 --network n1 --network n2 -p 8083:80 busybox nc -ll -p 80 -e echo d1; D run -d --name e1 --network none -p 8084:80 busybox nc -ll -p 80 -e echo e1; D run -d --name f1 --network host busybox nc -ll -p 8085 -e echo f1; sleep 1
ask 127.0.0.1 8080
ask ::1 8080
ask 127.0.0.1 8081
ask 127.0.0.1 8082
ask 127.0.0.1 8083
ask 127.0.0.1 8084
ask 127.0.0.1 8085
D run --rm busybox sh -c 'nc -w 2 172.17.0.1 8080 </dev/null'
D run --rm --network n1 busybox sh -c 'nc -w 2 10.91.0.1 8080 </dev/null'
D run --rm --network n1 busybox sh -c 'nc -w 2 b1 80 </dev/null'
D run --rm --network n1 busybox sh -c 'nc -w 2 172.17.0.2 80 </dev/null'
for c in a1 b1 c1 d1 e1 f1; do echo "== $c"; D port $c; D inspect -f '{{json .NetworkSettings.Ports}}' $c; done
D ps --format '{{.Names}} {{.Ports}}' | sort
D stop -t 0 a1
ask 127.0.0.1 8080
D start a1
sleep 1; ask 127.0.0.1 8080
D restart -t 0 a1
D port a1
D kill a1
D port a1
ask 192.0.2.9 8083
ask 192.0.2.9 8081
@ ip addr del 192.0.2.9/24 dev lo
