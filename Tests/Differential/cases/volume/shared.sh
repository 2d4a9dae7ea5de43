# what: a file system in memory that containers share while one of them runs
# mask: '/[^ ']*/volumes => 'STORE/volumes
# mask: tmpfs:/[^ ,]*/volumes => tmpfs:STORE/volumes
@ D volume create -o type=tmpfs -o device=tmpfs -o o=size=2m,mode=750 mem; D volume create -o type=tmpfs -o device=tmpfs -o o=size=xx bad
@ D run -d --name a1 -v mem:/v busybox sleep 1000
D exec a1 sh -c 'echo one >/v/f'
D run --rm -v mem:/w busybox sh -c 'cat /w/f; stat -c %a /w; touch /w/g'
D exec a1 ls /v
D run --rm -v mem:/v:ro busybox touch /v/x
@ D restart -t 0 a1
D exec a1 ls /v
D run --rm -v bad:/v busybox true
D volume update mem
D volume update nosuch
D volume update
