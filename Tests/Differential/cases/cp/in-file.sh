# what: file into a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang
@ show() { D exec c1 sh -c 'cd /w && find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'; }
@ t() { D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep'; D cp $1 "c1:/w/$2"; echo "rc=$?"; show; }
t 'f' e
t 'f' e/
t 'f' e/.
t 'f' old
t 'f' old/
t 'f' lold
t 'f' le
t 'f' le/
t 'f' ldang
t 'f' ldeep
t 'f' new
t 'f' new/
t 'f' new/.
t 'f' no/x
t 'f' old/x
t 'f/' e
t 'f/' e/
t 'f/' e/.
t 'f/' old
t 'f/' old/
t 'f/' lold
t 'f/' le
t 'f/' le/
t 'f/' ldang
t 'f/' ldeep
t 'f/' new
t 'f/' new/
t 'f/' new/.
t 'f/' no/x
t 'f/' old/x
t 'f/.' e
t 'f/.' e/
t 'f/.' e/.
t 'f/.' old
t 'f/.' old/
t 'f/.' lold
t 'f/.' le
t 'f/.' le/
t 'f/.' ldang
t 'f/.' ldeep
t 'f/.' new
t 'f/.' new/
t 'f/.' new/.
t 'f/.' no/x
t 'f/.' old/x
