# what: directory out of a container, to each form of destination
# mask: ^time=.*level=error msg="Can't .*\n =>
# accept 41 out: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
# accept 41 err: Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le
@ D run -d --name c1 busybox sh -c 'mkdir /s; cd /s; mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang; sleep 86400'
@ until D exec c1 test -L /s/dang; do sleep 0.1; done
@ t() { rm -rf w; mkdir w; cd w; mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep; s=${1##* }; o=${1%"$s"}; D cp $o "c1:/s/$s" "$2"; echo "rc=$?"; find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done; cd ..; }
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
