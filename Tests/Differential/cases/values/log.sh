# what: values of flags that cannot be: log
@ rm -rf /nosuchdir
D run --rm --log-driver nosuch busybox true
D run --rm --log-opt x busybox true
D run --rm --log-opt =x busybox true
D run --rm --log-opt max-size=x busybox true
D run --rm --log-opt max-file=x busybox true
D run --rm --log-opt max-file=0 busybox true
D run --rm --log-opt foo=bar busybox true
D run --rm --log-opt compress=maybe busybox true
D run --rm --log-opt mode=x busybox true
