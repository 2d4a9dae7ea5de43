# what: archive mode out of a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
# accept 56 out: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
# accept 56 err: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
@ D run -d --name c1 busybox sh -c 'mkdir /s; cd /s; mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang; sleep 86400'
@ until D exec c1 test -L /s/dang; do sleep 0.1; done
@ t() { rm -rf w; mkdir w; cd w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep; s=${1##* }; o=${1%"$s"}; D cp $o "c1:/s/$s" "$2"; echo "rc=$?"; find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done; cd ..; }
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
