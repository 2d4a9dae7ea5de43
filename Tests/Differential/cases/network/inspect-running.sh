# what: a network with containers on it
# open 6 out: containers of the networks host and none are not told (A8)
# open 7 out: containers of the networks host and none are not told (A8)
# accept 13 out: Docker 28.5 takes a network that is in use for dangling
# accept 14 out: Docker 28.5 takes a network that is in use for dangling
# accept 15 err: Docker's client adds a line that says "exit status 1"
# accept 16 err: Docker's client adds a line that says "exit status 1"
# accept 17 err: Docker's client adds a line that says "exit status 1"
# open 23 out: the exit code of a start that failed in the network (A15)
# mask: "(EndpointID)": "[0-9a-f]{64}" => "\1": "ID"
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.93.0.0/16 --subnet fd00:93::/64 --ipv6 n6; D run -d --name c1 --network n1 busybox sleep 1000; D create --name c2 --network n1 busybox; D run -d --name c3 busybox sleep 1000; D run -d --name c4 --network n6 busybox sleep 1000; D run -d --name c5 --network host busybox sleep 1000; D run -d --name c6 --network none busybox sleep 1000
D network inspect n1
D network inspect -v n1
D network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.IPv6Address}}{{end}}' n6
D network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}' bridge
D network inspect -f '{{range .Containers}}{{.Name}} [{{.IPv4Address}}] [{{.MacAddress}}]{{end}}' host
D network inspect -f '{{range .Containers}}{{.Name}} [{{.IPv4Address}}] [{{.MacAddress}}]{{end}}' none
D network inspect bridge | sed 's/"Id": "[0-9a-f]*"/"Id": "ID"/'
D network inspect -f '{{.Name}}' n1 nosuch n6 alsono
D network inspect -f json n1 | wc -l
D network inspect --format '{{len .Containers}} {{printf "%.4s" .Created}}' n1
D network inspect -s n1
D network ls --filter dangling=true --format '{{.Name}}'
D network ls --filter dangling=false --format '{{.Name}}'
D network rm n1
D network rm n1 n6 nosuch
D network rm -f n1
D network prune -f | sort
D rm -f c1
D network rm n1
D inspect -f '{{json .NetworkSettings.Networks}}' c2 | grep -o '"NetworkID":"[^"]*"'
D start c2
D inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' c2
D network create n1
D start -a c2
D ps -a --filter network=n1 --format '{{.Names}}'
D rm -f c4
D network prune -f | sort
