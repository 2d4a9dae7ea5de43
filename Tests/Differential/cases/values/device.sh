# what: values of flags that cannot be: device
@ rm -rf /nosuchdir
D run --rm --device x busybox true
D run --rm --device /dev/null:rel busybox true
D run --rm --device a:b:c:d busybox true
D run --rm --device-cgroup-rule x busybox true
D run --rm --device-cgroup-rule "c 1:3 x" busybox true
