# what: published ports of running containers, as ps, port and inspect show them
# mask: "HostPort":"(3[2-9]\d{3}|[45]\d{4}|60\d{3})" => "HostPort":"PORT"
# mask: :(3[2-9]\d{3}|[45]\d{4}|60\d{3})(?=->|$) => :<PORT>
@ D run -d --name a1 -p 8080:80 busybox sleep 1000
@ D run -d --name b1 -p 127.0.0.1:8081:80 -p 127.0.0.1:8082:53/udp -p '[::1]:8083:81' busybox sleep 1000
@ D run -d --name c1 -p 80 busybox sleep 1000
@ D run -d --name d1 -p 8090-8092:90-92 -p 8093:90 -p 9000-9010:443 busybox sleep 1000
@ D run -d --name e1 -P --expose 70 --expose 71/udp busybox sleep 1000
@ D run -d --name f1 --expose 70-72 --expose 9 busybox sleep 1000
@ D run -d --name g1 -p 0.0.0.0:8094:80 -p '[::]:8094:80' -p 7000-7003:7000-7003/udp busybox sleep 1000
@ D run -d --name h1 -P rich:1 sleep 1000; D run -d --name i1 --entrypoint sleep -P rich:1 1000
for c in a1 b1 c1 d1 e1 f1 g1 h1 i1; do D ps -a --filter "name=^$c\$" --format '{{.Names}} {{.Ports}}'; done
D ps --no-trunc --filter name=a1 --format 'table {{.Names}}\t{{.Ports}}'
for c in a1 b1 c1 d1 e1 f1 g1 i1; do echo "== $c"; D port $c; done
D port a1 80
D port a1 80/tcp
D port a1 80/udp
D port a1 81
D port a1 8080
D port a1 80/foo
D port a1 foo
D port a1 80-81
D port a1 ''
D port d1 90
D port b1 53/udp
D port b1 53
D port b1 53/UDP
for c in a1 b1 d1 f1 g1; do echo "== $c"; D inspect -f '{{json .NetworkSettings.Ports}} {{json .Config.ExposedPorts}} {{json .HostConfig.PortBindings}}' $c; done
for c in c1 e1 i1; do echo "== $c"; D inspect -f '{{json .NetworkSettings.Ports}} {{json .Config.ExposedPorts}} {{json .HostConfig.PortBindings}}' $c; done
D stop -t 0 a1
D ps -a --filter 'name=^a1$' --format '{{.Names}} {{.Ports}}.'
D port a1
D port a1 80
D inspect -f '{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}}' a1
D start a1
D port a1
D ps --filter publish=8080 --format '{{.Names}}'
D ps -a --filter publish=8080/udp --format '{{.Names}}'
D ps --filter publish=8090-8092 --format '{{.Names}}'
D ps --filter publish=90 --format '{{.Names}}'
D ps --filter publish=foo --format '{{.Names}}'
D ps --filter expose=80 --format '{{.Names}}' | sort
D ps --filter expose=70-72/tcp --format '{{.Names}}' | sort
D ps --filter expose=71/udp --format '{{.Names}}'
D ps --filter network=bridge --format '{{.Names}}' | sort
D ps --filter network=nosuch --format '{{.Names}}'
