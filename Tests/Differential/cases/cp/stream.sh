# what: archives from the standard input and to the standard output
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/sub; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln d/x d/hx; chmod 640 d/x; chmod 750 d/sub
@ tar --numeric-owner --owner=12 --group=34 -cf t.tar -C d .
@ tar --numeric-owner --owner=12 --group=34 -czf t.tgz d
D cp - c1:/tmp <t.tar; D exec c1 sh -c 'cd /tmp; find . | sort | xargs ls -ldn | sed "s/ [A-Z][a-z][a-z] .*:.. / /"'
D cp -a - c1:/tmp <t.tgz; D exec c1 sh -c 'cd /tmp/d; find . | sort | xargs ls -ldn | sed "s/ [A-Z][a-z][a-z] .*:.. / /"'
D cp - c1:/etc/passwd <t.tar
D cp - c1:/nope <t.tar
D cp - c2:/nope <t.tar
@ D exec c1 sh -c 'mkdir -p /o/real; ln -s real /o/link; ln -s /o/real /o/abs'
D cp - c1:/o/link <t.tar; D exec c1 ls /o/real
@ mkdir -p e/abs; echo z >e/abs/z; tar -C e -cf u.tar abs/z
D cp - c1:/o <u.tar; D exec c1 ls /o/real
@ tar -C e -cf v.tar abs
D cp - c1:/o <v.tar
D cp c1:/tmp/d - | tar -tf - | sort
D cp c1:/tmp/d/ - | tar -tf - | sort
D cp c1:/tmp/d/. - | tar -tf - | sort
D cp c1:/tmp/d/x - | tar -xOf -
D cp c1:/o/link - | tar -tvf - | sed 's/ 20.*:../ /'
D cp c1:/o/link/ - | tar -tf - | sort
D cp -L c1:/o/link - | tar -tf - | sort
D cp -L c1:/o/link/. - | tar -tf - | sort
D cp c1:/nope -
D cp c1:/tmp/d - | tar -tvf - --numeric-owner | sed 's/ 20.*:../ /' | sort
T 'D cp c1:/tmp/d/x - | tr -d "\\0" | head -c 1'
