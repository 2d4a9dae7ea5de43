# what: flags that do not go together
# open 15 err: flags that do not go together (C3, C5, C6, B1)
# open 24 err: flags that do not go together (C3, C5, C6, B1)
# open 25 err: flags that do not go together (C3, C5, C6, B1)
# open 31 err: flags that do not go together (C3, C5, C6, B1)
# open 36 err: flags that do not go together (C3, C5, C6, B1)
# open 37 err: flags that do not go together (C3, C5, C6, B1)
# open 40 err: flags that do not go together (C3, C5, C6, B1)
# open 49 err: flags that do not go together (C3, C5, C6, B1)
# open 50 err: flags that do not go together (C3, C5, C6, B1)
# open 51 err: flags that do not go together (C3, C5, C6, B1)
# open 52 err: flags that do not go together (C3, C5, C6, B1)
# open 53 err: flags that do not go together (C3, C5, C6, B1)
# mask: \b[0-9a-f]{64}\b => ID
# mask: "?veth[0-9a-f]+"? => VETH
@ D network create --subnet 10.91.0.0/16 n1; D run -d --name tt busybox sleep 1000; D run -d --name hh --network host busybox sleep 1000
D create --name a1 --network host -p 8080:80 busybox
D create --name a2 --network none -p 8080:80 busybox
D create --name a3 --network container:tt -p 8080:80 busybox
D create --name a4 --network container:tt -P busybox
D create --name a5 --network container:tt --expose 80 busybox
D create --name a6 --network container:tt --hostname h busybox
D create --name a7 --network container:tt --domainname d busybox
D create --name a8 --network container:tt --dns 10.0.0.1 busybox
D create --name a9 --network container:tt --dns-search a busybox
D create --name b1 --network container:tt --dns-option a busybox
D create --name b2 --network container:tt --add-host a:10.0.0.1 busybox
D create --name b3 --network container:tt --mac-address 02:42:ac:11:00:07 busybox
D create --name b4 --network container:tt --link tt busybox
D create --name b5 --network container:tt --ip 10.0.0.7 busybox
D create --name b6 --network container:tt --network-alias a busybox
D create --name b7 --network container:tt --uts host busybox
D create --name c1 --network host --hostname h busybox
D create --name c2 --network host --domainname h busybox
D create --name c3 --network host --dns 10.0.0.1 busybox
D create --name c4 --network host --add-host a:10.0.0.1 busybox
D create --name c5 --network host --mac-address 02:42:ac:11:00:07 busybox
D create --name c6 --network host --link tt busybox
D create --name c7 --network host --ip 10.0.0.7 busybox
D create --name c8 --network host --ip6 fd00::7 busybox
D create --name c9 --network host --network-alias a busybox
D create --name d1 --network host -P busybox
D create --name d2 --network host --expose 80 busybox
D create --name d3 --network host --uts host --hostname a busybox
D create --name e1 --network none --link tt busybox
D create --name e2 --network none --ip 10.0.0.7 busybox
D create --name e3 --network none --network-alias a busybox
D create --name e4 --network none --mac-address 02:42:ac:11:00:07 busybox
D create --name e5 --network none --dns 10.0.0.1 --hostname h busybox
D create --name e6 --network none --link-local-ip 169.254.1.1 busybox
D create --name f1 --ip 172.17.0.9 busybox
D create --name f2 --ip6 fd00::9 busybox
D create --name f3 --network-alias a busybox
D create --name f4 --link-local-ip 169.254.1.1 busybox
D create --name f5 --network bridge --ip 172.17.0.9 busybox
D create --name f6 --network n1 --link tt busybox
D create --name f7 --uts host --hostname a busybox
D create --name f8 --mac-address foo busybox
D create --name f9 --mac-address 02:42:ac:11:00 busybox
D create --name g1 --mac-address '' busybox
D create --name g2 --mac-address 02-42-ac-11-00-07 busybox
D create --name g3 --mac-address 0242.ac11.0007 busybox
D create --name g4 --mac-address 01:00:5e:00:00:01 busybox
D create --name g5 --ip foo --network n1 busybox
D create --name g6 --ip6 foo --network n1 busybox
D create --name g7 --ip fd00::1 --network n1 busybox
D create --name g8 --ip6 10.91.0.9 --network n1 busybox
D create --name g9 --link-local-ip foo --network n1 busybox
D create --name h1 --network container:hh -p 80 busybox
D ps -a --format '{{.Names}} {{.Networks}}' | sed 's/n2,n1/n1,n2/; s/nosuch,n1/n1,nosuch/' | sort
