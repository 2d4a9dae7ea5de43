# what: the archive of a whole file system
# accept 3 out: what is below /dev is made when a container starts
# accept 8 out: ours has the root, and nothing below /dev nor /.dockerenv
@ mkdir b; D run --name c1 -v $PWD/b:/data busybox sh -c 'mkdir -p /new; echo a > /new/f; ln /new/f /new/g; ln -s f /new/l; chown 5:6 /new/g; chmod 700 /home; rm /etc/passwd; echo x > /data/x'
D export c1 | tar --numeric-owner -tv new home etc/passwd | sed -E 's/ [0-9]{4}-[0-9-]+ [0-9:]+ / /'
D export c1 | tar -t | grep -E '^(data|etc/hosts|etc/hostname|etc/resolv.conf|dev|proc|sys)'
D export -o f.tar c1; stat -c %a f.tar; tar -xOf f.tar new/f
D container export c1 | tar -xO new/g
D export c1 | D import - y:1 | wc -l; D run --rm y:1 sh -c 'stat -c "%A %h %u:%g %n" /new/* /home'
@ D create --name c2 busybox
D export c2 | tar -t | grep -c .
