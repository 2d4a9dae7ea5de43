/// Why a seccomp profile cannot be read or compiled.
package enum SeccompError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A word that the runtime specification does not have: "action", the word, where it stands.
    case unknownWord(kind: String, word: String, place: String)
    /// An argument beyond the sixth.
    case argumentIndex(UInt32, call: String)
    /// A number for an action that takes none.
    case numberNotTaken(action: String, place: String)
    /// SCMP_ACT_NOTIFY where nobody could answer it.
    case notifyRefused(place: String)
    /// SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV without a rule that notifies.
    case flagWithoutListener
    /// More instructions than the kernel takes.
    case tooLong(instructions: Int)
    /// A profile file that does not say what it should: the file, the field (or nil), the reason.
    case profile(file: String, field: String?, reason: String)
    /// A system call's name that no architecture has.
    case unknownCall(String)

    package var description: String {
        switch self {
        case .unknownWord(let kind, let word, let place):
            "\(place) names the unknown seccomp \(kind) \"\(word)\""
        case .argumentIndex(let index, let call):
            "the seccomp rule for \(call) compares argument \(index), but system calls have arguments 0 to 5"
        case .numberNotTaken(let action, let place):
            "\(place) gives an errno to \(action), which takes none"
        case .notifyRefused(let place):
            "\(place) cannot be SCMP_ACT_NOTIFY: the container would wait for its own listener for ever"
        case .flagWithoutListener:
            "the seccomp flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY"
        case .tooLong(let instructions):
            "the seccomp profile compiles to \(instructions) instructions, but the kernel takes 4096"
        case .profile(let file, let field, let reason):
            "seccomp profile \(file): \(field.map { "\($0): " } ?? "")\(reason)"
        case .unknownCall(let name):
            "there is no system call named \"\(name)\""
        }
    }
}
