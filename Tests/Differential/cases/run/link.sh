# what: --link on the default network and on others
# open 2 *: --link on the default network (A9)
# open 4 out: --link on the default network (A9)
# open 17 *: links are not removed by rm --link (A9)
# open 18 out: links are not removed by rm --link (A9)
# open 23 err: --link on the default network (A9)
# open 24 out: --link on the default network (A9)
# mask: X_NAME=/[a-z_]+/ => X_NAME=/NAME/
# mask: \b[0-9a-f]{64}\b => ID
# mask: \b[0-9a-f]{12}\b => id
@ D network create --subnet 10.91.0.0/16 n1; D run -d --name dd -e COLOR=red --expose 80 --expose 53/udp busybox sleep 1000; D run -d --name tt --network n1 busybox sleep 1000
D run --rm --link dd:x busybox env | sort | grep -v '^HOSTNAME\|^PATH\|^HOME'
D run --rm --link dd:x busybox tail -n 2 /etc/hosts
D run --rm --link dd busybox tail -n 2 /etc/hosts
D run --rm --link $(D ps -q --filter name=dd):x busybox tail -n 2 /etc/hosts
D run --rm --link dd:x busybox ping -c 1 -W 2 x | sed -n 1p
D create --name c1 --link dd:x busybox true | wc -l
D inspect -f '{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.bridge.Links}}' c1
D ps -a --filter name=dd --format '{{.Names}}'
D create --name c2 --link dd:x --link dd:x busybox true | wc -l
D create --name c3 --link /dd:x busybox true | wc -l
D run --rm --network n1 --link tt:x busybox sh -c 'env | grep -c ^X_; tail -n 1 /etc/hosts; ping -c 1 -W 2 x | sed -n 1p'
D run --rm --network n1 --link dd:x busybox ping -c 1 -W 2 x
D create --name c4 --network n1 --link tt:x --link dd busybox | wc -l
D inspect -f '{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.n1.Links}}' c4
D create --name c5 --link dd:x busybox true | wc -l
D rm --link c5/x
D inspect -f '{{json .HostConfig.Links}}' c5
D run --rm --link dd:x --link tt busybox true
D run --rm --network bridge --link dd:x busybox tail -n 2 /etc/hosts
D run --rm --link dd:x --hostname x busybox tail -n 2 /etc/hosts
D rm -f dd
D start c1
D inspect -f '{{.State.Status}} {{.State.Error}}' c1
