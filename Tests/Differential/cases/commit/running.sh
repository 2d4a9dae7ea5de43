# what: one that runs goes on, and events tell of it
# mask: sha256:[0-9a-f]{64} => ID
@ D run -d --name c1 busybox sleep 1000
@ D commit -m hello c1 x:1
D ps --format '{{.Names}} {{.State}}'
D exec c1 true
{
D events --since 1m --until 0s --filter container=c1 --filter event=commit --format '{{.Action}} {{index .Actor.Attributes "comment"}} {{index .Actor.Attributes "imageRef"}} {{index .Actor.Attributes "imageID"}}'
}
D events --since 1m --until 0s --filter type=image --filter event=tag --format '{{.Action}} {{.Actor.Attributes.name}}' | tail -n 1
@ D pause c1
D commit c1 x:2 | wc -l; D ps --format '{{.Names}} {{.State}}'
@ D unpause c1
D commit -p=false c1 | wc -l
D images --filter dangling=true -q | wc -l
@ D rm -f c1
