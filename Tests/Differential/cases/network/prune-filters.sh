# what: prune with filters and in use
@ D network create --label a=1 n1; D network create --label a=2 n2; D network create --label b n3; D network create n4; D run -d --name c1 --network n4 busybox sleep 1000; D create --name c2 --network n3 busybox
D network prune -f --filter label=a=1 --filter label=b
D network prune -f --filter label=a=1
D network prune -f --filter until=1h
D network prune -f --filter until=1000000000
D network prune -f --filter until=2035-01-01T00:00:00 --filter label=nosuch
D network prune -f --filter label!=a --filter label!=b
D network prune -f --filter label
D network prune -f --filter until=1h --filter until=2h
D network prune --filter name=n4 -f
D network prune
echo n | D network prune
echo y | D network prune
D network ls --filter type=custom --format '{{.Name}}'
D system prune -f
D start c2
