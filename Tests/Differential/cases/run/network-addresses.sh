# what: addresses, names and interfaces in a container
# accept 20 *: kernel parameters of a container are set by --sysctl
# open 21 out: a subnet without a gateway (A1), the way out (A7), addresses that stay taken (A0)
# open 22 out: a subnet without a gateway (A1), the way out (A7), addresses that stay taken (A0)
# open 24 out: a subnet without a gateway (A1), the way out (A7), addresses that stay taken (A0)
# open 25 out: a subnet without a gateway (A1), the way out (A7), addresses that stay taken (A0)
# open 30 out: IPv6 is not switched off on networks without it (D8)
@ D network create --subnet 10.91.0.0/16 n1; D network create n2; D network create --internal --subnet 10.92.0.0/24 n3; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6
@ D run -d --name tt --network n1 --network-alias al --hostname hh busybox sleep 1000
D run --rm busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4,5,6
D run --rm --network n1 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4,5,6
D run --rm --network n2 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4,5,6
D run --rm --network n1 --ip 10.91.0.77 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4
D run --rm --network n1 --mac-address 02:42:0a:5b:00:07 busybox cat /sys/class/net/eth0/address | tr : -
D run --rm busybox cat /sys/class/net/eth0/mtu
D run --rm busybox ip route
D run --rm --network n1 busybox ip route
D run --rm --network n3 busybox ip route
D run --rm --network n6 busybox ip -6 route | sed -E 's/ *(metric|pref|expires|proto).*//' | grep -v fe80 | grep -v ff00
D run --rm --network n1 --network n2 busybox ip route | sed 's/ dev eth[0-9]//' | sort
D run --rm --network n2 --network n1 busybox ip route | sed 's/ dev eth[0-9]//' | sort
D run --rm --network n1 --network name=n2,gw-priority=1 busybox ip route | sed 's/ dev eth[0-9]//' | sort
D run --rm --network name=n2,mac-address=02:42:0a:5b:00:09 --network n1 busybox sh -c 'cat /sys/class/net/*/address; ls /sys/class/net' | tr : - | grep '02-42-0a-5b-00-09\|eth'
D run --rm --network host busybox sh -c 'test -e /sys/class/net/lo; hostname'
D run --rm --network n1 --link-local-ip 169.254.7.7 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4
D run --rm --network name=n1,driver-opt=com.docker.network.endpoint.ifname=foo0 busybox ls /sys/class/net | tr '\n' ' '
D run --rm --network name=n1,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1 busybox cat /proc/sys/net/ipv4/conf/eth0/log_martians
D run --rm --network n1 busybox nslookup -type=a tt | sed '1,3d' | grep . | sort
D run --rm --network n1 busybox nslookup -type=a al | sed '1,3d' | grep . | sort
D run --rm --network n1 busybox nslookup hh 2>&1 | grep -c NXDOMAIN
D run --rm --network n1 busybox nslookup -type=a tt.n1 | sed '1,3d' | grep . | sort
D run --rm --network n1 busybox nslookup 10.91.0.2 | sed '1,3d' | grep . | sort
D run --rm --network n2 busybox nslookup tt 2>&1 | grep -c "can't\|NXDOMAIN\|SERVFAIL"
D run --rm --network container:tt busybox sh -c 'hostname; ip -4 -o addr show eth0 | tr -s " " | cut -d " " -f 4'
D run --rm --network n1 --sysctl net.ipv4.ip_forward=0 busybox cat /proc/sys/net/ipv4/ip_forward
D run --rm --network n6 busybox cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6
D run --rm --network n1 busybox cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6
