# what: what is no command of networks
# accept 2 out: the networks that are always there have ids that do not change
D network update n
D network list
D network remove
D network connect
D network disconnect
D network connect --foo a b
D network ls -a
D network prune a
D network inspect --size bridge
D network create --foo n
