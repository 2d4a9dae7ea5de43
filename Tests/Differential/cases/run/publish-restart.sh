# what: ports over restarts, on several networks, and with flags that change them
# mask: \b[0-9a-f]{64}\b => ID
# mask: "HostPort":"(3[2-9]\d{3}|[45]\d{4}|60\d{3})" => "HostPort":"PORT"
@ D network create --subnet 10.91.0.0/16 n1; D network create n2
@ D run -d --name a1 -p 8080:80 --restart always busybox sh -c 'sleep 1000'; D run -d --name b1 -p 80 --network n1 busybox sleep 1000; D run -d --name c1 --network n1 --network n2 -p 8081:80 -p 8082:81/udp busybox sleep 1000
D port a1
D port b1
D port c1
D restart -t 0 a1 b1 c1
D port a1
D port b1
D port c1
D pause a1
D port a1
D ps --filter name=a1 --format '{{.Ports}}'
D unpause a1
D kill a1
D ps -a --filter name=a1 --format '{{.Ports}}.'
D port a1
D run --name d1 -p 8085:80 busybox true
D port d1
D ps -a --filter name=d1 --format '{{.Ports}}.'
D inspect -f '{{json .NetworkSettings.Ports}}' d1
D run -d --name e1 -p 127.0.0.2:8086:80 -p 127.0.0.3:8086:80 busybox sleep 1000
D port e1
D ps --filter name=e1 --format '{{.Ports}}'
D run -d --name f1 -p 8000-8009:8000-8009 -p 8011:8011 busybox sleep 1000
D ps --filter name=f1 --format '{{.Ports}}'
D run -d --name g1 -p 8020-8021:90-91 -p 8023:93 -p 8030:92 busybox sleep 1000
D ps --filter name=g1 --format '{{.Ports}}'
D port g1 | head -n 3
D run -d --name i1 -p '[::]:8060:80' busybox sleep 1000
D ps --filter name=i1 --format '{{.Ports}}'
D run -d --name j1 -p 0.0.0.0:8061:80 busybox sleep 1000
D ps --filter name=j1 --format '{{.Ports}}'
