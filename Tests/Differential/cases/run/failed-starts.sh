# what: exit codes and what is left of starts that fail
# accept 2 out: a command that is no program has never run: the container is as it was created
D run --name a1 --network none busybox /etc/badformat
D inspect -f '{{.State.ExitCode}} {{.State.Status}}' a1
D run --name a2 --network none busybox nosuchcmd
D inspect -f '{{.State.ExitCode}} {{.State.Status}}' a2
D run --name a3 --network none busybox /etc/noexec
D inspect -f '{{.State.ExitCode}} {{.State.Status}}' a3
D run --name a4 --network none -w /etc/passwd busybox true
D run -d --name a5 --network none busybox nosuchcmd | wc -l
D start -a a2
D start a2
D create --name a6 --network none busybox nosuchcmd | wc -l; D start a6 a3
