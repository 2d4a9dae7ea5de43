"""A token server for Debian's docker-registry (TokenServer.swift): token_server.py FOLDER NAME:PASSWORD; key.pem and token.pem are in FOLDER."""
import base64, http.server, json, subprocess, sys, time, urllib.parse
folder, user = sys.argv[1:]
def plain(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
chain = "".join(l.strip() for l in open(folder + "/token.pem") if not l.startswith("-"))
log = open(folder + "/log", "w", buffering=1)
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def answer(self, status, text):
        data = json.dumps(text).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        given = self.headers.get("Authorization", "")
        known = given == "Basic " + base64.b64encode(user.encode()).decode()
        if given and not known: return self.answer(401, {"details": "incorrect username or password"})
        scopes = " ".join(query.get("scope", []))
        log.write(("known " if known else "nobody ") + scopes + "\n")
        access = []
        for kind, name, actions in (s.split(":") for s in scopes.split()):
            good = set(actions.split(",")) & ({"pull", "push", "delete"} if known else {"pull"})
            access.append({"type": kind, "name": name, "actions": sorted(good)})
        now = int(time.time())
        claims = {"iss": "test", "sub": "somebody", "aud": query["service"][0], "exp": now + 300, "nbf": now - 60,
                  "iat": now, "jti": str(time.monotonic_ns()), "access": access}
        head = {"typ": "JWT", "alg": "RS256", "x5c": [chain]}
        text = ".".join(plain(json.dumps(part).encode()) for part in (head, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", folder + "/key.pem"], input=text.encode(),
                                capture_output=True, check=True).stdout
        self.answer(200, {"token": text + "." + plain(signed), "expires_in": 300})
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open(folder + "/port", "w").write(str(server.server_address[1]))
print("ready")
server.serve_forever()
