# what: what is not there and what cannot be
# accept 4: a list of which a manifest is missing is not made by half
# accept 12: a list may be made of nothing, and added to (podman's way)
# accept 17: the same hint in other words
# accept 21: as in step 20
# accept 20: a second name is where the list is pushed to (podman's way)
@ D tag busybox localhost:5000/de/a:1; D push -q localhost:5000/de/a:1
D manifest create --insecure localhost:5000/de/list:1 localhost:5000/de/none:1
D manifest create --insecure localhost:5000/de/list:1 localhost:5000/de/a:1 localhost:5000/de/none:1
D manifest inspect --insecure localhost:5000/de/list:1
D manifest create Bad localhost:5000/de/a:1
D manifest create localhost:5000/de/list:2 Bad
D manifest annotate localhost:5000/de/list:2 localhost:5000/de/a:1 --arch arm64
D manifest annotate Bad localhost:5000/de/a:1 --arch arm64
D manifest annotate localhost:5000/de/list:2 Bad --arch arm64
D manifest inspect localhost:5000/de/list:2 localhost:5000/de/a:1
D manifest inspect Bad
D manifest create localhost:5000/de/list:3
D manifest push localhost:5000/de/list:4
D manifest push Bad
D manifest rm localhost:5000/de/list:4
D manifest rm Bad
D manifest rm
D manifest annotate a
D manifest inspect
D manifest push a b
D manifest push
@ D manifest create --insecure localhost:5000/de/list:5 localhost:5000/de/a:1
D manifest annotate localhost:5000/de/list:5 localhost:5000/de/a:1 --arch nonsense
D manifest annotate localhost:5000/de/list:5 localhost:5000/de/a:1 --os plan9 --arch arm64
D manifest annotate localhost:5000/de/list:5 localhost:5000/de/b:1 --arch arm64
