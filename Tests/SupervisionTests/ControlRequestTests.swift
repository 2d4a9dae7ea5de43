import ContainerSpec
import Glibc
import Linux
import Testing

@testable import Supervision

/// What commands and supervisors say to each other.
@Suite struct ControlRequestTests {
    static let requests: [ControlRequest] = [
        .attach(.init(input: true, output: false, errorOutput: true)), .attach(.none), .signal(9),
        .stop(signal: nil, timeout: nil), .stop(signal: 15, timeout: -1), .restart(signal: 1, timeout: 0), .pause,
        .unpause, .wait(.notRunning), .wait(.nextExit), .resize(.init(rows: 24, columns: 80)),
        .update(.init(.onFailure, maximumRetryCount: 4)), .ping, .connect(endpoint), .disconnect("id"),
    ]

    private static var endpoint: EndpointOptions {
        var endpoint = EndpointOptions(network: "net")
        endpoint.aliases = ["a", "b"]
        (endpoint.ipv4, endpoint.ipv6, endpoint.macAddress) = ("10.0.0.1", "fd00::1", "02:00:00:00:00:01")
        endpoint.linkLocalIPs = ["169.254.1.1"]
        endpoint.driverOptions = ["k": "v"]
        endpoint.gatewayPriority = -3
        return endpoint
    }

    @Test(arguments: requests)
    func aRequestArrivesAsItWasSent(_ request: ControlRequest) throws {
        var encoder = WireEncoder()
        encoder.write(request)
        var decoder = WireDecoder(encoder.bytes)
        #expect(try decoder.read(ControlRequest.self) == request)
        try decoder.finish()
    }

    @Test(arguments: requests)
    func aCutOffRequestIsNone(_ request: ControlRequest) {
        var encoder = WireEncoder()
        encoder.write(request)
        for length in 0..<encoder.bytes.count {
            var decoder = WireDecoder(Array(encoder.bytes[..<length]))
            #expect(throws: WireError.self) { try decoder.read(ControlRequest.self) }
        }
    }

    @Test func anotherVersionOrSignalIsRefused() {
        for bytes: [UInt8] in [[2, 0, 11], [1, 0, 99], [1, 0, 3, 0, 0, 0, 0], [1, 0, 3, 65, 0, 0, 0]] {
            var decoder = WireDecoder(bytes)
            #expect(throws: WireError.self) { try decoder.read(ControlRequest.self) }
        }
    }

    @Test(arguments: [
        AttachFrame.input([1, 2]), .inputEnd, .resize(.init(rows: 1, columns: 65535)), .signal(64), .detach,
        .started, .output([]), .errorOutput([0]), .inputTaken, .done, .exited(code: 255),
        .failed(code: 126, message: "é"),
    ])
    func aFrameArrivesAsItWasSent(_ frame: AttachFrame) { #expect(AttachFrame(bytes: frame.bytes[...]) == frame) }

    @Test func aSocketWithALongPathIsReachedAndADeadOneReplaced() throws {
        let folder = "/tmp/apus-control." + randomHex(bytes: 4) + "/" + String(repeating: "d", count: 200)
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(Files.split(folder).parent) }
        #expect(try !isAnswered(folder))
        let dead = try ControlListener(runDirectory: folder)
        _ = consume dead
        #expect(try !isAnswered(folder))
        let listener = try ControlListener(runDirectory: folder)
        guard let connection = try ControlConnection(runDirectory: folder, .signal(10)) else {
            Issue.record("nobody listens")
            return
        }
        let accepted = listener.accept()
        let number = try #require(accepted)
        defer { close(number) }
        guard case .request(.signal(10)) = ControlReception.read(from: number) else {
            Issue.record("the request did not arrive")
            return
        }
        _ = consume connection
        guard case .end = ControlReception.read(from: number) else {
            Issue.record("the end was not seen")
            return
        }
        let another = listener.accept()
        #expect(another == nil)
    }

    private func isAnswered(_ folder: String) throws -> Bool {
        guard let connection = try ControlConnection(runDirectory: folder, .ping) else { return false }
        _ = consume connection
        return true
    }
}
