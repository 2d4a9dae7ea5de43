# what: the long form of --network in ways that are none
# accept 2 *: a network that is not there is found out at once, and not at the start of the container
# accept 3 *: a network that is not there is found out at once, and not at the start of the container
# open 8 err: the long form of --network (C1, C2, C3, B9)
# open 9 err: the long form of --network (C1, C2, C3, B9)
# open 10 err: the long form of --network (C1, C2, C3, B9)
# open 11 err: the long form of --network (C1, C2, C3, B9)
# open 12 err: the long form of --network (C1, C2, C3, B9)
# accept 24 *: a network that is not there is found out at once, and not at the start of the container
# accept 26 *: a network that is not there is found out at once, and not at the start of the container
# open 28 err: the long form of --network (C1, C2, C3, B9)
# accept 42 *: a network that is not there is found out at once, and not at the start of the container
# accept 44 *: a network that is not there is found out at once, and not at the start of the container
# accept 46 *: a network that is not there is found out at once, and not at the start of the container
# accept 47 *: a network that is not there is found out at once, and not at the start of the container
# accept 49 *: a network that is not there is found out at once, and not at the start of the container
# accept 56 *: a network that is not there is found out at once, and not at the start of the container
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2
D create --network name= busybox
D create --network name busybox
D create --network alias=a busybox
D create --network name=n1, busybox
D create --network name=n1,foo busybox
D create --network name=n1,foo=bar busybox
D create --network name=n1,ip=foo busybox
D create --network name=n1,ip=::1 busybox
D create --network name=n1,ip6=10.91.0.9 busybox
D create --network name=n1,ip6=foo busybox
D create --network name=n1,link-local-ip=foo busybox
D create --network name=n1,mac-address=foo busybox
D create --network name=n1,mac-address= busybox
D create --network name=n1,driver-opt=a busybox
D create --network name=n1,driver-opt==b busybox
D create --network name=n1,driver-opt= busybox
D create --network name=n1,gw-priority=a busybox
D create --network name=n1,gw-priority= busybox
D create --network name=n1,gw-priority=99999999999999999999 busybox
D create --network name=n1,NAME=n2 busybox
D create --network 'name=n1, alias=a' busybox
D create --network 'name=n1,"alias=a,b"' busybox
D create --network 'name="n1' busybox
D create --network n1,alias=a busybox
D create --network name=nosuch,alias=a busybox
D create --network name=bridge,alias=a busybox
D create --network name=host,ip=1.2.3.4 busybox
D create --network name=none,alias=a busybox
D create --network name=n1,alias=a --network-alias b busybox
D create --network name=n1,ip=10.91.0.5 --ip 10.91.0.6 busybox
D create --network name=n1,ip6=fd00::5 --ip6 fd00::6 busybox
D create --network name=n1,mac-address=02:42:ac:11:00:07 --mac-address 02:42:ac:11:00:08 busybox
D create --network name=n1,link-local-ip=169.254.1.1 --link-local-ip 169.254.1.2 busybox
D create --network n1 --network n1 busybox
D create --network n1 --network name=n1,alias=a busybox
D create --network host --network n1 busybox
D create --network n1 --network host busybox
D create --network none --network n1 busybox
D create --network n1 --network none busybox
D create --network container:x --network n1 busybox
D create --network n1 --network nosuch busybox
D create --network container: busybox
D create --network container:nosuch busybox
D create --network container busybox
D create --network foo:bar busybox
D create --network HOST busybox
D create --network ' ' busybox
D create --network n busybox
D create --name up --network name=N1,alias=AbC busybox
D inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}}' up
D create --network 'name=n1,=b' busybox
D create --network 'name=n1,alias=' busybox
D create --network 'name=n1,foo bar' busybox
D network ls --filter type=custom --format '{{.Name}}'
D ps -aq | wc -l
