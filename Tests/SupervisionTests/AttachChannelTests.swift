import Glibc
import Linux
import Testing

@testable import Supervision

/// What a supervisor hears of its clients.
@Suite struct AttachChannelTests {
    private func name(_ received: AttachChannel.Received) -> String {
        switch received {
        case .frame(let frame): "\(frame)"
        case .nothing: "nothing"
        case .end: "end"
        }
    }

    @Test func aPacketOfUnknownKindIsNotWaitedBehind() throws {
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        let ours = pair.takeFirst()
        do {
            let theirs = pair.takeSecond()
            #expect(name(AttachChannel.receiveNow(from: ours.rawValue)) == "nothing")
            for packet in [[250, 1, 2], AttachFrame.detach.bytes] as [[UInt8]] {
                #expect(AttachChannel.send(packet, to: theirs.rawValue, waiting: false) == .sent)
            }
            #expect(name(AttachChannel.receiveNow(from: ours.rawValue)) == "nothing")
            #expect(name(AttachChannel.receiveNow(from: ours.rawValue)) == "detach")
        }
        #expect(name(AttachChannel.receiveNow(from: ours.rawValue)) == "end")
    }
}
