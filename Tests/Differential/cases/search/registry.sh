# what: a registry with Docker's search of version 1
@ printf '%s\n' 'import http.server,json' 'R=[{"name":"foo","description":"plain "+"long description "*5,"star_count":12,"is_official":True},{"name":"lib/big","description":"line\nfeed\rend","star_count":4000},{"name":"x/zero","description":"","star_count":0}]' 'class H(http.server.BaseHTTPRequestHandler):' ' def do_GET(s):' '  b=json.dumps({"num_results":3,"query":"q","results":R}).encode() if s.path.startswith("/v1/search") else b"{}"; s.send_response(200); s.send_header("Content-Length",str(len(b))); s.end_headers(); s.wfile.write(b)' ' def log_message(*a): pass' 'http.server.ThreadingHTTPServer(("127.0.0.1",5017),H).serve_forever()' >s.py; python3 s.py & for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/5017) 2>/dev/null && break; sleep 0.1; done
D search localhost:5017/foo
D search --no-trunc localhost:5017/foo
D search --limit 5 localhost:5017/foo/bar
D search -f stars=12 localhost:5017/foo
D search -f stars=12 -f stars=5000 localhost:5017/foo
D search -f is-official=true localhost:5017/foo
D search -f is-official=false localhost:5017/foo
D search --format '{{.Name}}|{{.Description}}|{{.StarCount}}|{{.IsOfficial}}' localhost:5017/foo
D search --format json localhost:5017/foo
D search --format 'table {{.Name}}\t{{.IsOfficial}}' localhost:5017/foo
D search --format '{{.Nope}}' localhost:5017/foo
@ kill $!
