# what: what was changed is in the image
@ D run --name c1 busybox sh -c 'mkdir -p /new/d; echo a > /new/f; ln /new/f /new/g; ln -s f /new/l; mkfifo /new/p; chmod 4711 /new/g; chown 5:6 /new/d; rm /etc/passwd; rm -r /home; mkdir /home; echo h > /home/h; chmod 700 /tmp; touch -d "2001-02-03 04:05:06" /new/f'
@ D commit c1 x:1
D run --rm x:1 sh -c 'stat -c "%A %h %u:%g %n" /new /new/* /home /home/* /tmp /etc; stat -c "%Y %s" /new/f; ls /home; ls /etc/passwd; readlink /new/l'
D run --rm x:1 cat /new/g /home/h
D run --name c2 x:1 sh -c 'rm -r /new; echo 2 > /two'
D commit c2 x:2 | wc -l; D run --rm x:2 sh -c 'cat /two; ls /new'
