# what: usage and errors: on which stream, with which exit code
# accept 23 out: it is apus
# accept 24 out: it is apus
D nosuch
D container nosuch
D image nosuch --help | head -n 1
D --nosuch ps
D ps --nosuch
D ps extra
D run
D run --nosuch
D exec c1
D rm
D container 2>&1 >/dev/null | head -n 1; D container 2>/dev/null | wc -c; D container >/dev/null 2>&1; echo $?
D image 2>&1 >/dev/null | head -n 1
D 2>/dev/null | head -n 1; D >/dev/null 2>&1; echo $?
D container --help | head -n 1
D container --nosuch
D run --help 2>&1 >/dev/null | wc -c
D ps --all=maybe
D ps -n x
D logs --tail
D logs a b
D kill -s
D stop -t x c1
D -v | cut -d ' ' -f 1-2
D --version | cut -d ' ' -f 1-2
D version extra
D images a b
D tag a
D inspect
D history
D --log-level nosuch ps
D -l debug ps -q
D events extra
D wait
D top
D port
D pull
D load extra
D import
D update c1
D rename a
D system df extra
D system prune extra
