# what: the network of another container
# open 11 err: what is said of another container's network (B1, C10, A15)
# open 19 err: what is said of another container's network (B1, C10, A15)
# open 23 err: what is said of another container's network (B1, C10, A15)
# open 24 out: what is said of another container's network (B1, C10, A15)
# open 25 err: what is said of another container's network (B1, C10, A15)
# accept 26 *: a network that is not there is found out at once, and not at the start of the container
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --subnet 10.91.0.0/16 n1; D run -d --name tt --hostname hh --network n1 -p 8080:80 --add-host a:10.0.0.1 --dns 10.0.0.53 busybox sleep 1000; D create --name st busybox
D run --rm --network container:tt busybox sh -c 'hostname; ls /sys/class/net | tr "\n" " "; ip -4 -o addr show eth0 | tr -s " " | cut -d " " -f 4; cat /etc/hostname; tail -n 2 /etc/hosts; grep -v "^#" /etc/resolv.conf | grep .'
D run --rm --network container:$(D inspect -f '{{.Id}}' tt) busybox hostname
D run --rm --network container:$(D inspect -f '{{slice .Id 0 7}}' tt) busybox hostname
D run -d --name c1 --network container:tt busybox sleep 1000
D inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}} {{json .NetworkSettings.Ports}} {{.Config.Hostname}}' c1
D ps --filter name=c1 --format '[{{.Networks}}] [{{.Ports}}]'
D port c1
D exec c1 sh -c 'echo 10.0.0.9 zz >> /etc/hosts'
D exec tt tail -n 1 /etc/hosts
D run --name c2 --network container:st busybox true
D run --name c3 --network container:c1 busybox hostname
D network disconnect n1 c1
D network connect n1 c1
D stop -t 0 tt
D ps --format '{{.Names}} {{.State}}'
D rm -f c1
D create --name c4 --network container:tt busybox hostname
D start -a c4
D start tt
D start -a c4
D rm -f tt
D start -a c4
D inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' c4
D run --rm --network container:c4 busybox true
D create --name c5 --network container:c5 busybox true
