# what: a list is made, annotated, pushed and removed
@ D tag busybox localhost:5000/dm/a:1; D tag health:1 localhost:5000/dm/b:1; D push -q localhost:5000/dm/a:1; D push -q localhost:5000/dm/b:1
D manifest create --insecure localhost:5000/dm/list:1 localhost:5000/dm/b:1 localhost:5000/dm/a:1
D manifest create --insecure localhost:5000/dm/list:1 localhost:5000/dm/a:1
D manifest create --insecure -a localhost:5000/dm/list:1 localhost:5000/dm/a:1
D manifest inspect localhost:5000/dm/list:1 | sed -E 's/(sha256:|"size": ).*/\1/'
D manifest annotate localhost:5000/dm/list:1 localhost:5000/dm/b:1 --os linux --arch arm --variant v7 --os-version 1.2 --os-features a,b --os-features c,a
D manifest annotate localhost:5000/dm/list:1 localhost:5000/dm/a:1
D manifest inspect localhost:5000/dm/list:1 | sed -E 's/(sha256:|"size": ).*/\1/'
D manifest inspect localhost:5000/dm/list:1 localhost:5000/dm/a:1 | sed -E 's/(sha256:|"size": ).*/\1/'
D manifest inspect -v localhost:5000/dm/list:1 localhost:5000/dm/a:1 | sed -E 's/(sha256:|"size": |"Raw": ).*/\1/'
D manifest push --insecure localhost:5000/dm/list:1 | sed -E 's/sha256:.*//'
D manifest push --insecure -p localhost:5000/dm/list:1 | sed -E 's/sha256:.*//'
D manifest push --insecure -p localhost:5000/dm/list:1
D manifest inspect --insecure localhost:5000/dm/list:1 | sed -E 's/(sha256:|"size": ).*/\1/'
D manifest inspect --insecure -v localhost:5000/dm/list:1 | sed -E 's/(sha256:|"size": |"Raw": ).*/\1/'
D manifest create --insecure localhost:5000/dm/nested:1 localhost:5000/dm/list:1
D manifest create --insecure localhost:5000/dm/a:own localhost:5000/dm/a:1
D manifest push --insecure localhost:5000/dm/a:own | sed -E 's/sha256:.*//'
D manifest create --insecure localhost:5000/dm/twice localhost:5000/dm/a:1 localhost:5000/dm/a:1
D manifest inspect localhost:5000/dm/twice | grep -c digest
D manifest rm localhost:5000/dm/twice localhost:5000/dm/a:own
D manifest rm localhost:5000/dm/twice nosuch
