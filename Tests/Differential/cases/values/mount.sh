# what: values of flags that cannot be: mount
# accept 22 err: the place of a quote is not told
# accept 21 err: the place of a quote is not told
@ rm -rf /nosuchdir
D run --rm --mount type=bind busybox true
D run --rm --mount type=bind,src=/x busybox true
D run --rm --mount type=nosuch,dst=/x busybox true
D run --rm --mount foo busybox true
D run --rm --mount foo=bar busybox true
D run --rm --mount type=bind,src=/nosuchdir,dst=/x busybox true
D run --rm --mount type=bind,src=rel,dst=/x busybox true
D run --rm --mount type=bind,src=/tmp,dst=x busybox true
D run --rm --mount type=tmpfs,dst=/x,src=/y busybox true
D run --rm --mount type=tmpfs,dst=/x,bind-propagation=rprivate busybox true
D run --rm --mount type=bind,src=/tmp,dst=/x,tmpfs-size=1m busybox true
D run --rm --mount type=bind,src=/tmp,dst=/x,bind-propagation=nosuch busybox true
D run --rm --mount type=bind,src=/tmp,dst=/x,readonly=maybe busybox true
D run --rm --mount type=tmpfs,dst=/x,tmpfs-mode=9 busybox true
D run --rm --mount type=tmpfs,dst=/x,tmpfs-size=z busybox true
D run --rm --mount type=tmpfs,dst=/ busybox true
D run --rm --mount type=bind,src=/tmp,dst=/ busybox true
D run --rm --mount type=bind,src=/tmp,dst=/x,bind-recursive=maybe busybox true
D run --rm --mount type=bind,src=/tmp,dst=/x,bind-recursive=readonly busybox true
D run --rm --mount "\"x" busybox true
D run --rm --mount type= busybox true
D run --rm --mount "" busybox true
