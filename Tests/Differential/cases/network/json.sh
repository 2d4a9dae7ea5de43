# what: formats of lists and of inspect
# open 17 *: the networks that are always there have one short id for all three (B10)
# open 23 out: what is not set has no value in templates of network inspect (E8)
@ D network create --label a=b --subnet 10.91.0.0/16 n1; D network create --internal --ipv6 --subnet fd00:1::/64 n2
D network ls --no-trunc --filter name=n1 --format '{{json .}}' | sed -E 's/"CreatedAt":"[^"]*"/"CreatedAt":""/'
D network ls --filter type=custom --format 'table {{.Name}}\t{{.Driver}}\t{{.Scope}}'
D network ls --filter type=custom --format table | tr -s ' ' | cut -d ' ' -f 2-
D network ls --filter type=custom --format raw
D network ls --filter type=custom --format '{{.ID}} {{.Name}}' --no-trunc
D network ls --filter type=custom -q --format '{{.Name}}'
D network ls --filter driver=bridge --filter name=n --format '{{.Name}}'
D network ls --filter id=$(D network inspect -f '{{.Id}}' n1) --format '{{.Name}}'
D network ls --filter id=$(D network inspect -f '{{slice .Id 0 6}}' n1) --format '{{.Name}}'
D network ls --filter label=a=b --filter driver=null --format '{{.Name}}'
D network ls --filter 'label=a=' --format '{{.Name}}'
D network ls --filter driver=macvlan
D network ls -f name=n1 -f name=n2 --format '{{.Name}} {{.Label "a"}}'
D network ls -f name= --format '{{.Name}}' | wc -l
D network ls -f name
D network inspect -f "{{.Name}}" $(D network ls -q)
D network ls -q | sort -u | wc -l
D network inspect --format '{{json .}}' n1 | sed -E 's/"(Id|Created)":"[^"]*"/"\1":""/g'
D network inspect --format json n2 | sed -E 's/"(Id|Created)":"[^"]*"/"\1":""/g'
D network inspect --format '{{range .IPAM.Config}}{{.Gateway}}|{{end}} {{.Labels.a}} {{index .Labels "a"}} {{.Options}} {{len .Containers}}' n1
D network inspect --format '{{.ID}}' n1
D network inspect --format '{{.Created}}' n1 | wc -w
D network inspect --format '{{.IPAM}}' n1
D network inspect --format '{{.Containers}} {{.Labels}} {{.ConfigFrom}} {{.Peers}}' n1
D network inspect -f '{{printf "%s/%v" .Name .Internal}}' n1 n2
