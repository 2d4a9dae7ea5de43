# what: what is found out at the start of a container
# open 4 err: addresses that are none of the network (A2, A3, C3)
# open 10 err: addresses that are none of the network (A2, A3, C3)
# open 12 err: addresses that are none of the network (A2, A3, C3)
# open 14 err: addresses that are none of the network (A2, A3, C3)
# open 17 err: a network of a container that does not run (C10)
# accept 18 err: a network that is not there is found out at once, and not at the start of the container
# open 27 *: --link is not checked (A9)
# accept 31 err: our sentence says more, or what to do
# open 32 out: follows from other steps (A2, A3, A4, A9)
# open 33 out: the exit code of a start that failed in the network (A15)
# accept 34 out: a container that cannot be made leaves nothing behind
# mask: \b[0-9a-f]{64}\b => ID
# mask: "?veth[0-9a-f]+"? => VETH
@ D network create --subnet 10.91.0.0/16 --ip-range 10.91.5.0/24 --aux-address x=10.91.5.9 n1; D network create n2; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n3
@ D run -d --name tt --network n1 --ip 10.91.5.5 --mac-address 02:42:0a:5b:05:05 busybox sleep 1000; D create --name notstarted busybox
D run --name a1 --network n1 --ip 10.91.5.5 busybox true
D run --name a2 --network n1 --ip 10.92.0.5 busybox true
D run --name a3 --network n1 --ip 10.91.0.1 busybox true
D run --name a4 --network n1 --ip 10.91.5.9 busybox true
D run --name a5 --network n1 --ip 10.91.0.0 busybox true
D run --name a6 --network n1 --ip 10.91.255.255 busybox true
D run --rm --name a7 --network n1 --ip 10.91.7.7 busybox sh -c 'ip -4 -o addr show eth0 | tr -s " " | cut -d " " -f 4'
D run --name a8 --network n2 --ip 172.18.0.9 busybox true
D run --name a9 --network n3 --ip 10.93.0.7 --ip6 fd00:93::7 busybox sh -c 'ip -o addr show eth0 | tr -s " " | cut -d " " -f 4 | grep -v fe80'
D run --name b1 --network n3 --ip6 fd00:94::7 busybox true
D run --name b2 --network n1 --mac-address 02:42:0a:5b:05:05 busybox echo same mac
D run --name b3 --network n1 --ip6 fd00::1 busybox true
D run --name b4 --network nosuch busybox true
D run --name b5 --network container:nosuch busybox true
D run --name b6 --network container:notstarted busybox true
D run --name b7 --network container:b7 busybox true
D run --name b8 --network n1 --network n2 busybox sh -c 'ls /sys/class/net | tr "\n" " "'
D run --name b9 --network n1 --network nosuch busybox true
D run --name c1 --link nosuch busybox true
D run --name c2 --link notstarted busybox true
D run --name c3 --link tt busybox true
D run --name c4 --network n1 --link nosuch busybox true
D run --name c5 --network n1 --link notstarted:x busybox true
D run --rm --network n1 --link tt:x busybox sh -c 'ping -c 1 -W 2 x | sed -n 1p'
D run --name c6 --link : busybox true
D run --name c7 --link '' busybox true
D run --name c8 --link a:b:c busybox true
D run --name c9 --link tt: busybox true
D run --name d1 --mac-address 01:00:5e:00:00:01 busybox true
D ps -a --format '{{.Names}} {{.State}} {{.Networks}}' | grep -v '^b[4579]' | sed 's/n2,n1/n1,n2/; s/nosuch,n1/n1,nosuch/' | sort
D inspect -f '{{.State.ExitCode}} {{.State.Error}}' a1
D ps -a --format '{{.Names}} {{.State}} {{.Networks}}' | grep '^b[4579]' | sed 's/nosuch,n1/n1,nosuch/' | sort
