# what: values of flags that cannot be: network
@ rm -rf /nosuchdir
D run --rm --network name=bridge,foo=bar busybox true
D run --rm --dns x busybox true
D run --rm --dns-search "a b" busybox true
D run --rm --dns-search - busybox true
D run --rm --add-host x:y:z busybox true
D run --rm --add-host "a=b" busybox true
D run --rm --add-host "=1.1.1.1" busybox true
