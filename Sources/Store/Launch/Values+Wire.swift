import Bytes
package import Linux
package import OCI

extension Digest: WireCodable {
    package func encode(to encoder: inout WireEncoder) { encoder.write(description) }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard let value = Digest(try decoder.read(String.self)) else { throw .invalidValue("digest") }
        self = value
    }
}

extension ContainerConfig: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(user)
        encoder.write(exposedPorts?.names)
        encoder.write(env)
        encoder.write(entrypoint)
        encoder.write(cmd)
        encoder.write(volumes?.names)
        encoder.write(workingDir)
        encoder.write(labels != nil)
        encoder.write(labels ?? [:])
        encoder.write(stopSignal)
        encoder.write(healthcheck)
        encoder.write(onBuild)
        encoder.write(shell)
        encoder.write(argsEscaped)
        encoder.write(stopTimeout)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        self.init()
        user = try decoder.read()
        exposedPorts = Self.set(try decoder.read())
        env = try decoder.read()
        entrypoint = try decoder.read()
        cmd = try decoder.read()
        volumes = Self.set(try decoder.read())
        workingDir = try decoder.read()
        let hasLabels: Bool = try decoder.read()
        let pairs: [ByteKey: String] = try decoder.read()
        labels = hasLabels ? pairs : nil
        stopSignal = try decoder.read()
        healthcheck = try decoder.read()
        onBuild = try decoder.read()
        shell = try decoder.read()
        argsEscaped = try decoder.read()
        stopTimeout = try decoder.read()
    }

    private static func set(_ members: [String]?) -> [ByteKey: EmptyObject]? {
        members.map { Dictionary($0.map { (ByteKey($0), EmptyObject()) }, uniquingKeysWith: { first, _ in first }) }
    }
}

extension Healthcheck: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(test)
        encoder.write(interval)
        encoder.write(timeout)
        encoder.write(startPeriod)
        encoder.write(startInterval)
        encoder.write(retries)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        self.init()
        test = try decoder.read()
        interval = try decoder.read()
        timeout = try decoder.read()
        startPeriod = try decoder.read()
        startInterval = try decoder.read()
        retries = try decoder.read()
    }
}
