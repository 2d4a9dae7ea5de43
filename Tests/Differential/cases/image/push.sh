# what: what cannot be pushed, before a registry is asked
# accept 6 err: the tag is looked for before the registry is, which here nobody answers for
# accept 7 err: as in step 6
@ D tag busybox localhost:9/a/b:1
D push nosuch
D push nosuch:2
D push -q nosuch
D push -a nosuch
D push localhost:9/a/b
D push localhost:9/a/b:2
D push -a localhost:9/a/b:1
D push localhost:9/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000
D push localhost:9/a/b:1@sha256:0000000000000000000000000000000000000000000000000000000000000000
D push --platform linux/s390x localhost:9/a/b:1
D push --platform linux/amd64 localhost:9/a/b:2
D push -q --platform linux/s390x nosuch
D push Upper
D push
D push a b
D image push nosuch
D push --disable-content-trust nosuch
