# what: what is no command of networks
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
