# what: directory into a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang
@ show() { D exec c1 sh -c 'cd /w && find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'; }
@ t() { D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep'; D cp $1 "c1:/w/$2"; echo "rc=$?"; show; }
t 'd' e
t 'd' e/
t 'd' e/.
t 'd' old
t 'd' old/
t 'd' lold
t 'd' le
t 'd' le/
t 'd' ldang
t 'd' ldeep
t 'd' new
t 'd' new/
t 'd' new/.
t 'd' no/x
t 'd' old/x
t 'd/' e
t 'd/' e/
t 'd/' e/.
t 'd/' old
t 'd/' old/
t 'd/' lold
t 'd/' le
t 'd/' le/
t 'd/' ldang
t 'd/' ldeep
t 'd/' new
t 'd/' new/
t 'd/' new/.
t 'd/' no/x
t 'd/' old/x
t 'd/.' e
t 'd/.' e/
t 'd/.' e/.
t 'd/.' old
t 'd/.' old/
t 'd/.' lold
t 'd/.' le
t 'd/.' le/
t 'd/.' ldang
t 'd/.' ldeep
t 'd/.' new
t 'd/.' new/
t 'd/.' new/.
t 'd/.' no/x
t 'd/.' old/x
