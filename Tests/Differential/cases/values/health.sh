# what: values of flags that cannot be: health
@ rm -rf /nosuchdir
D run --rm --health-interval x busybox true
D run --rm --health-interval -1s busybox true
D run --rm --health-timeout 1ns busybox true
D run --rm --health-retries x busybox true
D run --rm --health-retries -1 busybox true
D run --rm --health-start-period -1s busybox true
D run --rm --health-start-interval -1s busybox true
