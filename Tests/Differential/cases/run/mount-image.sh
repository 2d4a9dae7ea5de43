# what: --mount type=image: the files of another image, read-only
D run --rm --mount type=image,target=/o busybox true
D run --rm --mount type=image,source=busybox,target=/o,image-subpath=../x busybox true
D run --rm --mount type=image,source=busybox,target=/o,bind-propagation=rslave busybox true
D run --rm --mount type=image,source=busybox,target=/o busybox ls -d /o/bin /o/etc/passwd 2>/dev/null
D run --rm --mount type=image,source=busybox,target=/o busybox sh -c 'touch /o/x 2>/dev/null || echo refused' 2>/dev/null
D run --rm --mount type=image,source=busybox,target=/p,image-subpath=etc/passwd busybox test -f /p 2>/dev/null
D run --rm --mount type=image,source=busybox,target=/p,image-subpath=none busybox true 2>/dev/null
D create --name cc --mount type=image,source=busybox,target=/o busybox true >/dev/null 2>&1
D inspect cc -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}} {{.Propagation}}{{end}} {{json .HostConfig.Mounts}}'
D rm cc
