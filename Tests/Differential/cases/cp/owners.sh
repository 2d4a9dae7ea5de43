# what: to whom the copies belong
# accept 3 out: without -a copies belong to the container's root, as Docker's manual says; its engine keeps the numbers
# accept 5 out: without -a copies belong to the container's root, as Docker's manual says; its engine keeps the numbers
# accept 6 out: with -a the owners are kept, as Docker's manual says; its engine gives them to the user of the container
# accept 8 out: with -a the owners are kept as far as possible, as Docker's manual says; its client never does
# accept 9 out: without -a copies belong to the container's root, as Docker's manual says; its engine keeps the numbers
@ D run -d --name c1 busybox sleep 86400; D run -d --name c2 -u 7:8 busybox sleep 86400
@ mkdir d; echo f >d/f; chown -R 1234:5678 d
D cp d c1:/plain; D exec c1 stat -c '%u:%g' /plain /plain/f
D cp -a d c1:/kept; D exec c1 stat -c '%u:%g' /kept /kept/f
D cp d c2:/plain; D exec c2 stat -c '%u:%g' /plain /plain/f
D cp -a d c2:/kept; D exec c2 stat -c '%u:%g' /kept /kept/f
D cp c1:/kept out; stat -c '%u:%g' out out/f
D cp -a c1:/kept aout; stat -c '%u:%g' aout aout/f
D exec c1 mkdir /there; D exec c1 chown 9:9 /there; D cp d/. c1:/there; D exec c1 stat -c '%u:%g' /there /there/f
