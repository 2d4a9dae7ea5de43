import Glibc
import Synchronization

/// An HTTP server on a port of 127.0.0.1 that answers as a test says, rightly or wrongly. It listens until it goes.
package final class HTTPServer: Sendable {
    /// What a client asked.
    package struct Request: Sendable {
        package let method: String
        /// Path and query.
        package let target: String
        /// By their names in lower case; of several with one name the last.
        package let headers: [String: String]
        package let body: [UInt8]
        /// Whether the server has read no more than this of a body that is longer.
        package let isCut: Bool
        /// The target without its query.
        package var path: String { String(target.prefix { $0 != "?" }) }

        package init(
            method: String, target: String, headers: [String: String], body: [UInt8], isCut: Bool = false
        ) {
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
            self.isCut = isCut
        }
    }

    /// What it gets.
    package struct Response: Sendable {
        package var status: Int
        package var headers: [(String, String)]
        package var body: [UInt8]
        /// Sent as Content-Length instead of the body's own; the connection is closed after the body.
        package var claimedLength: Int?
        /// Sent with chunked framing, and closed.
        package var isChunked: Bool
        /// No framing at all: the end of the connection is the end of the body.
        package var isUnframed: Bool
        /// Nothing is sent at all, and the connection closed.
        package var isSilent = false
        /// Called when so many bytes of a body that is not chunked have been sent; the rest follows when it returns.
        package var pause: (after: Int, wait: @Sendable () -> Void)?

        package init(
            status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = [], claimedLength: Int? = nil,
            isChunked: Bool = false, isUnframed: Bool = false
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.claimedLength = claimedLength
            self.isChunked = isChunked
            self.isUnframed = isUnframed
        }

        /// A response with `text` as its body.
        package static func text(_ status: Int, _ text: String, _ headers: [(String, String)] = []) -> Response {
            Response(status: status, headers: headers, body: Array(text.utf8))
        }
    }

    /// Answers a request; called from any thread.
    package typealias Handler = @Sendable (Request) -> Response
    /// How many bytes of the body of a request, which has none here yet, are read; nil: all.
    package typealias Limit = @Sendable (Request) -> Int?

    package let port: Int
    private let listener: CInt
    private let log = Log()

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// "127.0.0.1:PORT".
    package var host: String { "127.0.0.1:\(port)" }
    /// What was asked so far.
    package var requests: [Request] { log.requests.withLock { $0 } }

    /// Listens at once. After a request whose body is not read to its end the connection is closed.
    package init(reading limit: @escaping Limit = { _ in nil }, _ handler: @escaping Handler) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = listener
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                precondition(bind(listening, pointer, length) == 0 && listen(listening, 64) == 0)
                getsockname(listening, pointer, &length)
            }
            return Int(UInt16(bigEndian: $0.pointee.sin_port))
        }
        startThread { [log] in
            while true {
                let connection = accept(listening, nil, nil)
                // Closed by nobody else: a number that was closed while this thread is between two calls may be another
                // server's by the next, which would then get our answers.
                guard connection >= 0 else {
                    close(listening)
                    return
                }
                startThread {
                    while let request = Self.read(connection, limit) {
                        log.requests.withLock { $0.append(request) }
                        guard Self.write(handler(request), to: request, connection) else { break }
                    }
                    close(connection)
                }
            }
        }
    }

    // No connection is taken from here on, and the thread that waits for one comes to its end.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// nil at the end of the connection, and for what is not HTTP.
    private static func read(_ connection: CInt, _ limit: Limit) -> Request? {
        var bytes: [UInt8] = []
        func more() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            bytes += buffer[..<count]
            return true
        }
        var end: Int?
        while end == nil {
            guard more(), bytes.first.map({ (65...90).contains($0) }) == true else { return nil }
            end = bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) }
        }
        let lines = String(decoding: bytes[..<end!], as: UTF8.self).split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let (method, target) = (String(first[0]), String(first[1]))
        let wanted = min(
            length, limit(Request(method: method, target: target, headers: headers, body: [])) ?? length)
        while bytes.count < end! + 4 + wanted { if !more() { return nil } }
        let body = Array(bytes[(end! + 4)...].prefix(wanted))
        return Request(method: method, target: target, headers: headers, body: body, isCut: wanted < length)
    }

    /// Whether the connection goes on.
    private static func write(_ response: Response, to request: Request, _ connection: CInt) -> Bool {
        if response.isSilent { return false }
        let closes = response.claimedLength != nil || response.isChunked || response.isUnframed || request.isCut
        var head = "HTTP/1.1 \(response.status) Status\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        if response.isChunked {
            head += "Transfer-Encoding: chunked\r\n"
        } else if !response.isUnframed && response.status != 204 {
            head += "Content-Length: \(response.claimedLength ?? response.body.count)\r\n"
        }
        var bytes = Array((head + (closes ? "Connection: close\r\n" : "") + "\r\n").utf8)
        if request.method != "HEAD" {
            if response.isChunked {
                for start in stride(from: 0, to: response.body.count, by: 1000) {
                    let chunk = response.body[start..<min(start + 1000, response.body.count)]
                    bytes += Array((String(chunk.count, radix: 16) + "\r\n").utf8) + chunk + [13, 10]
                }
                bytes += Array("0\r\n\r\n".utf8)
            } else {
                bytes += response.body
            }
        }
        if let pause = response.pause, request.method != "HEAD" {
            let first = bytes.count - max(response.body.count - pause.after, 0)
            guard send(bytes[..<first], connection) else { return false }
            pause.wait()
            return send(bytes[first...], connection) && !closes
        }
        return send(bytes[...], connection) && !closes
    }

    private static func send(_ bytes: ArraySlice<UInt8>, _ connection: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress! + sent, $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }
}

/// Runs `body` on a thread of its own.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { pointer in
            Unmanaged<Box>.fromOpaque(pointer!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
}
