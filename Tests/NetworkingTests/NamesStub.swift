/// A name server for tests, in Python, that behaves as its argument says. Its second argument is its port.
let namesStub = """
    import os, socket, struct, sys, threading, time
    mode = sys.argv[1]
    t = socket.socket(); t.bind(('127.0.0.1', int(sys.argv[2]))); t.listen()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(t.getsockname())
    def question(q):
        p = 12
        while q[p]: p += 1 + q[p]
        return q[12:p + 5]
    def answer(q, stream):
        o = question(q)
        head = lambda flags, n, i=q[:2]: i + struct.pack('>HHHHH', flags, 1, n, 0, 0) + o
        a = lambda n: b'\\xc0\\x0c\\0\\x01\\0\\x01\\0\\0\\0\\x3c\\0\\x04\\x0a\\x09' + struct.pack('>H', n)
        if mode == 'servfail': return [head(0x8182, 0)]
        if mode == 'refused': return [head(0x8185, 0)]
        if mode == 'nxdomain': return [head(0x8183, 0)]
        if mode == 'big' or (mode == 'truncated' and stream): return [head(0x8180, 256) + b''.join(a(i) for i in range(256))]
        if mode == 'huge': return [head(0x8180, 4000) + b''.join(a(i) for i in range(4000))]
        if mode == 'truncated': return [head(0x8380, 0)]
        if mode == 'liar':
            w = bytes([q[0] ^ 1]) + q[1:2]
            other = head(0x8180, 1)[:12] + o[:1] + bytes([o[1] ^ 3]) + o[2:] + a(6)
            return [head(0x8180, 1, w) + a(7), other, b'x', q, head(0x8180, 1) + a(1)]
        if mode == 'slow': time.sleep(0.3)
        if mode == 'late': time.sleep(2.3)
        if mode == 'silent': return []
        return [head(0x8180, 1) + a(1)]
    def serve(q, send, stream):
        for m in answer(q, stream): send(m)
    def streams():
        while True:
            c, _ = t.accept()
            def one(c=c):
                def read(n):
                    b = b''
                    while len(b) < n:
                        d = c.recv(n - len(b))
                        if not d: raise SystemExit
                        b += d
                    return b
                while True:
                    serve(read(struct.unpack('>H', read(2))[0]), lambda m: c.sendall(struct.pack('>H', len(m)) + m), True)
            threading.Thread(target=one, daemon=True).start()
    threading.Thread(target=streams, daemon=True).start()
    print('ready', flush=True)
    while True:
        q, w = u.recvfrom(65535)
        threading.Thread(target=serve, args=(q, lambda m: u.sendto(m, w), False), daemon=True).start()
    """
