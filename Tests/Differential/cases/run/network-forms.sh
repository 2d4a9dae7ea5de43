# what: --network by name, id, prefix and in its long form, as it is kept
@ D network create --subnet 10.91.0.0/16 n1; D network create --subnet 10.92.0.0/16 n2; D network create --subnet 10.93.0.0/16 --ipv6 --subnet fd00:93::/64 n3; D run -d --name tt busybox sleep 1000
S() { D inspect -f '{{.HostConfig.NetworkMode}} {{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{json .IPAMConfig}} {{json .Links}} {{json .Aliases}} {{json .DriverOpts}} {{.GwPriority}} {{json .DNSNames}} {{.MacAddress}};{{end}}' $1; D rm $1 >/dev/null; }
for n in bridge default host none n1 container:tt; do echo "== $n" | tee /dev/stderr; D create --name cc --network $n busybox >/dev/null && S cc; done
id=$(D network inspect -f '{{.Id}}' n1); for n in $id $(echo $id | cut -c-12) $(echo $id | cut -c-5); do D create --name cc --network $n busybox >/dev/null && D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{len $k}}{{end}} {{len .HostConfig.NetworkMode}}' cc; D start -a cc; D inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}' cc | cut -c-3; D rm cc; done
D create --name cc --network name=n1 busybox >/dev/null && S cc
D create --name cc --network name=n1,alias=a,alias=b busybox >/dev/null && S cc
D create --name cc --network name=n1,ip=10.91.0.7 busybox >/dev/null && S cc
D create --name cc --network name=n3,ip=10.93.0.7,ip6=fd00:93::7 busybox >/dev/null && S cc
D create --name cc --network name=n1,mac-address=02:42:ac:11:00:07 busybox >/dev/null && D inspect -f '{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}} {{.Config.MacAddress}}' cc | tr : - ; D rm cc
D create --name cc --network name=n1,driver-opt=a=b,driver-opt=C=d busybox >/dev/null && S cc
D create --name cc --network name=n1,gw-priority=7 busybox >/dev/null && S cc
D create --name cc --network name=n1,gw-priority=-7,link-local-ip=169.254.1.1 busybox >/dev/null && S cc
D create --name cc --network name=n1,alias=a --network n2 busybox >/dev/null && S cc
D create --name cc --network n1 --network n2 --network-alias x --ip 10.91.0.8 busybox >/dev/null && S cc
D create --name cc --network n1 --network name=n2,ip=10.92.0.9,alias=y busybox >/dev/null && S cc
D create --name cc --net n1 --net-alias z busybox >/dev/null && S cc
D create --name cc --network bridge --network n1 busybox >/dev/null && S cc
D create --name cc --network n1 --network bridge busybox >/dev/null && S cc
D create --name cc --network name=bridge busybox >/dev/null && S cc
D create --name cc --network name=host busybox >/dev/null && S cc
D create --name cc --network name=none busybox >/dev/null && S cc
