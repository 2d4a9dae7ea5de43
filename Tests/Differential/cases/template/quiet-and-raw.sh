# what: --quiet beside --format, and the format raw
# open 20 out: the format raw, and --quiet beside --format (E9)
# mask: \b[0-9a-f]{12}\b => id
@ D create --name c1 -l a=b busybox
D ps -aq --format '{{.Names}}'
D ps -aq --format table
D ps -aq --format raw
D ps -a --format raw | sed 's/^created_at:.*/created_at:/'
D ps -a --format raw --size | grep size
D ps -a --format 'raw {{.Names}}'
D images -q --format '{{.Repository}}' busybox:1.35
D images -q --format raw busybox:1.35
D images --format raw busybox:1.35 | sed 's/^created_at:.*/created_at:/; s/^virtual_size:.*/virtual_size:/; s/^image_id:.*/image_id:/'
D images --format raw --digests busybox:1.35 | cut -d: -f1
D network ls -q --format '{{.Name}}' --filter name=bridge
D network ls -q --format table --filter name=bridge | wc -l
D network ls -q --format raw --filter name=bridge | cut -d: -f1
D network ls --format raw --filter name=bridge | cut -d: -f1
D network ls -q --format json --filter name=bridge | cut -c-8
D history -q --format '{{.CreatedBy}}' busybox
D history --format raw busybox
D stats --no-stream --format raw c1
D system df --format raw
D ps -aq --format json | cut -c-12
