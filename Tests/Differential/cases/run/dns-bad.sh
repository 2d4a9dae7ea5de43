# what: --dns, --dns-search, --dns-option, --add-host in forms that are none, and how they are kept
# mask: \b[0-9a-f]{64}\b => ID
D create --dns '' busybox
D create --dns 10.0.0 busybox
D create --dns 10.0.0.1:53 busybox
D create --dns fe80::1%eth0 busybox
D create --dns '[::1]' busybox
D create --dns 127.0.0.1 busybox
D create --dns-search '' busybox
D create --dns-search 'a b' busybox
D create --dns-search -a busybox
D create --dns-search .a busybox
D create --dns-search a. busybox
D create --dns-search a_b busybox
D create --dns-option '' busybox
D create --dns-option 'foo' busybox
D create --add-host '' busybox
D create --add-host a busybox
D create --add-host a: busybox
D create --add-host :10.0.0.1 busybox
D create --add-host =10.0.0.1 busybox
D create --add-host a:10.0.0 busybox
D create --add-host a:b busybox
D create --add-host a=b busybox
D create --add-host 'a b:10.0.0.1' busybox
D create --add-host a:10.0.0.1:1 busybox
D create --add-host 'a:[::1' busybox
D create --add-host 'a=[10.0.0.1]' busybox
D create --add-host a:host-gateway1 busybox
D create --name c1 --add-host a:10.0.0.1 --add-host b=10.0.0.2 --add-host c=::1 --add-host d:::1 --add-host 'e:[::1]' --add-host 'f=[fd00::1]' --add-host g:host-gateway --add-host h=host-gateway --add-host a:10.0.0.3 busybox grep -v '^127\|^172\|ip6' /etc/hosts
D inspect -f '{{json .HostConfig.ExtraHosts}}' c1
D start -a c1
D run --rm --add-host g:host-gateway --add-host h=host-gateway busybox grep -E '\s(g|h)$' /etc/hosts
D run --rm --network host --add-host g:host-gateway busybox grep -cE '\sg$' /etc/hosts
D run --rm --network none --add-host g:host-gateway busybox grep -cE '\sg$' /etc/hosts
D create --name c2 --dns 10.0.0.53 --dns 10.0.0.53 --dns ::1 --dns-search . --dns-option a --dns-option a busybox
D inspect -f '{{json .HostConfig.Dns}} {{json .HostConfig.DnsSearch}} {{json .HostConfig.DnsOptions}}' c2
D create --name c3 busybox
D inspect -f '{{json .HostConfig.Dns}} {{json .HostConfig.DnsSearch}} {{json .HostConfig.DnsOptions}} {{json .HostConfig.ExtraHosts}} {{json .HostConfig.Links}}' c3
D create --name c4 --hostname -a busybox
D create --name c5 --hostname '' --domainname '' busybox
D create --name c6 --hostname a_b busybox
D create --name c7 --hostname .a busybox
D create --name c8 --hostname box --domainname example.org --network host busybox
D inspect -f '{{.Config.Hostname}} {{.Config.Domainname}}' c8
