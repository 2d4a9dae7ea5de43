# what: values of flags that cannot be: others
@ rm -rf /nosuchdir
D run --rm --workdir rel busybox true
D run --rm --workdir "" busybox true
D run --rm --entrypoint "" busybox true
D run --rm --stop-signal NOSUCH busybox true
D run --rm --stop-signal "" busybox true
D run --rm --isolation x busybox true
D run --rm --attach x busybox true
D run --rm --cidfile /nosuch/x busybox true
D run --rm --env-file /nosuch busybox true
D run --rm --label-file /nosuch busybox true
D run --rm --init=maybe busybox true
D run --rm --rm --restart always busybox true
D run --rm --nosuch busybox true
D run --rm -Z busybox true
D run --rm --rm= busybox true
