# what: ports that others have
# mask: \(pid \d+\) => (pid N)
@ D run -d --name a -p 8080:80 busybox sleep 1000
D run --name b -p 8080:80 busybox true
D ps -a --filter name=b --format '{{.Names}} {{.Status}} {{.Ports}}.'
D inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' b
D start b
D run --rm -p 127.0.0.1:8080:80 busybox true
D run --rm -p 8080:81/tcp busybox true
D run --rm -p 8080:80/udp busybox echo other protocol
D run --rm -p 8080-8081:80 busybox echo next one
D run -d -p 8080:80 busybox true
D run --name c -p 8085:80 -p 8085:81 busybox true
D run --name d -p 8086:80 -p 8086:80 busybox echo twice the same
D run --name e -p 127.0.0.1:8087:80 -p 0.0.0.0:8087:80 busybox echo both
D run --name e2 -p 8089:80 -p 8089:80/udp busybox echo both protocols
D run --rm -p 8084:80 --network host busybox echo host
D run --rm -p 192.0.2.7:8084:80 busybox echo not ours
D create --name f -p 8080:80 busybox true
D start f
D rm -f a
D start -a b
D start -a f
D ps -a --filter name=c --format '{{.Names}} {{.Status}}'
