# what: values of every type where they are not set
@ D create --name c1 --network none -l a.b=c busybox
D inspect -f '{{.Config.Labels.nosuch}}|{{index .Config.Labels "nosuch"}}|{{index .Config.Labels "a.b"}}' c1
D inspect -f '{{.Config.Volumes}} {{.Config.Entrypoint}} {{.Config.OnBuild}} {{.Config.ExposedPorts}} {{.Config.Shell}} {{.Config.StopTimeout}} {{.Config.StopSignal}}|' c1
D inspect -f '{{len .Config.Volumes}} {{len .Config.Shell}} {{len .Mounts}} {{len .HostConfig.Binds}} {{len .NetworkSettings.Networks}}' c1
D inspect -f '{{range .Config.Volumes}}a{{else}}none{{end}} {{range .HostConfig.CapAdd}}a{{else}}none{{end}}' c1
D inspect -f '{{json .Config.Shell}} {{json .Config.Volumes}} {{json .State.Health}} {{json .SizeRw}} {{json .Config.StopSignal}} {{json .HostConfig.Init}}' c1
D inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCPUs}} {{.HostConfig.PidsLimit}} {{.HostConfig.MemorySwappiness}} {{.HostConfig.OomKillDisable}} {{.HostConfig.Init}}' c1
D inspect -f '{{.NetworkSettings.IPAddress}}|{{.NetworkSettings.Gateway}}|{{.NetworkSettings.MacAddress}}|{{.NetworkSettings.Ports}}|{{.NetworkSettings.Bridge}}' c1
D inspect -f '{{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{$n.IPAddress}}|{{$n.Aliases}}|{{$n.IPAMConfig}}{{end}}' c1
D inspect -f '{{if .State.Health}}yes{{else}}no{{end}} {{if .Config.Labels}}yes{{else}}no{{end}} {{if .HostConfig.Binds}}yes{{else}}no{{end}}' c1
D inspect -f '{{.ID}}' c1 | wc -w
D inspect -f '{{.Id}} {{.HostConfig.NanoCpus}}' c1 | wc -w
D inspect -f '{{.State.Health.Status}}' c1
D inspect -f '{{.State}} {{.HostConfig.LogConfig}} {{.HostConfig.RestartPolicy}}' c1
D inspect -f '{{join .Config.Cmd ","}} {{join .Config.Env ";"}} {{join .HostConfig.CapAdd ","}}' c1
D inspect -f '{{.Config.Cmd}} {{.Args}} {{.Path}} {{index .Config.Cmd 0}}' c1
D inspect -f '{{println .Name}}{{printf "%s-%d" .Name .RestartCount}}' c1
