# what: values of flags that cannot be: modes
@ rm -rf /nosuchdir
D run --rm --pid nosuch busybox true
D run --rm --uts nosuch busybox true
D run --rm --userns nosuch busybox true
D run --rm --cgroupns nosuch busybox true
