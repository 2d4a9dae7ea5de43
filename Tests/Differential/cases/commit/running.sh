# what: one that runs goes on, and events tell of it
# mask: sha256:[0-9a-f]{64} => ID
@ S=$(date +%s); D run -d --name cev busybox sleep 1000
@ D commit -m hello cev xev:1
D ps --format '{{.Names}} {{.State}}'
D exec cev true
D events --since $S --until $(($(date +%s) + 1)) --filter container=cev --filter event=commit --format '{{.Action}} {{index .Actor.Attributes "comment"}} {{index .Actor.Attributes "imageRef"}} {{index .Actor.Attributes "imageID"}}'
D events --since $S --until $(($(date +%s) + 1)) --filter type=image --filter event=tag --format '{{.Action}} {{.Actor.Attributes.name}}' | grep xev
@ D pause cev
D commit cev xev:2 | wc -l; D ps --format '{{.Names}} {{.State}}'
@ D unpause cev
D commit -p=false cev | wc -l
D images --filter dangling=true -q | wc -l
@ D rm -f cev
