# what: usages, flags and missing words
# accept 2 err: summaries are in own words
# accept 4 out: flags that are refused are not in the help, and --egress is an addition
D network --help | H
D network
D network nosuch
for v in create ls inspect rm prune connect disconnect; do echo "== $v"; D network $v --help | H; done
D network create
D network create a b
D network ls x
D network inspect
D network rm
D network prune x
D network connect a
D network disconnect a
