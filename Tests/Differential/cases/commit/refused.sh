# what: what is refused
@ D create --name c1 busybox
D commit nosuch
D commit
D commit a b c
D commit c1 UPPER
D commit c1 a@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
D commit -c 'FROM x' c1
D commit -c 'RUN x' c1
D commit -c 'NOSUCH x' c1
D commit -c 'ENV a' c1
D commit --nosuch c1
D commit --help | H
D container commit --help | H
D images -q | wc -l
