# what: events of networks beside those of containers
# open 2 out: networks have no events of containers (A8)
# open 5 out: networks have no events of containers (A8)
# open 8 out: networks have no events of containers (A8)
# open 10 out: networks have no events of containers (A8)
# open 12 out: networks have no events of containers (A8)
# mask: \b[0-9a-f]{64}\b => ID
@ sleep 1.1; S=$(date +%s); D network create --subnet 10.91.0.0/16 n1; D network create n2; D run -d --name c1 --network n1 busybox sleep 1000; D network connect n2 c1; D network disconnect n2 c1; D rm -f c1; D network rm n1; D network prune -f
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --format '{{.Action}} {{json .Actor.Attributes}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter event=connect --format '{{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter network=n2 --format '{{.Action}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter event=disconnect | cut -d' ' -f2-4,6-
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter event=disconnect --filter container=c1
@ sleep 1.1; S=$(date +%s); D run --name y1 busybox true; D rm y1
U=$(($(date +%s) + 1)); D events --since $S --until $U --format '{{.Type}} {{.Action}}'
@ sleep 1.1; S=$(date +%s); D run --rm --network host busybox true; D run --rm --network none busybox true; D run --rm -p 8080:80 busybox true; D create --name x1 busybox; D rm x1; D network create n5; D create --name x2 --network n5 busybox; D network disconnect n5 x2; D rm x2; D run -d --name x3 busybox sleep 1000; D run --rm --network container:x3 busybox true; D rm -f x3
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'
@ sleep 1.1; S=$(date +%s); D run --name z2 -p 80:80 -p 80:81 busybox true
U=$(($(date +%s) + 1)); D events --since $S --until $U --format '{{.Type}} {{.Action}}'
