import Glibc
import Linux
import OCI

extension ProcessSetup {
    /// The process with HOME in its environment: what the container's /etc/passwd says of its user, else "/". An
    /// environment that has one is left as it is.
    func withHome(_ process: RuntimeSpec.Process) -> RuntimeSpec.Process {
        let environment = process.env ?? []
        for entry in environment where entry.utf8.starts(with: "HOME=".utf8) && entry.utf8.count > 5 { return process }
        var process = process
        process.env =
            environment.filter { !$0.utf8.starts(with: "HOME=".utf8) } + ["HOME=" + Self.home(of: process.user.uid)]
        return process
    }

    private static func home(of uid: UInt32) -> String {
        // The image's file may be anything: a pipe must not stop the start, nor a large one fill memory.
        guard let file = try? FileDescriptor.open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY),
            let status = try? file.status(), status.isRegular, let bytes = try? file.readAll(limit: 1 << 20)
        else { return "/" }
        return AccountFile.home(of: uid, in: bytes) ?? "/"
    }
}
