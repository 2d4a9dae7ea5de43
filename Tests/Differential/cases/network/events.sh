# what: networks come and go
@ sleep 1.1; S=$(date +%s); D network create n1; D network rm n1; D network prune -f
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --format '{{.Action}} {{json .Actor.Attributes}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --filter event=create --format '{{.Type}} {{.Scope}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --filter network=n1 --format '{{.Action}}'
U=$(($(date +%s) + 1)); D events --since $S --until $U --filter type=network --filter event=destroy | cut -d' ' -f2-3,5-
