# what: what is refused
@ D create --name c1 busybox
D export nosuch
D export
D export a b
D export -o /nosuch/x c1
D export -o / c1
D export -o f.tar nosuch; ls
D export --nosuch c1
D export --help | H
T D export c1
