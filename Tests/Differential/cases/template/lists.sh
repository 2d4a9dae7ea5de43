# what: templates of lists: labels, errors, tables
@ D create --name c1 --network none -l com.example.k=v -l my-key=w busybox sh -c 'sleep 100'
D ps -a --format 'table {{.Names}}\t{{.Label "com.example.k"}}\t{{.Label "my-key"}}\t{{.Label "none"}}'
D ps -a --format '{{.Nosuch}}'
D ps -a --format '{{nosuch .ID}}'
D ps -a --format '{{'
D ps -a --format '{{.Command}} {{.Labels}}'
D ps -a --no-trunc --format '{{.Command}}'
D ps -a --format '{{json .Names}} {{upper .Names}} {{.Platform}}'
D images --format '{{.Nosuch}}'
D images --format '{{'
D history --format '{{.Nosuch}}' busybox
D version --format '{{'
D version --format '{{.Nosuch}}'
D info --format '{{'
D info --format '{{.Nosuch}}'
D system df --format '{{.Nosuch}}'
D stats --no-stream --format '{{'
D events --since 1s --until 0s --format '{{'
D inspect -f '{{' c1
D inspect -f '{{.Nosuch}}' c1 nosuch
D inspect -f '{{.Name}}' nosuch c1
D container inspect nosuch
D image inspect nosuch
