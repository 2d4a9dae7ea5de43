# what: errors that name a long part of a template
# open 2 err: what is wrong is cut in messages (D11)
# open 3 err: what is wrong is cut in messages (D11)
# open 4 err: what is wrong is cut in messages (D11)
# open 5 err: what is wrong is cut in messages (D11)
# open 6 err: what is wrong is cut in messages (D11)
@ D create --name c1 --network none busybox
D inspect -f '{{.HostConfig.NoSuchThingAtAllHere}}' c1
D inspect -f '{{index .HostConfig.PortBindings 1 2 3 4 5 6 7 8 9 10}}' c1
D ps -a --format '{{.NoSuchThingAtAllHereAndThere}}'
D network inspect -f '{{.NoSuchThingAtAllHereAndThere}}' bridge
D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$v.NoSuchThingAtAllHere}}{{end}}' c1
