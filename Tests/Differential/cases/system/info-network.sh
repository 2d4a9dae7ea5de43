# what: what is said of networks
# open 1 out: bridge is not among the kinds of networks (E11)
# open 2 *: bridge is not among the kinds of networks (E11)
# open 4 *: bridge is not among the kinds of networks (E11)
D info -f '{{range .Plugins.Network}}{{.}} {{end}}' | grep -o 'bridge\|host'
D info -f '{{json .DefaultAddressPools}}'
D info -f '{{.IPv4Forwarding}}'
D info 2>/dev/null | grep -o 'Network: bridge'
