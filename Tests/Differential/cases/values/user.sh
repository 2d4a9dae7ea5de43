# what: values of flags that cannot be: user
# accept 3 err: our sentence says more, or what to do
# accept 6 err: our sentence says more, or what to do
@ rm -rf /nosuchdir
D run --rm --user nosuch busybox true
D run --rm --user 99999999999 busybox true
D run --rm --user a:b:c busybox true
D run --rm --user :x busybox true
D run --rm --user -1 busybox true
D run --rm --group-add nosuch busybox true
