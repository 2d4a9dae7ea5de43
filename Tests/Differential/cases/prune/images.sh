# what: those without a name, those without a label, and what is asked before
# mask: reclaimed space: .* => reclaimed space: SIZE
@ D create --name a1 busybox; D commit a1 made:1; D commit -c 'LABEL keep=1' a1 made:2; D commit a1 made:1
@ D create --name b1 made:1
D image prune </dev/null
D image prune -a </dev/null
D image prune -f --filter nosuch=1
D image prune -f --filter until=1h --filter until=2h
D image prune -f x
D image prune -f | grep -v '^deleted: sha256'
D image prune -f
D image prune -af --filter label=keep | grep -v '^deleted: sha256'
D images --format '{{.Repository}}:{{.Tag}}' | grep made
