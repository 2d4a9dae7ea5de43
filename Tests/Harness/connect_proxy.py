"""A proxy that connects who knows the password to one port (ConnectProxy.swift): connect_proxy.py PORT NAME:PASSWORD PLACE."""
import base64, socket, sys, threading
port, user, place = int(sys.argv[1]), base64.b64encode(sys.argv[2].encode()).decode(), sys.argv[3]
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(64)
open(place, "w").write(str(server.getsockname()[1]))
log = open(place + ".log", "w", buffering=1)
def copy(a, b):
    try:
        while data := a.recv(65536): b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError: pass
def serve(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(65536)
        if not data: return
        head += data
    lines = head.decode().split("\r\n")
    good = any(l.lower() == "proxy-authorization: basic " + user.lower() for l in lines)
    log.write(lines[0].split(" ")[1] + (" yes\n" if good else " no\n"))
    if not good:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"); client.close(); return
    other = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=copy, args=(client, other), daemon=True).start()
    copy(other, client)
print("ready")
while True:
    client, _ = server.accept()
    threading.Thread(target=serve, args=(client,), daemon=True).start()
