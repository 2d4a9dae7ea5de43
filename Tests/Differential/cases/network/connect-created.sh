# what: connect and disconnect of containers that were not started, or have ended
# open 5 err: connect and disconnect of created containers (A14)
# open 6 err: connect and disconnect of created containers (A14)
# open 7 *: connect and disconnect of created containers (A14)
# open 8 out: connect and disconnect of created containers (A14)
# open 9 err: connect and disconnect of created containers (A14)
# open 11 out: connect and disconnect of created containers (A14)
# open 12 out: connect and disconnect of created containers (A14)
# open 15 out: connect and disconnect of created containers (A14)
# open 16 *: connect and disconnect of created containers (A14)
# open 17 out: connect and disconnect of created containers (A14)
# open 18 out: connect and disconnect of created containers (A14)
# open 20 out: connect and disconnect of created containers (A14)
# open 23 err: --link of network connect is refused (A14)
# open 31 out: connect and disconnect of created containers (A14)
# mask: \b[0-9a-f]{64}\b => ID
# mask: "[0-9a-f]{12}" => "id"
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2; D network create n3; D create --name c1 busybox sh -c 'ls /sys/class/net | tr "\n" " "'; D create --name c2 --network n1 busybox true
I() { D inspect -f '{{.HostConfig.NetworkMode}}: {{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{json .IPAMConfig}} {{json .Aliases}} {{json .DriverOpts}} {{json .Links}} {{.GwPriority}};{{end}}' $1; }
D network connect --ip 10.91.0.9 --alias a --alias b,c --driver-opt x=y --gw-priority 4 n1 c1
I c1
D network connect --ip 10.99.0.9 n2 c1
D network connect --ip 172.20.0.9 n3 c1
D network connect --link c2:foo n2 c1
I c1
D network connect --alias a bridge c2
D network connect bridge c2
I c2
D start -a c1
D network disconnect bridge c1
D network disconnect n1 c1
I c1
D network disconnect n2 c1
I c1
D start -a c1
D network connect n1 c1
D start -a c1
D network disconnect n1 c1
D network connect --mac-address 02:42:ac:11:00:07 n1 c1
D network connect --link foo:bar:baz n1 c1
D network connect --gw-priority 99999999999999999999 n1 c1
D network connect --ip '' n1 c1
D network connect '' c1
D network connect n1 ''
D network disconnect '' c1
D network connect n1 c1 c2
D network disconnect -f
id=$(D network inspect -f '{{.Id}}' n2); D network connect $(echo $id | cut -c -8) c2; I c2
