# what: what is refused
# accept 10 out: every message of ours begins with the name of the program
@ D create --name c1 busybox
D export nosuch
D export
D export a b
D export -o /nosuch/x c1
D export -o / c1
D export -o f.tar nosuch; ls
D export --nosuch c1
D export --help | H
T 'D export c1'
