# what: what is refused before anybody is asked
D search
D search a b
D search --limit x foo
D search --limit 101 foo
D search -f x=y foo
D search -f stars=x foo
D search -f is-official=x foo
D search -f is-automated=true foo 2>&1 >/dev/null | head -n 1
D search http://localhost:5001/foo
