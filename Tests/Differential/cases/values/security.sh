# what: values of flags that cannot be: security
@ rm -rf /nosuchdir
D run --rm --security-opt x busybox true
D run --rm --security-opt seccomp=/nosuch busybox true
D run --rm --security-opt no-new-privileges=x busybox true
D run --rm --security-opt "" busybox true
D run --rm --cap-add nosuch busybox true
D run --rm --cap-drop nosuch busybox true
