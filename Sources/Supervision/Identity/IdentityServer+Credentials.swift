import Glibc
import Linux
import Seccomp

/// Who processes are.
extension IdentityServer {
    /// Answers a question for credentials; nil for another call.
    func tell(_ question: Question, _ credentials: EmulatedCredentials) throws(SystemError) -> CallAnswer? {
        let (user, group) = (credentials.user, credentials.group)
        switch question.kind {
        case .getuid: return .value(Self.shown(user.real, question))
        case .geteuid: return .value(Self.shown(user.effective, question))
        case .getgid: return .value(Self.shown(group.real, question))
        case .getegid: return .value(Self.shown(group.effective, question))
        case .getresuid: return try write([user.real, user.effective, user.saved], question)
        case .getresgid: return try write([group.real, group.effective, group.saved], question)
        case .getgroups: return try writeGroups(credentials.groups, question)
        // The limit means nothing but who the process is. Who also wants to know the old one gets it of the kernel.
        case .setrlimit: return .value(0)
        case .prlimit64: return question.call.arguments[3] == 0 ? .value(0) : .proceed
        default: return nil
        }
    }

    private static func shown(_ id: UInt32, _ question: Question) -> Int64 {
        // As the kernel's overflowuid.
        question.isShort && id > UInt32(UInt16.max) ? 65534 : Int64(id)
    }

    private static func bytes(_ id: UInt32, _ question: Question) -> [UInt8] {
        let id = UInt32(shown(id, question))
        return (0..<(question.isShort ? 2 : 4)).map { UInt8(truncatingIfNeeded: id >> UInt32(8 * $0)) }
    }

    private func write(_ ids: [UInt32], _ question: Question) throws(SystemError) -> CallAnswer {
        try requireWaiting(question)
        for (place, id) in ids.enumerated() {
            try OtherProcess.write(
                question.thread, at: address(question, place), Self.bytes(id, question))
        }
        return .value(0)
    }

    // The number may be another process's by now, whose memory is not to be written.
    private func requireWaiting(_ question: Question) throws(SystemError) {
        guard listener.isWaiting(question.call) else { throw SystemError("ioctl", nil, .noProcess) }
    }

    private func address(_ question: Question, _ place: Int) -> UInt64 { question.call.arguments[place] }

    private func writeGroups(_ groups: [UInt32], _ question: Question) throws(SystemError) -> CallAnswer {
        let room = question.integer(0)
        if room < 0 { return .failure(.invalid) }
        if room > 0 {
            guard groups.count <= Int(room) else { return .failure(.invalid) }
            var bytes: [UInt8] = []
            for group in groups { bytes += Self.bytes(group, question) }
            if !bytes.isEmpty {
                try requireWaiting(question)
                try OtherProcess.write(question.thread, at: address(question, 1), bytes)
            }
        }
        return .value(Int64(groups.count))
    }

    /// Makes the change to `credentials` that is asked for, and says what the call returns.
    static func change(
        _ question: Question, _ credentials: inout EmulatedCredentials
    ) throws(SystemError) -> CallAnswer {
        let mayChangeGroups = credentials.mayChangeGroups
        let (first, second, third) = (question.id(0), question.id(1), question.id(2))
        let isDone: Bool
        switch question.kind {
        case .setuid:
            if first == .max { return .failure(.invalid) }
            isDone = credentials.changeUser { $0.set(first, $1) }
        case .setgid:
            if first == .max { return .failure(.invalid) }
            isDone = credentials.group.set(first, mayChangeGroups)
        case .setreuid: isDone = credentials.changeUser { $0.set(real: first, effective: second, $1) }
        case .setregid: isDone = credentials.group.set(real: first, effective: second, mayChangeGroups)
        case .setresuid:
            isDone = credentials.changeUser { $0.set(real: first, effective: second, saved: third, $1) }
        case .setresgid:
            isDone = credentials.group.set(real: first, effective: second, saved: third, mayChangeGroups)
        case .setfsuid: return .value(shown(credentials.user.setFileSystem(first, credentials.isRoot), question))
        case .setfsgid: return .value(shown(credentials.group.setFileSystem(first, mayChangeGroups), question))
        case .setgroups:
            guard mayChangeGroups else { return .failure(.notPermitted) }
            credentials.groups = try groups(question)
            return .value(0)
        case .prctl:
            credentials.keepsCapabilities = true
            return .proceed
        default: return .proceed
        }
        return isDone ? .value(0) : .failure(.notPermitted)
    }

    private static func groups(_ question: Question) throws(SystemError) -> [UInt32] {
        let count = question.integer(0)
        // NGROUPS_MAX
        guard count >= 0, count <= 65536 else { throw SystemError("setgroups", nil, .invalid) }
        if count == 0 { return [] }
        let width = question.isShort ? 2 : 4
        guard let bytes = OtherProcess.read(question.thread, at: question.call.arguments[1], count: Int(count) * width),
            bytes.count == Int(count) * width
        else { throw SystemError("setgroups", nil, Errno(EFAULT)) }
        var groups: [UInt32] = []
        groups.reserveCapacity(Int(count))
        for place in stride(from: 0, to: bytes.count, by: width) {
            var id: UInt32 = 0
            for offset in 0..<width { id |= UInt32(bytes[place + offset]) << UInt32(8 * offset) }
            groups.append(id)
        }
        return groups
    }
}
