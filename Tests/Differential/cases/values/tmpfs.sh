# what: values of flags that cannot be: tmpfs
@ rm -rf /nosuchdir
D run --rm --tmpfs "" busybox true
D run --rm --tmpfs / busybox true
D run --rm --tmpfs rel busybox true
