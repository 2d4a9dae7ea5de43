package import Linux
package import OCI

/// Who a container's process is, where its caller learns that only from the root file system that it makes meanwhile.
package struct ProcessOwner: Equatable, Sendable {
    /// In numbers of the container.
    package var user: RuntimeSpec.User
    /// What its environment has besides, "NAME=VALUE" each.
    package var environment: [String]

    package init(_ user: RuntimeSpec.User, environment: [String] = []) {
        self.user = user
        self.environment = environment
    }
}

extension ProcessOwner: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(user.uid)
        encoder.writeInteger(user.gid)
        encoder.write(user.umask != nil)
        if let umask = user.umask { encoder.writeInteger(umask) }
        encoder.write(user.additionalGids != nil)
        if let groups = user.additionalGids {
            encoder.writeInteger(UInt32(groups.count))
            for group in groups { encoder.writeInteger(group) }
        }
        encoder.writeInteger(UInt32(environment.count))
        for variable in environment { encoder.write(variable) }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        user = .init(uid: try decoder.readInteger(), gid: try decoder.readInteger())
        if try decoder.read(Bool.self) { user.umask = try decoder.readInteger(UInt32.self) }
        if try decoder.read(Bool.self) {
            var groups: [UInt32] = []
            for _ in 0..<(try decoder.readInteger(UInt32.self)) { groups.append(try decoder.readInteger()) }
            user.additionalGids = groups
        }
        environment = []
        for _ in 0..<(try decoder.readInteger(UInt32.self)) { environment.append(try decoder.read(String.self)) }
    }
}

extension RuntimeSpec.Process {
    /// The process as it is with `owner`; unchanged without one.
    func owned(by owner: ProcessOwner?) -> RuntimeSpec.Process {
        guard let owner else { return self }
        var process = self
        process.user = owner.user
        process.env = (env ?? []) + owner.environment
        return process
    }
}
