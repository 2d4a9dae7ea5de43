# what: errors that name a long part of a template
@ D create --name c1 --network none busybox
D inspect -f '{{.HostConfig.NoSuchThingAtAllHere}}' c1
D inspect -f '{{index .HostConfig.PortBindings 1 2 3 4 5 6 7 8 9 10}}' c1
D ps -a --format '{{.NoSuchThingAtAllHereAndThere}}'
D network inspect -f '{{.NoSuchThingAtAllHereAndThere}}' bridge
D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$v.NoSuchThingAtAllHere}}{{end}}' c1
