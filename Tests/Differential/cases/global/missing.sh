# what: verbs on what is not there
# accept 6 err: these are the types that are here
for v in start stop restart kill pause unpause wait rm attach logs top port diff inspect stats update; do echo "== $v"; D $v $([ $v = update ] && echo --restart=no) nosuch; echo $?; done
for v in 'exec nosuch true' 'rename nosuch a' 'container inspect nosuch' 'image inspect nosuch' 'rmi nosuch' 'history nosuch' 'tag nosuch a' 'container rm -f nosuch' 'rmi -f nosuch' 'run --pull never nosuch' 'create --pull never nosuch' 'inspect --type image nosuch' 'inspect --type container nosuch'; do echo "== $v"; D $v; echo $?; done
for f in status=x exited=x health=x is-task=x before=nosuch since=nosuch nosuch=1 label=x volume=x ancestor=nosuch publish=x expose=x name='(' id=x network=x; do echo "== $f"; D ps -a --filter "$f" -q; echo $?; done
for f in dangling=x before=nosuch since=nosuch until=x nosuch=1 label=x 'reference=[' ; do echo "== $f"; D images --filter "$f" -q; echo $?; done
D tag busybox Bad
D inspect --type nosuch x
