# what: removal and prune
# accept 3 err: Docker's client adds a line that says "exit status 1"
# accept 5 err: Docker's client adds a line that says "exit status 1"
# accept 6 err: Docker's client adds a line that says "exit status 1"
@ D network create n1; D network create n2; D network create --label k n3; D network create --label k=v n4; D network create n5
D network rm n1
D network rm nosuch
D network rm -f nosuch
D network rm nosuch n2
D network rm bridge
D network ls --format '{{.Name}}'
D network prune -f --filter label=nosuch
D network prune -f --filter until=24h
D network prune -f --filter until=foo
D network prune -f --filter foo=bar
D network prune -f --filter label=k=v
D network prune -f --filter 'label!=k'
D system prune -f
D network ls --format '{{.Name}}'
