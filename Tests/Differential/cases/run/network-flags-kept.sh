# what: flags of networks as inspect keeps them
# open 16 *: names with upper case, and a subnet without a gateway (A1)
# mask: \b[0-9a-f]{64}\b => ID
@ D network create --subnet 10.91.0.0/16 n1
D create --name c1 --network n1 --ip 10.91.0.7 --link-local-ip 169.254.1.1 --mac-address 02:42:ac:11:00:07 --network-alias a --dns 10.0.0.1 --dns-search b --dns-option c --add-host d:10.0.0.2 --hostname e --domainname f --expose 80 -p 8080:81 -P busybox
D inspect -f '{{json .HostConfig}}' c1 | sed 's/,"/,\n"/g' | grep -E '"(Dns|DnsOptions|DnsSearch|ExtraHosts|Links|NetworkMode|PortBindings|PublishAllPorts|HostPort)"'
D inspect -f '{{json .Config}}' c1 | sed 's/,"/,\n"/g' | grep -E '"(Hostname|Domainname|ExposedPorts|MacAddress)'
D inspect -f '{{.Config.MacAddress}}' c1 | tr : -
D create --name c2 busybox
D inspect -f '{{json .HostConfig}}' c2 | sed 's/,"/,\n"/g' | grep -E '"(Dns|DnsOptions|DnsSearch|ExtraHosts|Links|NetworkMode|PortBindings|PublishAllPorts)"'
D inspect -f '{{json .Config}}' c2 | sed 's/,"/,\n"/g' | grep -E '"(Domainname|ExposedPorts|MacAddress)'
D create --name c3 --network host --hostname x busybox
D inspect -f '{{.Config.Hostname}} {{.HostConfig.NetworkMode}}' c3
D create --name c4 --network host busybox
D inspect -f '{{.Config.Hostname}}' c4
D create --name c5 --network none -p 80:80 --expose 81 busybox
D inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}} {{json .NetworkSettings.Ports}}' c5
D create --name c6 --network n1 --hostname UPPER.Case_x --domainname Dom busybox sh -c 'hostname; hostname -f; tail -n 1 /etc/hosts'
D start -a c6
D create --name c7 --mac-address 02:42:AC:11:00:0B busybox cat /sys/class/net/eth0/address
D start -a c7 | tr : -
