import ContainerSpec

/// How long a container waits before it is started again, and whether it is: Docker's rules.
struct RestartBackoff: Equatable, Sendable {
    /// In milliseconds.
    static let shortest: Int64 = 100
    static let longest: Int64 = 60_000
    /// A container that ran as long begins with the shortest wait again, in milliseconds.
    static let steady: Int64 = 10_000

    /// How many times the container was started again.
    private(set) var restartCount = 0
    private var wait: Int64 = 0

    /// The wait in milliseconds before the next start; nil where there is none. `ran` is in milliseconds;
    /// `isManuallyStopped`: the user stopped the container.
    mutating func next(
        after exitCode: CInt, ran: Int64, policy: RestartPolicy, isManuallyStopped: Bool
    ) -> Int64? {
        if ran >= Self.steady || wait == 0 {
            wait = Self.shortest
        } else {
            wait = min(wait * 2, Self.longest)
        }
        let again =
            switch policy.name {
            case .no: false
            case .always: true
            case .unlessStopped: !isManuallyStopped
            case .onFailure:
                exitCode != 0 && (policy.maximumRetryCount == 0 || restartCount < policy.maximumRetryCount)
            }
        guard again else { return nil }
        restartCount += 1
        return wait
    }

    /// Begins again, as after a start by the user.
    mutating func reset() { self = RestartBackoff() }
}
