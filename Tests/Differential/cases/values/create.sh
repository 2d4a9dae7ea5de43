# what: what create says with 125 and what with 1
D create --restart on-failure:x busybox
D create --restart nosuch busybox
D create --expose x busybox
D create -v '' busybox
D create -v $PWD:rel busybox
D create --cap-add nosuch busybox
D create --health-timeout 1ns busybox
D create --health-retries -1 busybox
D create --memory-swappiness 200 busybox
D create --ulimit x busybox
D create --user nosuch busybox
D create --pid nosuch busybox
D create --ipc nosuch busybox
D create --env-file nosuch busybox
D create --log-opt x=y busybox
D ps -aq
