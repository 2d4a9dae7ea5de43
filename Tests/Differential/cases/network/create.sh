# what: names, drivers, subnets and options
# accept 10 *: what a swarm needs is refused
# accept 11 *: configurations of several networks are refused
D network create n1 | wc -c
D network create n1
for n in '' ' ' bridge host none default; do D network create "$n"; echo $?; done
D network create --subnet 10.77.0.0/16 n2 | wc -c
D network create --subnet 10.77.1.0/24 n3
D network create --subnet 10.79.0.0/16 --subnet 10.81.0.0/16 n3
D network create --ipv4=false n3
for d in host null nosuch; do D network create -d $d n3; done
D network create --ipam-driver nosuch n3
D network create --ingress n3
D network create --config-from nosuch n3
D network create --label =b n3
D network create --ipv4=foo n3
D network create -o com.docker.network.bridge.enable_icc=foo n3
D network create -o com.docker.network.driver.mtu=foo n3
D network create -o com.docker.network.driver.mtu=-1 n3
D network create -o com.docker.network.bridge.host_binding_ipv4=foo n3
D network create -o com.docker.network.bridge.gateway_mode_ipv4=foo n3
D network ls --format '{{.Name}} {{.Driver}}'
