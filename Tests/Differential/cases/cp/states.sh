# what: containers in every state
@ echo f >f; mkdir v ro; echo v >v/v; echo r >ro/r
@ D create --name c1 -v $PWD/v:/v -v $PWD/ro:/ro:ro busybox sh -c 'cat /n /v/n; sleep 86400'
D cp f c1:/n; D cp f c1:/v/n; cat v/n
D cp f c1:/ro/n; ls ro
D cp c1:/v/v - | tar -xOf -
D cp c1:/n out; cat out
D cp c1:/ro out; ls out
D start c1; until D logs c1 | grep -q .; do sleep 0.1; done; D logs c1
D cp f c1:/m; D exec c1 cat /m
D cp c1:/v/n out2; cat out2
D cp f c1:/ro/n
D cp f c1:/ro
D pause c1; D cp f c1:/p; D cp c1:/p out3; cat out3; D unpause c1
D exec c1 cat /p
D stop -t 0 c1; D cp f c1:/s; D cp c1:/m out4; cat out4
D start c1; D exec c1 cat /s
D rm -f c1
D run -d --read-only --name r1 -v $PWD/v:/v -v $PWD/ro:/ro:ro busybox sleep 86400
D cp f r1:/x
D cp f r1:/etc
D cp f r1:/v/x; cat v/x
D cp f r1:/ro/x
D cp r1:/etc/passwd pw; wc -l <pw
D stop -t 0 r1
D cp f r1:/x
D cp f r1:/v/y; cat v/y
D cp f r1:/ro/x
D cp r1:/etc/passwd pw2; wc -l <pw2
D rm r1
