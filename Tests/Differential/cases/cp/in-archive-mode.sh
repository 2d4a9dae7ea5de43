# what: archive mode into a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang
@ show() { D exec c1 sh -c 'cd /w && find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'; }
@ t() { D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep'; D cp $1 "c1:/w/$2"; echo "rc=$?"; show; }
t '-a f' e
t '-a f' e/
t '-a f' e/.
t '-a f' old
t '-a f' old/
t '-a f' lold
t '-a f' le
t '-a f' le/
t '-a f' ldang
t '-a f' ldeep
t '-a f' new
t '-a f' new/
t '-a f' new/.
t '-a f' no/x
t '-a f' old/x
t '-a d' e
t '-a d' e/
t '-a d' e/.
t '-a d' old
t '-a d' old/
t '-a d' lold
t '-a d' le
t '-a d' le/
t '-a d' ldang
t '-a d' ldeep
t '-a d' new
t '-a d' new/
t '-a d' new/.
t '-a d' no/x
t '-a d' old/x
t '-a -L ld' e
t '-a -L ld' e/
t '-a -L ld' e/.
t '-a -L ld' old
t '-a -L ld' old/
t '-a -L ld' lold
t '-a -L ld' le
t '-a -L ld' le/
t '-a -L ld' ldang
t '-a -L ld' ldeep
t '-a -L ld' new
t '-a -L ld' new/
t '-a -L ld' new/.
t '-a -L ld' no/x
t '-a -L ld' old/x
t '-a d/.' e
t '-a d/.' e/
t '-a d/.' e/.
t '-a d/.' old
t '-a d/.' old/
t '-a d/.' lold
t '-a d/.' le
t '-a d/.' le/
t '-a d/.' ldang
t '-a d/.' ldeep
t '-a d/.' new
t '-a d/.' new/
t '-a d/.' new/.
t '-a d/.' no/x
t '-a d/.' old/x
