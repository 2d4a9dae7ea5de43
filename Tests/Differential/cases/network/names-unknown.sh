# what: names that nobody has
@ D network create --subnet 10.91.0.0/16 --gateway 10.91.0.1 n1; D network create --internal --subnet 10.92.0.0/16 n2
N() { D run --rm --network $1 --name asker busybox nslookup $3 $2 2>&1 | sed '1,3d' | grep . | sort; }
N n1 nosuch -type=a
N n1 nosuch.example.org -type=a
N n2 nosuch -type=a
N n2 nosuch.example.org -type=a
N n1 nosuch.n1 -type=a
N n1 10.91.0.99
N n1 localhost -type=a
D run --rm --network n1 busybox ping -c 1 nosuch
D run --rm busybox ping -c 1 nosuch
D run --rm --network none busybox ping -c 1 nosuch
