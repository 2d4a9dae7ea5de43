# what: values of flags that cannot be: restart
@ rm -rf /nosuchdir
D run --rm --restart nosuch busybox true
D run --rm --restart always:1 busybox true
D run --rm --restart on-failure:-1 busybox true
D run --rm --restart on-failure:x busybox true
D run --rm --restart : busybox true
D run --rm --restart on-failure:1:2 busybox true
