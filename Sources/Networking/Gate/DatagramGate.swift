import Addresses
import Glibc
import Linux

/// The part of a gate that passes datagrams on: for each pair of addresses a socket to the world, and one that speaks to the
/// container in the world's name.
final class DatagramGate: ReactorClient {
    private unowned let gate: Gate
    private let conversations: FlowTable<Gate.Flow, Conversation>

    private final class Conversation: DatagramFlow, ReactorClient {
        let owner: DatagramGate
        let flow: Gate.Flow
        let outside: CInt
        let inside: CInt

        init(_ owner: DatagramGate, _ flow: Gate.Flow, outside: CInt, inside: CInt) {
            self.owner = owner
            self.flow = flow
            self.outside = outside
            self.inside = inside
            super.init(sockets: [outside, inside])
        }

        func ready(_ descriptor: CInt, _ events: Epoll.Events) { owner.move(self, descriptor) }
    }

    init(_ gate: Gate) throws(SystemError) {
        self.gate = gate
        conversations = FlowTable(gate.reactor, unanswered: 30_000)
        for number in [gate.sockets.udp4, gate.sockets.udp6] {
            if let number { try gate.reactor.watch(number, .readable, self) }
        }
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        let room = gate.hub.buffer.bytes()
        for _ in 0..<64 {
            guard
                let (count, sender, destination) = (try? InternetSocket.receiveWithDestination(descriptor, into: room))
                    ?? nil
            else { return }
            guard let destination else { continue }
            let flow = Gate.Flow(source: sender, destination: destination)
            guard let conversation = conversations.flow(flow, make: { begin(flow) }) else { continue }
            conversation.use()
            let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
            do throws(SystemError) { try InternetSocket.send(conversation.outside, datagram, to: nil) } catch {
                tell(error.errno, flow)
            }
        }
    }

    private func begin(_ flow: Gate.Flow) -> Conversation? {
        let port = flow.destination.port
        switch gate.context.decide(flow.destination.address, port: port, "UDP") {
        case .refuse(let errno):
            tell(errno, flow)
            return nil
        case .go(let target):
            do throws(SystemError) {
                let outside = try InternetSocket.make(SOCK_DGRAM, v4: target.isV4)
                _ = try InternetSocket.connect(outside.rawValue, to: SocketAddress(target, port: port))
                let inside = FileDescriptor(
                    owning: try gate.hub.transparent.take(SOCK_DGRAM, v4: flow.destination.address.isV4))
                try InternetSocket.bind(inside.rawValue, to: flow.destination)
                // What the container sends next comes here by itself.
                _ = try InternetSocket.connect(inside.rawValue, to: flow.source)
                let conversation = Conversation(self, flow, outside: outside.rawValue, inside: inside.rawValue)
                try gate.reactor.watch(outside.rawValue, .readable, conversation)
                do throws(SystemError) { try gate.reactor.watch(inside.rawValue, .readable, conversation) } catch {
                    gate.reactor.unwatch(outside.rawValue)
                    throw error
                }
                _ = outside.release()
                _ = inside.release()
                return conversation
            } catch {
                tell(error.errno, flow)
                return nil
            }
        }
    }

    private func move(_ conversation: Conversation, _ source: CInt) {
        let room = gate.hub.buffer.bytes()
        let fromOutside = source == conversation.outside
        for _ in 0..<64 {
            do throws(SystemError) {
                guard let (count, _) = try InternetSocket.receive(source, into: room) else { return }
                conversation.use(isAnswer: fromOutside)
                let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
                try InternetSocket.send(fromOutside ? conversation.inside : conversation.outside, datagram, to: nil)
            } catch {
                // A full buffer loses a datagram, as a full queue of the network does.
                if error.errno == .again { return }
                if fromOutside || error.call == "sendto" { tell(error.errno, conversation.flow) }
            }
        }
    }

    // The container hears of it as it would without us.
    private func tell(_ errno: Errno, _ flow: Gate.Flow) {
        guard let packet = ControlMessage.unreachable(errno, sender: flow.source, destination: flow.destination) else {
            return
        }
        gate.sendRaw(packet, to: flow.source.address)
    }
}
