import Glibc
import Linux
import OCI
import Runtime

extension OCIRuntime {
    /// Creates and starts a container. Waits for its end and removes it, unless `detaches` says that it goes on alone;
    /// `keeps` leaves what is known of it. Returns the exit code.
    package func run(_ request: CreateRequest, detaches: Bool, keeps: Bool) throws(OCIError) -> CInt {
        try ContainerID.check(request.id)
        let bundle = try Bundle(request.bundle, config: request.configuration)
        guard let process = bundle.configuration.spec.process else {
            throw OCIError("the configuration has no process: there is nothing that the container could run")
        }
        try Self.checkConsole(process, request.consoleSocket, isDetached: detaches)
        if detaches {
            var creation = try Creation.begin(self, request, bundle, waitsForStart: false)
            try creation.finish()
            let proxy = try NotifyProxy(creation.directory.path)
            try creation.start()
            if let proxy {
                creation.directory.folder.unlock()
                try proxy.wait(for: creation.process.pid, creation.process.pidfd)
            }
            return 0
        }
        let foreground = try ForegroundProcess()
        let (process:pid, pidfd:pidfd, terminal:master, proxy:number) = try startForeground(request, bundle)
        let owned = master.map { FileDescriptor(owning: $0) }
        let code = try foreground.wait(
            for: pid, FileDescriptor(owning: pidfd), terminal: owned, NotifyProxy(owning: number))
        if !keeps { try delete(request.id, force: true) }
        return code
    }

    // The lock of the container is held no longer than this.
    private func startForeground(
        _ request: CreateRequest, _ bundle: Bundle
    ) throws(OCIError) -> (process: ProcessID, pidfd: CInt, terminal: CInt?, proxy: CInt?) {
        var creation = try Creation.begin(self, request, bundle, waitsForStart: false)
        try creation.finish()
        // Before the container can say anything.
        let proxy = try NotifyProxy(creation.directory.path)
        try creation.start()
        let pidfd = try reporting { try creation.process.pidfd.duplicate() }
        return (creation.process.pid, pidfd.release(), creation.takeTerminal()?.release(), proxy?.release())
    }
}
