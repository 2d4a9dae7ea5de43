# what: what is there is replaced, merged or left
# mask: ^time=.*level=error msg="Can't .*\n =>
@ D run -d --name c1 busybox sleep 86400
@ mkdir -p d/a; echo new >d/a/f; echo new >d/top; ln -s /new d/l; mkfifo d/p; chmod 700 d/a; chmod 4755 d/top; touch -d '2001-02-03 04:05:06' d/a/f d/a
@ D exec c1 sh -c 'mkdir -p /w/d/a/old /w/x/l /w/y; echo old >/w/d/a/f; echo kept >/w/d/a/kept; ln -s kept /w/d/top; echo old >/w/d/l; mkdir -p /w/y/d; echo >/w/y/d/a'
D cp d c1:/w; D exec c1 sh -c 'cd /w/d; find . | sort | while read n; do echo "$n $(stat -c "%F %a %Y" $n | sed "s/ [0-9]\{10\}\$//") $(readlink $n) $(test -f $n && cat $n)"; done'
D cp d/l c1:/w/x; D exec c1 ls -F /w/x
D cp d c1:/w/y; D exec c1 ls -F /w/y/d
D cp d/a c1:/etc/passwd
D cp d/top c1:/etc; D exec c1 stat -c '%a %F' /etc/top
D cp c1:/w/d out; (cd out; find . | sort | while read n; do echo "$n $(stat -c "%F %a" $n) $(readlink $n)"; done)
@ mkdir -p o2/d/l; mkdir -p o3/d; echo >o3/d/a
D cp c1:/w/d o2; find o2 | sort
D cp c1:/w/d o3; find o3 | sort
D cp c1:/w/d/top o3/d/a; cat o3/d/a
