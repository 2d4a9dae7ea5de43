# what: ports that others have
# open 4 out: the exit code of a start that failed in the network (A15)
# accept 6 err: our sentence says more, or what to do
# accept 12 err: our sentence says more, or what to do
# accept 13 err: our sentence says more, or what to do
# accept 16 err: our sentence says more, or what to do
# mask: \b[0-9a-f]{64}\b => ID
# mask: Bind for (0\.0\.0\.0|::): => Bind for ADDRESS:
# mask: \(pid \d+\) => (pid N)
@ D run -d --name a1 -p 8080:80 busybox sleep 1000
D run --name b1 -p 8080:80 busybox true
D ps -a --filter name=b1 --format '{{.Names}} {{.Status}} {{.Ports}}.'
D inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' b1
D start b1
D run --rm --name r1 -p 127.0.0.1:8080:80 busybox true
D run --rm --name r2 -p 8080:81/tcp busybox true
D run --rm --name r3 -p 8080:80/udp busybox echo other protocol
D run --rm --name r4 -p 8080-8081:80 busybox echo next one
D run -d --name x1 -p 8080:80 busybox true
D run --name c1 -p 8085:80 -p 8085:81 busybox true
D run --name d1 -p 8086:80 -p 8086:80 busybox echo twice the same
D run --name e1 -p 127.0.0.1:8087:80 -p 0.0.0.0:8087:80 busybox echo both
D run --name e2 -p 8089:80 -p 8089:80/udp busybox echo both protocols
D run --rm --name r5 -p 8084:80 --network host busybox echo host
D run --rm --name r6 -p 192.0.2.7:8084:80 busybox echo not ours
D create --name f1 -p 8080:80 busybox true
D start f1
D rm -f a1
D start -a b1
D start -a f1
D ps -a --filter name=c1 --format '{{.Names}} {{.Status}}'
