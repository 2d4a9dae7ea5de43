# what: how much was copied
@ D create --name c1 busybox
@ head -c 5000 /dev/zero >f; mkdir -p d/e; echo x >d/e/x; ln -s x d/l; head -c 1500000 /dev/zero >d/big; ln d/big d/same; : >empty
D cp -q=false f c1:/f
D cp --quiet=false d c1:/d
D cp -q=false d/. c1:/d
D cp -q=false d/ c1:/d2
D cp -q=false empty c1:/tmp
D cp -q=false c1:/f g
D cp -q=false c1:/f .
D cp -q=false c1:/d dd
D cp -q=false c1:/d/. dd
D cp -q f c1:/f
D cp f c1:/f
@ tar -cf t.tar d
D cp -q=false - c1:/tmp <t.tar
D cp -q=false - c1:/tmp </dev/null
D cp -q=false c1:/f - | wc -c
D cp -q=false c1:/d - | wc -c
@ n=$(printf 'n%.0s' $(seq 120)); echo x >$n
D cp -q=false $n c1:/tmp
D cp -q=false c1:/tmp/$n out
