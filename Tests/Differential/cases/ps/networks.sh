# what: networks in lists, and filters by them
# open 3 out: networks in lists (A4, E1)
# open 4 out: networks in lists (A4, E1)
# open 9 *: values of filters by port (E1)
# open 10 err: values of filters by port (E1)
# open 11 err: values of filters by port (E1)
# open 13 err: values of filters by port (E1)
@ D network create n1; D network create n2; D run -d --name c1 --network n1 --network n2 busybox sleep 1000; D create --name c2 --network n2 busybox; D run -d --name c3 busybox sleep 1000; D create --name c4 --network host busybox; D create --name c5 --network none busybox; D run -d --name c6 --network container:c3 busybox sleep 1000
for f in network=n1 network=n2 network=bridge network=host network=none network=default network=nosuch network=n network=container:c3; do echo "== $f"; D ps -a --filter $f --format '{{.Names}}' | sort; done
D ps -a --filter network=$(D network inspect -f '{{.Id}}' n2) --format '{{.Names}}' | sort
D ps -a --filter network=$(D network inspect -f '{{slice .Id 0 12}}' n2) --format '{{.Names}}' | sort
D ps -a --filter network=n1 --filter network=bridge --format '{{.Names}}' | sort
D ps -a --format '{{.Names}} {{.Networks}}' | sed 's/n2,n1/n1,n2/' | sort
D ps --format json --filter name=c3 | grep -o '"Networks":"[^"]*"'
D ps -a --filter 'publish=80' --filter network=n1 -q
D ps -a --filter publish=0 -q
D ps -a --filter publish=65536 -q
D ps -a --filter expose=80-70 -q
D ps -a --filter publish=80/foo -q
D ps -a --filter publish= -q
