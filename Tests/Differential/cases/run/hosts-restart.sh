# what: /etc/hosts, /etc/hostname and /etc/resolv.conf that were changed, over a restart, and those of the user's own
# mask: \b[0-9a-f]{12}\b => id
@ D network create --subnet 10.91.0.0/16 n1; echo '10.1.1.1 mine' > own; D run -d --name c1 --hostname hh --network n1 busybox sleep 1000
@ D exec c1 sh -c 'echo 10.0.0.9 zz >> /etc/hosts; echo new > /etc/hostname; echo "search changed" >> /etc/resolv.conf'
@ D restart -t 0 c1
D exec c1 sh -c 'tail -n 1 /etc/hosts; cat /etc/hostname; hostname; grep -c changed /etc/resolv.conf; grep -c zz /etc/hosts'
D run --rm -v $PWD/own:/etc/hosts busybox cat /etc/hosts
D run --rm -v $PWD/own:/etc/resolv.conf busybox cat /etc/resolv.conf
D run --rm -v $PWD/own:/etc/hostname busybox cat /etc/hostname
D run --rm -v $PWD/own:/etc/hosts --add-host a:10.0.0.1 busybox cat /etc/hosts
cat own
D run --rm --read-only busybox sh -c 'echo a >> /etc/hosts && echo written'
D run --rm --user 1000 busybox sh -c 'echo a >> /etc/hosts'
D run --rm busybox sh -c 'ls -l /etc/hosts /etc/hostname /etc/resolv.conf | cut -d " " -f 1-4; grep -c " /etc/hosts " /proc/mounts'
D run --rm busybox sh -c 'rm /etc/hosts'
