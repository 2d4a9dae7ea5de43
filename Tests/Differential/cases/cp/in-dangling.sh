# what: dangling into a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang
@ show() { D exec c1 sh -c 'cd /w && find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'; }
@ t() { D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep'; D cp $1 "c1:/w/$2"; echo "rc=$?"; show; }
t 'dang' e
t 'dang' e/
t 'dang' e/.
t 'dang' old
t 'dang' old/
t 'dang' lold
t 'dang' le
t 'dang' le/
t 'dang' ldang
t 'dang' ldeep
t 'dang' new
t 'dang' new/
t 'dang' new/.
t 'dang' no/x
t 'dang' old/x
t '-L dang' e
t '-L dang' e/
t '-L dang' e/.
t '-L dang' old
t '-L dang' old/
t '-L dang' lold
t '-L dang' le
t '-L dang' le/
t '-L dang' ldang
t '-L dang' ldeep
t '-L dang' new
t '-L dang' new/
t '-L dang' new/.
t '-L dang' no/x
t '-L dang' old/x
t 'nope' e
t 'nope' e/
t 'nope' e/.
t 'nope' old
t 'nope' old/
t 'nope' lold
t 'nope' le
t 'nope' le/
t 'nope' ldang
t 'nope' ldeep
t 'nope' new
t 'nope' new/
t 'nope' new/.
t 'nope' no/x
t 'nope' old/x
t 'nope/x' e
t 'nope/x' e/
t 'nope/x' e/.
t 'nope/x' old
t 'nope/x' old/
t 'nope/x' lold
t 'nope/x' le
t 'nope/x' le/
t 'nope/x' ldang
t 'nope/x' ldeep
t 'nope/x' new
t 'nope/x' new/
t 'nope/x' new/.
t 'nope/x' no/x
t 'nope/x' old/x
t 'f/x' e
t 'f/x' e/
t 'f/x' e/.
t 'f/x' old
t 'f/x' old/
t 'f/x' lold
t 'f/x' le
t 'f/x' le/
t 'f/x' ldang
t 'f/x' ldeep
t 'f/x' new
t 'f/x' new/
t 'f/x' new/.
t 'f/x' no/x
t 'f/x' old/x
