# what: by what events of images and of errors are called
@ sleep 1.1; S=$(date +%s)
@ D tag busybox other:1; D rmi other:1; D rmi -f rich:1; D tag health:1 gone:1; D rmi health:1 gone:1
D events --since $S --until $(($(date +%s) + 1)) --filter type=image --format '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}'
D events --since $S --until $(($(date +%s) + 1)) --filter event=delete
