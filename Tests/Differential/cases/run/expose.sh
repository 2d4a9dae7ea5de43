# what: --expose in every form
# mask: \b[0-9a-f]{64}\b => ID
for p in 80 80/udp 80/UDP 80-82 80-82/udp 82-80 80/sctp 0 65535; do echo "== $p" | tee /dev/stderr; D create --name cc --expose "$p" busybox >/dev/null && D inspect -f '{{json .Config.ExposedPorts}} {{json .NetworkSettings.Ports}}' cc && D rm cc >/dev/null; done
D create --expose '' busybox
D create --expose foo busybox
D create --expose 65536 busybox
D create --expose 8080:80 busybox
D create --expose 80/foo busybox
D create --expose 80-foo busybox
D create --expose -1 busybox
D create --expose 80/ busybox
D create --expose ' ' busybox
D create --expose 1-2-3 busybox
D create --name c1 --expose 80 --expose 81/udp --expose 80 -p 82 rich:1
D inspect -f '{{json .Config.ExposedPorts}} {{json .HostConfig.PortBindings}}' c1
D ps -a --filter name=c1 --format '{{.Names}} {{.Ports}}'
