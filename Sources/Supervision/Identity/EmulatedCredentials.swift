/// Who a process is told to be, where its user namespace has one id (credentials(7)). The changes follow the rules of the
/// kernel, with root in the place of every capability.
struct EmulatedCredentials: Hashable {
    /// The ids of a process's user, or of its group.
    struct IDs: Hashable {
        var real: UInt32
        var effective: UInt32
        var saved: UInt32
        var fileSystem: UInt32

        init(_ id: UInt32) { (real, effective, saved, fileSystem) = (id, id, id, id) }

        private func has(_ id: UInt32) -> Bool { id == real || id == effective || id == saved }

        /// setuid(2). False where it is not allowed, as for the others.
        mutating func set(_ id: UInt32, _ isRoot: Bool) -> Bool {
            if isRoot {
                self = IDs(id)
            } else {
                guard id == real || id == saved else { return false }
                (effective, fileSystem) = (id, id)
            }
            return true
        }

        /// setreuid(2); the highest number leaves one as it is.
        mutating func set(real newReal: UInt32, effective newEffective: UInt32, _ isRoot: Bool) -> Bool {
            let old = self
            if newReal != .max {
                guard isRoot || newReal == old.real || newReal == old.effective else { return false }
                real = newReal
            }
            if newEffective != .max {
                guard isRoot || old.has(newEffective) else {
                    self = old
                    return false
                }
                effective = newEffective
            }
            if newReal != .max || newEffective != .max && newEffective != old.real { saved = effective }
            fileSystem = effective
            return true
        }

        /// setresuid(2); the highest number leaves one as it is.
        mutating func set(
            real newReal: UInt32, effective newEffective: UInt32, saved newSaved: UInt32, _ isRoot: Bool
        ) -> Bool {
            for id in [newReal, newEffective, newSaved] where id != .max && !isRoot && !has(id) { return false }
            if newReal != .max { real = newReal }
            if newEffective != .max { effective = newEffective }
            if newSaved != .max { saved = newSaved }
            fileSystem = effective
            return true
        }

        /// setfsuid(2), which returns what there was and says nothing of a failure.
        mutating func setFileSystem(_ id: UInt32, _ isRoot: Bool) -> UInt32 {
            let old = fileSystem
            if id != .max, isRoot || has(id) || id == fileSystem { fileSystem = id }
            return old
        }
    }

    var user = IDs(0)
    var group = IDs(0)
    var groups: [UInt32] = []

    /// Whether capabilities are to survive the change to another user (PR_SET_KEEPCAPS), and have, for groups' sake: setpriv(1)
    /// changes its groups after its user. Execution is not seen, which would end both; as to groups a program is believed
    /// then what it asks for.
    var keepsCapabilities = false
    var keptCapabilities = false

    /// Makes `change` to the user, and keeps of capabilities what is to be kept. False where it is not allowed.
    mutating func changeUser(_ change: (inout IDs, Bool) -> Bool) -> Bool {
        let wasRoot = isRoot
        guard change(&user, wasRoot) else { return false }
        if wasRoot, !isRoot { keptCapabilities = keepsCapabilities }
        return true
    }

    /// Whether it may be of any group.
    var mayChangeGroups: Bool { isRoot || keptCapabilities }

    static let root = EmulatedCredentials()

    var isRoot: Bool { user.effective == 0 }

    /// Whether the process is one of the group `id`.
    func isMember(_ id: UInt32) -> Bool { id == group.effective || groups.contains(id) }

    /// Whether it may give a file of `owner` away (chown(2)): its own to a group of its own; nil is nobody new.
    func mayGive(_ owner: (user: UInt32, group: UInt32), to user: UInt32?, _ group: UInt32?) -> Bool {
        if isRoot { return true }
        guard owner.user == self.user.effective else { return false }
        if let user, user != owner.user { return false }
        if let group, group != owner.group { return isMember(group) }
        return true
    }
}

/// The credentials of all processes below one filter, by numbers: a process carries its number itself, in a place that is
/// its own and that its children and what it executes inherit (`OtherProcess.mark`), so that nothing has to be known of who
/// was forked by whom, of numbers that are used again, or of ends.
///
/// A process can write the place, and then is told to be another of those that there are: as one that is root in fact, it
/// gains nothing.
struct CredentialTable {
    private var known: [EmulatedCredentials] = [.root]
    private var numbers: [EmulatedCredentials: Int] = [.root: 0]
    // Of the lists of groups, which a hostile program makes long.
    private var groupCount = 0

    /// A container that makes more of them is refused the next.
    static let limit = 4096
    static let groupLimit = 1 << 18

    // "apus" in the upper half: nobody else's limit looks like this.
    private static let sign: UInt64 = 0x6170_7573 << 32

    /// Those of the process that is marked with `mark`; root's where that is no number of ours.
    func credentials(_ mark: UInt64) -> EmulatedCredentials {
        let number = mark ^ Self.sign
        guard number < UInt64(known.count) else { return .root }
        return known[Int(number)]
    }

    /// The mark of a process that has `credentials`; nil where there are too many already.
    mutating func mark(_ credentials: EmulatedCredentials) -> UInt64? {
        if let number = numbers[credentials] { return Self.sign | UInt64(number) }
        guard known.count < Self.limit, groupCount + credentials.groups.count <= Self.groupLimit else { return nil }
        groupCount += credentials.groups.count
        numbers[credentials] = known.count
        known.append(credentials)
        return Self.sign | UInt64(known.count - 1)
    }
}
