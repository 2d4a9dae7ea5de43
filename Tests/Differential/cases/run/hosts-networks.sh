# what: /etc/hosts and /etc/resolv.conf on all kinds of networks
# accept 10 out: a container without a network knows its own name, too
# open 14 out: hosts of the host's network with hosts of one's own (C9)
# accept 18 out: the container's own resolver answers on the default network too, and asks the host's servers of the moment
# accept 32 out: the file has no comments
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6; D network create --internal --subnet 10.94.0.0/16 n4
R() { grep -v '^#' | grep .; }
@ D run -d --name tt --hostname hh --network n1 busybox sleep 1000; D run -d --name dd busybox sleep 1000
D run --rm --hostname box busybox cat /etc/hosts
D run --rm --hostname box --network n1 busybox cat /etc/hosts
D run --rm --hostname box --network n1 --network n2 busybox cat /etc/hosts | sort
D run --rm --hostname box --network n6 busybox cat /etc/hosts
D run --rm --hostname box.example.org --network n1 busybox cat /etc/hosts
D run --rm --hostname box --domainname example.org --network n1 busybox cat /etc/hosts
D run --rm --hostname box --network none busybox cat /etc/hosts
D run --rm --network host busybox cat /etc/hosts
D run --rm --network host --hostname box busybox sh -c 'cat /etc/hosts; cat /etc/hostname; hostname'
D run --rm --network host busybox sh -c 'cat /etc/hostname; hostname'
D run --rm --network host --add-host a:10.0.0.1 busybox cat /etc/hosts
D run --rm --network container:tt busybox sh -c 'cat /etc/hosts; cat /etc/hostname; grep -v "^#" /etc/resolv.conf | grep .'
D run --rm --hostname box --add-host a:10.0.0.1 --add-host b:::1 busybox cat /etc/hosts
D run --rm --hostname box --link dd:x busybox sh -c 'cat /etc/hosts | sed -E "s/[0-9a-f]{12}/ID/"'
D run --rm busybox cat /etc/resolv.conf | R
D run --rm --network n1 busybox cat /etc/resolv.conf | R
D run --rm --network none busybox cat /etc/resolv.conf | R
D run --rm --network host busybox cat /etc/resolv.conf | R
D run --rm --network n4 busybox cat /etc/resolv.conf | R
D run --rm --network n6 busybox cat /etc/resolv.conf | R
D run --rm --dns 10.0.0.53 --dns-search a.org --dns-search b.org --dns-option ndots:2 --dns-opt rotate busybox cat /etc/resolv.conf | R
D run --rm --network n1 --dns 10.0.0.53 --dns-search a.org --dns-option ndots:2 busybox cat /etc/resolv.conf | R
D run --rm --network n1 --dns 10.0.0.53 --dns fd00::53 busybox cat /etc/resolv.conf | R
D run --rm --network host --dns 10.0.0.53 busybox cat /etc/resolv.conf | R
D run --rm --network none --dns 10.0.0.53 busybox cat /etc/resolv.conf | R
D run --rm --network n1 --dns-search . busybox cat /etc/resolv.conf | R
D run --rm --network n1 --dns-option timeout:1 busybox cat /etc/resolv.conf | R
D run --rm --dns fd00::53 busybox cat /etc/resolv.conf | R
D run --rm --network n1 busybox cat /etc/resolv.conf
