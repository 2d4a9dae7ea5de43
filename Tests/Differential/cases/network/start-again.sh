# what: starts and ends in quick succession
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --subnet 10.91.0.0/16 --gateway 10.91.0.1 n1
for i in $(seq 12); do D run --rm busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4; done | sort | uniq -c
for i in $(seq 12); do D run --rm --network n1 busybox ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4; done | sort | uniq -c
for i in $(seq 8); do D run -d --name c1 --network n1 -p 8080:80 busybox sleep 1000 >/dev/null; D rm -f c1; done | sort | uniq -c
@ D run -d --name c1 --network n1 -p 8080:80 busybox nc -ll -p 80 -e echo c1; D run -d --name c2 --network n1 busybox sleep 1000
for i in $(seq 5); do D restart -t 0 c1; sleep 0.3; D exec c2 sh -c 'nc -w 3 c1 80 </dev/null'; done
for i in $(seq 5); do D rm -f c1; D run -d --name c1 --network n1 -p 8080:80 busybox nc -ll -p 80 -e echo new; sleep 0.3; D exec c2 sh -c 'nc -w 3 c1 80 </dev/null'; done
D inspect -f '{{.NetworkSettings.Networks.n1.IPAddress}}' c1
D rm -f c1 c2 && D network rm n1
