# what: which addresses are given, and given again
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --subnet 10.91.0.0/16 n1
A() { for c in $*; do D inspect -f "$c {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}" $c; done; }
@ for c in c1 c2 c3; do D run -d --name $c --network n1 busybox sleep 1000; done
A c1 c2 c3
@ D stop -t 0 c1 c2; D run -d --name c4 --network n1 busybox sleep 1000; D start c1; D start c2
A c1 c2 c3 c4
@ D rm -f c1 c4; D run -d --name c5 --network n1 --ip 10.91.0.2 busybox sleep 1000; D run -d --name c6 --network n1 busybox sleep 1000
A c5 c6
D create --name d1 --network n1 --ip 10.91.0.50 busybox sleep 1000
D run -d --name d2 --network n1 --ip 10.91.0.50 busybox sleep 1000
D start d1
@ D rm -f d2
D start d1
A d1
@ D restart -t 0 d1 c2
A d1 c2
D run -d --name e1 --network n1 --mac-address 02:42:0a:5b:00:99 busybox sleep 1000
@ D restart -t 0 e1
D exec e1 cat /sys/class/net/eth0/address | tr : -
@ D network create --subnet 10.92.0.0/29 small; for c in s1 s2 s3 s4 s5; do D run -d --name $c --network small busybox sleep 1000; done
A s1 s5
D run --name s6 --network small busybox true
D network inspect -f '{{len .Containers}}' small
@ D rm -f s3
D run --rm --network small busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4
D run --rm --network small busybox true && D network inspect -f '{{len .Containers}}' small
@ D rm -f s1 s2 s4 s5
D run --rm --network small busybox true && D network rm small
