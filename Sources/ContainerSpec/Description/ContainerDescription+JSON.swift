import Bytes
import JSON
import OCI

extension ContainerDescription {
    /// What `JSONTree.decode` reads as this value. It is written by hand, since every start writes one: an `Encoder` needs type
    /// metadata that nothing else does. Members that a start seldom has are left to it.
    package func json() throws -> [UInt8] {
        var writer = JSONWriter.object()
        writer.write("id", id)
        writer.write("name", name)
        writer.write("created", created)
        writer.write("options", json: try options.json())
        writer.write("imageConfig", json: try imageConfig.json())
        writer.write("imageReference", imageReference)
        writer.write("imageID", imageID?.description)
        if let platform {
            writer.write("platform") {
                $0.write("architecture", platform.architecture)
                $0.write("os", platform.os)
                $0.write("variant", platform.variant)
                $0.write("os.version", platform.osVersion)
                $0.write("os.features", platform.osFeatures)
            }
        }
        writer.write("command", command)
        writer.write("hostname", hostname)
        return writer.finished()
    }
}

extension RunOptions {
    fileprivate func json() throws -> [UInt8] {
        var writer = JSONWriter.object()
        writeProcess(&writer)
        try writeStreams(&writer)
        try writeIsolation(&writer)
        try writeRest(&writer)
        return writer.finished()
    }

    private func writeProcess(_ writer: inout JSONWriter) {
        writer.write("image", image)
        writer.write("rootfs", rootfs)
        writer.write("cmd", cmd)
        writer.write("entrypoint", entrypoint)
        writer.write("name", name)
        writer.write("env", env)
        writer.write("workingDir", workingDir)
        writer.write("user", user)
        writer.write("groupAdd", groupAdd)
        writer.write("hostname", hostname)
        writer.write("domainname", domainname)
        writer.write("labels", labels)
        writer.write("annotations", annotations)
        writer.write("exposedPorts", exposedPorts)
        writer.write("publish", publish)
        writer.write("publishAll", publishAll)
    }

    private func writeStreams(_ writer: inout JSONWriter) throws {
        writer.write("tty", tty)
        writer.write("openStdin", openStdin)
        writer.write("detach", detach)
        writer.write("autoRemove", autoRemove)
        writer.write("attach", attach.map(\.rawValue))
        writer.write("detachKeys", detachKeys)
        writer.write("sigProxy", sigProxy)
        writer.write("stopSignal", stopSignal)
        writer.write("stopTimeout", stopTimeout)
        if let restartPolicy { writer.write("restartPolicy", json: try encoded(restartPolicy)) }
    }

    private func writeIsolation(_ writer: inout JSONWriter) throws {
        writer.write("mounts", json: mounts.isEmpty ? Array("[]".utf8) : try encoded(mounts))
        writer.write("volumesFrom", volumesFrom)
        writer.write("volumeDriver", volumeDriver)
        writer.write("readonlyRootfs", readonlyRootfs)
        writer.write("initProcess", initProcess)
        switch networkMode {
        case .automatic: writer.write("networkMode") { $0.write("automatic") { _ in } }
        case .none: writer.write("networkMode") { $0.write("none") { _ in } }
        case .host: writer.write("networkMode") { $0.write("host") { _ in } }
        default: writer.write("networkMode", json: try encoded(networkMode))
        }
        writer.write("endpoints", json: endpoints.isEmpty ? Array("[]".utf8) : try encoded(endpoints))
        writer.write("links", links)
        writer.write("pidMode", pidMode.rawValue)
        writer.write("ipcMode", ipcMode.rawValue)
        writer.write("utsMode", utsMode.rawValue)
        switch usernsMode {
        case .automatic: writer.write("usernsMode") { $0.write("automatic") { _ in } }
        default: writer.write("usernsMode", json: try encoded(usernsMode))
        }
        writer.write("cgroupnsMode", cgroupnsMode.rawValue)
        writer.write("capAdd", capAdd)
        writer.write("capDrop", capDrop)
        try security.write(to: &writer)
        writer.write("privileged", privileged)
        writer.write("ulimits", json: ulimits.isEmpty ? Array("[]".utf8) : try encoded(ulimits))
        writer.write("devices", json: devices.isEmpty ? Array("[]".utf8) : try encoded(devices))
        writer.write(
            "deviceCgroupRules", json: deviceCgroupRules.isEmpty ? Array("[]".utf8) : try encoded(deviceCgroupRules))
        try resources.write(to: &writer)
        writer.write("shmSize", shmSize)
        writer.write("sysctls", sysctls)
        writer.write("oomScoreAdj", oomScoreAdj)
    }

    private func writeRest(_ writer: inout JSONWriter) throws {
        writer.write("storageDriver", storageDriver?.rawValue)
        writer.write("pullPolicy", pullPolicy.rawValue)
        writer.write("platform", platform)
        writer.write("quiet", quiet)
        writer.write("containerIDFile", containerIDFile)
        writer.write("pidFile", pidFile)
        writer.write("sdNotify", sdNotify?.rawValue)
        writer.write("extraHosts", json: extraHosts.isEmpty ? Array("[]".utf8) : try encoded(extraHosts))
        writer.write("dns", dns)
        writer.write("dnsSearch", dnsSearch)
        writer.write("dnsOptions", dnsOptions)
        writer.write("logConfig") {
            $0.write("type", logConfig.type)
            $0.write("options", logConfig.options)
        }
        writer.write("noHealthcheck", noHealthcheck)
        if let healthcheck { writer.write("healthcheck", json: try encoded(healthcheck)) }
    }
}

extension SecurityOptions {
    fileprivate func write(to writer: inout JSONWriter) throws {
        if seccomp != nil { return writer.write("security", json: try encoded(self)) }
        writer.write("security") {
            $0.write("noNewPrivileges", noNewPrivileges)
            $0.write("unmask", unmask)
            $0.write("mask", mask)
            $0.write("systemPathsUnconfined", systemPathsUnconfined)
            $0.write("appArmorProfile", appArmorProfile)
        }
    }
}

extension ResourceOptions {
    fileprivate func write(to writer: inout JSONWriter) throws {
        let lists = [
            blkioWeightDevices, readBytesPerSecond, writeBytesPerSecond, readOperationsPerSecond,
            writeOperationsPerSecond,
        ]
        for list in lists where !list.isEmpty { return writer.write("resources", json: try encoded(self)) }
        writer.write("resources") {
            $0.write("memory", memory)
            $0.write("memorySwap", memorySwap)
            $0.write("memoryReservation", memoryReservation)
            $0.write("nanoCPUs", nanoCPUs)
            $0.write("cpuPeriod", cpuPeriod)
            $0.write("cpuQuota", cpuQuota)
            $0.write("cpuShares", cpuShares)
            $0.write("cpusetCPUs", cpusetCPUs)
            $0.write("cpusetMems", cpusetMems)
            $0.write("pidsLimit", pidsLimit)
            $0.write("blkioWeight", blkioWeight.map { Int64($0) })
            for name in [
                "blkioWeightDevices", "readBytesPerSecond", "writeBytesPerSecond", "readOperationsPerSecond",
                "writeOperationsPerSecond",
            ] { $0.write(name, [String]()) }
            $0.write("cgroupParent", cgroupParent)
        }
    }
}

extension ContainerConfig {
    fileprivate func json() throws -> [UInt8] {
        var writer = JSONWriter.object()
        writer.write("User", user)
        write("ExposedPorts", exposedPorts, to: &writer)
        writer.write("Env", env)
        writer.write("Entrypoint", entrypoint)
        writer.write("Cmd", cmd)
        write("Volumes", volumes, to: &writer)
        writer.write("WorkingDir", workingDir)
        writer.write("Labels", labels)
        writer.write("StopSignal", stopSignal)
        if let healthcheck { writer.write("Healthcheck", json: try encoded(healthcheck)) }
        writer.write("OnBuild", onBuild)
        writer.write("Shell", shell)
        writer.write("ArgsEscaped", argsEscaped)
        writer.write("StopTimeout", stopTimeout)
        return writer.finished()
    }

    private func write(_ name: String, _ set: [ByteKey: EmptyObject]?, to writer: inout JSONWriter) {
        guard let set else { return }
        writer.write(name) { for key in set.names { $0.write(key) { _ in } } }
    }
}

private func encoded(_ value: some Encodable) throws -> [UInt8] {
    Array(try JSONTree(encoding: value).text().utf8)
}
