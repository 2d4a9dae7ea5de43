# what: what is no copy, and who is told
@ D create --name c1 busybox
@ echo f >f
D cp
D cp x
D cp x y z
D cp x y
D cp c1:x c1:y
D cp - -
D cp - x
D cp "" y
D cp x ""
D cp c2:/x .
D cp x c2:/
D cp f c2:/
D cp f c2:/x
D cp c1: .
D cp f c1:
D cp :/x .
D cp f :/x
D cp ./a:b c1:/
D cp /a:b c1:/
D cp --nosuch f c1:/
D cp -Lqa f c1:/ab
D cp --archive=maybe f c1:/
D container cp f c1:/ac
D diff c1
D cp c1:/ac f/
D cp c1:/ac /dev/null
D cp c1:/ac nodir/x
D cp f c1:/dev/null
D cp --help | H
