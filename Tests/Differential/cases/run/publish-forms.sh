# what: -p in every form, as it is kept
for p in 80 8080:80 8080:80/tcp 8080:80/udp 8080:80/TCP 8080:80/sctp 127.0.0.1:8080:80 127.0.0.1::80 0.0.0.0:8080:80 '[::1]:8080:80' '[::]:8080:80' ::1:8080:80 '[::1]::80' :80 ::80 0:80 127.0.0.1:0:80; do echo "== $p" | tee /dev/stderr; D create --name cc -p "$p" busybox >/dev/null && D inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}}' cc && D rm cc >/dev/null; done
for p in 8080-8082:80-82 8080-8090:80 80-82 0-1:80 127.0.0.1:8080-8081:80-81/udp 8080-8080:80 8081-8080:80 80-79 :80-81 127.0.0.1::80-81 '[::1]:8080-8081:80-81'; do echo "== $p" | tee /dev/stderr; D create --name cc -p "$p" busybox >/dev/null && D inspect -f '{{json .HostConfig.PortBindings}}' cc && D rm cc >/dev/null; done
for p in target=80 target=80,published=8080 target=80,published=8080,protocol=udp published=8080 target=80,mode=host target=80,published=8080-8081 target=80-81,published=8080-8081 target=80,foo=bar; do echo "== $p" | tee /dev/stderr; D create --name cc -p "$p" busybox >/dev/null && D inspect -f '{{json .HostConfig.PortBindings}}' cc && D rm cc >/dev/null; done
D create --name c1 -p 8080:80 -p 8081:80 -p 8080:80 -p 127.0.0.1:8080:80 -p 53:53/udp busybox
D inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}}' c1
D create --name c2 --publish 8080:80 --publish-all busybox
D inspect -f '{{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}}' c2
D create --name c3 -p 8080:80 -p 8080:81 busybox
