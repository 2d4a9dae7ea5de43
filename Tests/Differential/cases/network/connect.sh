# what: networks of containers that do not run
# accept 17 err: a message is one line
# accept 2 *: a network that is not there is found out at once, and not at the start of the container
# accept 8 *: a network that is not there is found out at once, and not at the start of the container
@ D network create n1; D network create n2; D create --name c1 --network n1 busybox true; D create --name h1 --network host busybox true; D create --name e1 --network none busybox true
D network connect nosuch c1
D network connect n2 nosuch
D network connect n2 c1
D network connect n2 c1
D network disconnect n2 c1
D network disconnect n2 c1
D network disconnect nosuch c1
D network disconnect n2 nosuch
D network disconnect -f n2 nosuch
D network connect n2 h1
D network connect n2 e1
D network connect host c1
D network connect none c1
D network connect --driver-opt a n2 c1
D network connect --gw-priority x n2 c1
D network connect --link-local-ip foo n2 c1
