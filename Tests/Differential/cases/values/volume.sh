# what: values of flags that cannot be: volume
# accept 3 err: our sentence says more, or what to do
@ rm -rf /nosuchdir
D run --rm -v /tmp:/x:ro:rw busybox true
D run --rm -v /tmp:/x:nocopy busybox true
D run --rm -v /tmp:/x:z,Z busybox true
D run --rm -v /tmp:: busybox true
D run --rm -v "" busybox true
D run --rm -v /tmp:rel busybox true
