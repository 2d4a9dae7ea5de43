package import Linux

/// Why something could not be done with a control group.
package enum CgroupError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no cgroup v2 here that could hold a container, for the reason in the sentence.
    case unavailable(String)
    /// These limits need controllers that we are not given; the sentence says where and how to get them.
    case missing(Controllers, String)
    /// What was asked for contradicts itself, or cgroup v2 has nothing like it.
    case invalid(String)
    /// systemd refused, or did not answer.
    case systemd(String)
    /// The kernel refused a value of a limit: the file, the value and why.
    case refused(file: String, value: String, Errno)
    case failed(SystemError)

    package var description: String {
        switch self {
        case .unavailable(let sentence), .missing(_, let sentence), .invalid(let sentence), .systemd(let sentence):
            return sentence
        case .refused(let file, let value, let errno):
            return "the kernel refuses '\(value)' for \(file) of the container's cgroup: \(errno)"
        case .failed(let error): return "control group: \(error)"
        }
    }
}

/// Runs `body` and reports its failure as one of control groups.
func doing<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(CgroupError) -> R {
    do throws(SystemError) { return try body() } catch { throw .failed(error) }
}
