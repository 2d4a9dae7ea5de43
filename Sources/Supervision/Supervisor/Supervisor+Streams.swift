import Glibc
import Linux
import OCI
import Runtime

/// The container's standard streams.
extension Supervisor {
    /// Of the starting command's standard streams, above them; /dev/null for one that is closed.
    static func copiesOfStreams() -> [CInt] {
        DescriptorTable.copiesOfStandard()
    }

    /// The container's ends, which the supervisor gives up when the container has them.
    struct ChildEnds: ~Copyable {
        var input: FileDescriptor?
        var output: FileDescriptor?
        var errorOutput: FileDescriptor?
    }

    struct Streams: ~Copyable {
        var ours = ProcessStreams()
        var theirs = ChildEnds()
    }

    private func copy(of number: CInt) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try DescriptorTable.copy(number, atLeast: 3))
    }

    func openStreams(for user: RuntimeSpec.User) throws(SupervisorFailure) -> Streams {
        var streams = Streams()
        guard !request.terminal else { return streams }
        do throws(SystemError) {
            if passed.count == 3 {
                streams.theirs.input = try copy(of: passed[0])
                streams.theirs.output = try copy(of: passed[1])
                streams.theirs.errorOutput = try copy(of: passed[2])
                return streams
            }
            if request.openInput {
                var pipe = try FileDescriptor.pipe()
                streams.theirs.input = pipe.takeFirst()
                streams.ours.input = pipe.takeSecond()
            } else {
                streams.theirs.input = try FileDescriptor.open("/dev/null", O_RDONLY)
            }
            var output = try FileDescriptor.pipe()
            streams.ours.output = output.takeFirst()
            streams.theirs.output = output.takeSecond()
            var errorOutput = try FileDescriptor.pipe()
            streams.ours.errorOutput = errorOutput.takeFirst()
            streams.theirs.errorOutput = errorOutput.takeSecond()
            // The container's user may open /dev/stdout by its name again.
            for number in [streams.theirs.output.number, streams.theirs.errorOutput.number] {
                guard let number, user.uid != 0 || request.ownUserNamespace != nil else { continue }
                let outer = outerIDs(user)
                fchown(number, outer.user, outer.group)
            }
        } catch { throw SupervisorFailure(error) }
        return streams
    }
}
