# what: what a project of several containers does
# open 16 out: answers that are authoritative (D9)
# open 18 out: a name on two networks is answered for both (E13)
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --label com.docker.compose.project=p --label com.docker.compose.network=default p_default; D network create --internal --label com.docker.compose.project=p p_back
@ D create --name db --network p_back --network-alias db --network-alias database --label com.docker.compose.project=p busybox nc -ll -p 5432 -e echo db; D create --name web --network p_default --network-alias web --label com.docker.compose.project=p -p 8080:80 busybox nc -ll -p 80 -e echo web
D network connect --alias web --alias web-1 p_back web
D start db web
sleep 0.5; D exec web sh -c 'nc -w 2 database 5432 </dev/null'
D exec db sh -c 'nc -w 2 web-1 80 </dev/null'
D exec web ip route | grep -c default
D exec db ip route | grep -c default
D ps --filter label=com.docker.compose.project=p --format '{{.Names}} {{.Ports}}' | sort
D network ls --filter label=com.docker.compose.project=p --format '{{.Name}}'
D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{json .Aliases}} {{json .DNSNames}};{{end}}' web | sed -E 's/"[0-9a-f]{12}"/"id"/g'
D inspect -f '{{.NetworkSettings.Networks.p_default.IPAddress}} {{.NetworkSettings.IPAddress}}|{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' web
D inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' web
timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080 && cat <&3'
@ D run -d --name web2 --network p_default --network-alias web busybox nc -ll -p 80 -e echo web2
D exec web2 nslookup -type=a web | sed '1,3d' | grep . | sort
@ D stop -t 0 web2
D exec web nslookup -type=a web | sed '1,3d' | grep . | sort
D restart -t 0 db; sleep 0.5; D exec web sh -c 'nc -w 2 db 5432 </dev/null'
D rm -f web web2 db | sort
D network rm p_default p_back
