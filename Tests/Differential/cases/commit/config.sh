# what: the configuration is the container's
@ D create --name c1 -e A=1 -w /w -u 5 --label l=2 --expose 81 --entrypoint /bin/echo --stop-signal INT --health-cmd true busybox hello world
@ D create --name c2 busybox
@ D create --name c3 -e A=1 busybox ls /
D commit c1 x:1 | grep -cE '^sha256:[0-9a-f]{64}$'
D image inspect -f '{{json .Config}}' x:1
D commit -a 'Me <me@x>' -m 'a message' c2 x:2 | wc -l
D image inspect -f '{{json .Config}} {{.Author}} {{.Comment}} {{.Os}} {{json .RepoTags}}' x:2
D history --format '{{.Comment}}|{{.CreatedBy}}' x:2
D container commit c3 x:3 | wc -l
D image inspect -f '{{json .Config}}' x:3
D history --format '{{.Comment}}|{{.CreatedBy}}' x:3
test "$(D image inspect -f '{{.Parent}}' x:3)" = "$(D image inspect -f '{{.Id}}' busybox)"; echo $?
test "$(D image inspect -f '{{json .RootFS}}' x:3)" = "$(D image inspect -f '{{json .RootFS}}' busybox)"; echo $?
