# what: values of flags that cannot be: name
@ rm -rf /nosuchdir
D run --rm --name -x busybox true
D run --rm --name "" busybox true
D run --rm --name "a b" busybox true
