import Linux
import Testing

@testable import Supervision

@Suite struct ExecRequestTests {
    private var full: ExecRequest {
        var request = ExecRequest(["sh", "-c", "echo ä"])
        request.environment = ["A=1", "B"]
        request.user = "app:staff"
        request.workingDirectory = "/srv"
        request.hasTerminal = true
        request.size = WindowSize(rows: 24, columns: 80)
        request.hasInput = true
        request.hasOutput = false
        request.isPrivileged = true
        return request
    }

    private func bytes(_ request: ExecRequest) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(request)
        return encoder.bytes
    }

    private func decoded(_ bytes: [UInt8]) throws(WireError) -> ExecRequest {
        var decoder = WireDecoder(bytes)
        let request = try decoder.read(ExecRequest.self)
        try decoder.finish()
        return request
    }

    @Test func allOfItTravels() throws {
        let sent = full
        #expect(try decoded(bytes(sent)) == sent)
        #expect(try decoded(bytes(ExecRequest(["true"]))).size == nil)
        #expect(ExecRequest(["true"]).id != ExecRequest(["true"]).id)
    }

    @Test func whatIsCutOffIsRefused() {
        let whole = bytes(full)
        for length in 0..<whole.count {
            #expect(throws: WireError.self) { try decoded(Array(whole[..<length])) }
        }
    }

    /// The id names a file of the run directory.
    @Test(arguments: [
        "", "../../../../etc/passwd", String(repeating: "/", count: 64), String(repeating: "A", count: 64),
    ])
    func anIDThatIsNoneIsRefused(_ id: String) {
        var request = full
        request.id = id
        let packet = bytes(request)
        #expect(throws: WireError.invalidValue("id")) { try decoded(packet) }
    }
}
