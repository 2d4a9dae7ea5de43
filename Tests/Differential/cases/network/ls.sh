# what: lists and filters
# mask: UTC +(?=\S) => UTC 
@ D network create --label a=b --label c n1 >/dev/null; D network create --internal n2 >/dev/null; D network create --ipv4=false --ipv6 n22 >/dev/null
D network ls | awk '{$1=""; print}'
D network ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Labels}}'
D network ls --format 'table {{.Name}}\t{{.Labels}}\t{{.CreatedAt}}\t{{.Internal}}\t{{.IPv6}}\t{{.IPv4}}\t{{.Label "a"}}' --filter type=custom
D network ls --format json --filter name=n1 | sed -E 's/"ID":"[0-9a-f]*"/"ID":""/'
D network ls -q --filter name=n1 | wc -c
D network ls -q --no-trunc --filter name=n1 | wc -c
for f in name=n2 'name=^n2$' 'name=n.$' name=n1\ name=x driver=null driver=nu driver=bridge label=a label=a=b label=a=c label=c scope=local scope=global type=custom type=builtin dangling=true dangling=1 dangling=false id=nosuch; do echo "== $f"; D network ls --filter "$f" --format '{{.Name}}'; done
D network ls --filter label=a --filter label=c --format '{{.Name}}'
D network ls --filter label=a --filter label=d --format '{{.Name}}'
D network ls --filter type=custom --filter type=builtin --format '{{.Name}}'
D network ls --filter type=foo
D network ls --filter dangling=foo
D network ls --filter dangling=1 --filter dangling=0
D network ls --filter foo=bar
D network ls --filter foo
D network ls --format '{{.Foo}}'
