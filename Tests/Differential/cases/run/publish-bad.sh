# what: -p in forms that are none
D create -p '' busybox
D create -p ' ' busybox
D create -p : busybox
D create -p :: busybox
D create -p 8080: busybox
D create -p foo busybox
D create -p foo:80 busybox
D create -p 80:foo busybox
D create -p 80:80/foo busybox
D create -p 80:80/ busybox
D create -p 80/tcp/udp busybox
D create -p 65536 busybox
D create -p 65536:80 busybox
D create -p 80:65536 busybox
D create -p -1:80 busybox
D create -p 80:-1 busybox
D create -p 99999999999999999999:80 busybox
D create -p 80:0 busybox
D create -p 0 busybox
D create -p 8080-8081:80-82 busybox
D create -p 8080-8082:80-81 busybox
D create -p 8080:80-81 busybox
D create -p 8080-:80 busybox
D create -p -8080:80 busybox
D create -p 1-2-3:80 busybox
D create -p 127.0.0.1:80 busybox
D create -p 256.0.0.1:80:80 busybox
D create -p localhost:80:80 busybox
D create -p 127.0.0.1:a:80 busybox
D create -p 1:2:3:4 busybox
D create -p '[::1:80:80' busybox
D create -p '[::1]80:80' busybox
D create -p '[::1%lo]:80:80' busybox
D create -p '[127.0.0.1]:80:80' busybox
D create -p ' 80:80' busybox
D create -p '80 :80' busybox
D create -p 080:080 busybox
D create -p +80:80 busybox
D create -p 0x50:80 busybox
D create -p target=foo busybox
D create -p target= busybox
D create -p target busybox
D create -p published=80,target=80,protocol=foo busybox
D create -p =80 busybox
D create -p target=80, busybox
D create -p 80 -p foo busybox
D run -p foo busybox true
D create -p
