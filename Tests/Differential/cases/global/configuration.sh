# what: what the client's configuration changes
# accept 10 out: pruneFilters of the configuration are honoured, as Docker documents it
# accept 14 out: follows from the step with pruneFilters
@ mkdir c; D create --name c1 --network none busybox >/dev/null
echo '{"psFormat":"p {{.Names}}","imagesFormat":"i {{.Repository}}","statsFormat":"s {{.Name}}"}' > c/config.json; D --config c ps -a; D --config c images busybox; D --config c stats --no-stream c1
D --config c ps -a --format '{{.State}}'
D --config c ps -aq | wc -w
D --config c images -q busybox | wc -l
DOCKER_CONFIG=c D ps -a
echo '{"proxies":{"default":{"httpProxy":"http://p:1","noProxy":"x,y"}}}' > c/config.json; D --config c run --rm --network none busybox env | grep -i proxy | sort
D --config c run --rm --network none -e HTTP_PROXY=own busybox env | grep -i http_proxy | sort
D --config c create --name c2 busybox | wc -l; D inspect -f '{{json .Config.Env}}' c2 | grep -c no_proxy
echo '{"pruneFilters":["label=nosuch"]}' > c/config.json; D --config c container prune -f; D ps -a --format '{{.Names}}' | sort
echo '{"detachKeys":"nonsense-keys"}' > c/config.json; D --config c run --rm --network none busybox true >/dev/null 2>&1; echo $?
: > c/config.json; D --config c ps -q
echo '{"psFormat":' > c/config.json; D --config c ps -q
echo '{"nosuchMember":1,"PSFORMAT":"big {{.Names}}"}' > c/config.json; D --config c ps -a | sort
rm c/config.json; mkdir c/config.json; D --config c ps -q
