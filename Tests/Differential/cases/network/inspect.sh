# what: all that is known of a network
@ D network create --subnet 10.91.0.0/16 --ip-range 10.91.1.0/24 --gateway 10.91.0.254 --aux-address x=10.91.0.7 --aux-address y=10.91.0.8 --label b=2 --label a=1 -o k=v full
@ D network create --internal --attachable --subnet 10.92.0.0/24 bare
@ D network create auto
D network inspect full
D network inspect bare full
D network inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{.EnableIPv4}} {{.EnableIPv6}} {{json .IPAM.Config}}' auto
D network inspect -f '{{json .}}' none host | sed -E 's/"Id":"[0-9a-f]*"/"Id":""/'
D network inspect -f '{{.Name}} {{json .IPAM}} {{.Internal}} {{json .Labels}}' bridge
D network inspect nosuch
D network inspect nosuch bare -f '{{.Name}}'
D network inspect -f '{{.Foo}}' bare
D network inspect -f '{{' bare
D network inspect ''
id=$(D network inspect -f '{{.Id}}' full); D network inspect -f '{{.Name}}' $id ${id%??????????????????????????????????????????????????????}
D inspect --type network bare -f '{{.Name}}'
D inspect bare -f '{{.Name}}'
D inspect --type network nosuch
