# what: values of every type where an image does not set them
D image inspect -f '{{.Config.StopSignal}}|{{.Variant}}|{{.Config.User}}|{{.Config.WorkingDir}}|{{.Parent}}|{{.Comment}}|{{.Author}}|{{.DockerVersion}}' busybox
D image inspect -f '{{.Config.Labels.nosuch}} {{.Config.Volumes}} {{.Config.Entrypoint}} {{.Config.ExposedPorts}} {{.Config.OnBuild}} {{.Config.Healthcheck}}' busybox
D image inspect -f '{{len .Config.Shell}} {{len .Config.Env}} {{len .RepoTags}} {{len .RepoDigests}} {{len .RootFS.Layers}}' busybox
D image inspect -f '{{json .Config}}' busybox
D image inspect -f '{{json .Config}}' rich:1
D image inspect -f '{{json .Config}}' health:1
D image inspect -f '{{json .Config}}' onbuild:1
D image inspect -f '{{.Os}} {{.Architecture}} {{.Size}} {{.ID}}' rich:1
D image inspect -f '{{index .Config.Labels "stage"}} {{range $k, $v := .Config.ExposedPorts}}{{$k}} {{end}}' rich:1
D image inspect -f '{{.Config.Hostname}}' rich:1
D image inspect -f '{{.GraphDriver.Name}} {{.RootFS.Type}}' rich:1
