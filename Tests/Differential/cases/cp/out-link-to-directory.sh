# what: link to directory out of a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
# accept 41 out: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
# accept 41 err: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
# accept 86 out: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
# accept 86 err: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
@ D run -d --name c1 busybox sh -c 'mkdir /s; cd /s; mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang; sleep 86400'
@ until D exec c1 test -L /s/dang; do sleep 0.1; done
@ t() { rm -rf w; mkdir w; cd w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep; s=${1##* }; o=${1%"$s"}; D cp $o "c1:/s/$s" "$2"; echo "rc=$?"; find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done; cd ..; }
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
