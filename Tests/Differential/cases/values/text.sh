# what: values of flags that cannot be: text
# accept 4 err: our sentence says more, or what to do
# accept 5 err: our sentence says more, or what to do
# accept 6 err: our sentence says more, or what to do
@ rm -rf /nosuchdir
D run --rm --env =x busybox true
D run --rm --label =x busybox true
D run --rm --sysctl kernel.foo=1 busybox true
D run --rm --sysctl x busybox true
D run --rm --sysctl kernel.pid_max=1 busybox true
D run --rm --expose x busybox true
D run --rm --expose 1- busybox true
D run --rm --expose 70000 busybox true
D run --rm --expose "" busybox true
