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
        return PasswordFile.home(of: uid, in: bytes) ?? "/"
    }
}

/// The text of a passwd(5).
enum PasswordFile {
    /// The home directory of the first line that is `uid`'s; nil where there is none, or it is no absolute path.
    static func home(of uid: UInt32, in bytes: [UInt8]) -> String? {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard fields.count >= 6, UInt32(String(decoding: fields[2], as: UTF8.self)) == uid else { continue }
            return fields[5].first == UInt8(ascii: "/") ? String(decoding: fields[5], as: UTF8.self) : nil
        }
        return nil
    }
}
