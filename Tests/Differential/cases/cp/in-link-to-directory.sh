# what: link to directory into a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang
@ show() { D exec c1 sh -c 'cd /w && find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'; }
@ t() { D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep'; D cp $1 "c1:/w/$2"; echo "rc=$?"; show; }
t 'ld' e
t 'ld' e/
t 'ld' e/.
t 'ld' old
t 'ld' old/
t 'ld' lold
t 'ld' le
t 'ld' le/
t 'ld' ldang
t 'ld' ldeep
t 'ld' new
t 'ld' new/
t 'ld' new/.
t 'ld' no/x
t 'ld' old/x
t 'ld/' e
t 'ld/' e/
t 'ld/' e/.
t 'ld/' old
t 'ld/' old/
t 'ld/' lold
t 'ld/' le
t 'ld/' le/
t 'ld/' ldang
t 'ld/' ldeep
t 'ld/' new
t 'ld/' new/
t 'ld/' new/.
t 'ld/' no/x
t 'ld/' old/x
t 'ld/.' e
t 'ld/.' e/
t 'ld/.' e/.
t 'ld/.' old
t 'ld/.' old/
t 'ld/.' lold
t 'ld/.' le
t 'ld/.' le/
t 'ld/.' ldang
t 'ld/.' ldeep
t 'ld/.' new
t 'ld/.' new/
t 'ld/.' new/.
t 'ld/.' no/x
t 'ld/.' old/x
t '-L ld' e
t '-L ld' e/
t '-L ld' e/.
t '-L ld' old
t '-L ld' old/
t '-L ld' lold
t '-L ld' le
t '-L ld' le/
t '-L ld' ldang
t '-L ld' ldeep
t '-L ld' new
t '-L ld' new/
t '-L ld' new/.
t '-L ld' no/x
t '-L ld' old/x
t '-L ld/' e
t '-L ld/' e/
t '-L ld/' e/.
t '-L ld/' old
t '-L ld/' old/
t '-L ld/' lold
t '-L ld/' le
t '-L ld/' le/
t '-L ld/' ldang
t '-L ld/' ldeep
t '-L ld/' new
t '-L ld/' new/
t '-L ld/' new/.
t '-L ld/' no/x
t '-L ld/' old/x
t '-L ld/.' e
t '-L ld/.' e/
t '-L ld/.' e/.
t '-L ld/.' old
t '-L ld/.' old/
t '-L ld/.' lold
t '-L ld/.' le
t '-L ld/.' le/
t '-L ld/.' ldang
t '-L ld/.' ldeep
t '-L ld/.' new
t '-L ld/.' new/
t '-L ld/.' new/.
t '-L ld/.' no/x
t '-L ld/.' old/x
