# what: values of flags that cannot be: numbers
@ rm -rf /nosuchdir
D run --rm --stop-timeout x busybox true
D run --rm --oom-score-adj 5000 busybox true
D run --rm --oom-score-adj x busybox true
D run --rm --memory x busybox true
D run --rm --memory -1 busybox true
D run --rm --memory-swap x busybox true
D run --rm --memory-swappiness 200 busybox true
D run --rm --cpus x busybox true
D run --rm --cpus 0.0000000001 busybox true
D run --rm --cpu-shares x busybox true
D run --rm --pids-limit x busybox true
D run --rm --blkio-weight x busybox true
D run --rm --blkio-weight-device x busybox true
D run --rm --device-read-bps x busybox true
D run --rm --device-read-iops /dev/null:x busybox true
D run --rm --shm-size x busybox true
D run --rm --shm-size -1 busybox true
D run --rm --ulimit nofile=x busybox true
D run --rm --ulimit nofile= busybox true
D run --rm --kernel-memory x busybox true
