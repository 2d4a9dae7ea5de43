import Bytes
import CLinux
import Glibc

/// A file system under construction (fsopen(2), Linux 5.2).
package struct FileSystemContext: ~Copyable {
    private let descriptor: FileDescriptor
    private let type: String

    /// Starts a file system of `type`; throws ENODEV for a type that the kernel does not have.
    package init(_ type: String) throws(SystemError) {
        try MountInterface.requireTrees("fsopen", type)
        // FSOPEN_CLOEXEC
        descriptor = FileDescriptor(owning: try check("fsopen", type) { apus_fsopen(type, 1) })
        self.type = type
    }

    /// Sets a parameter that has a text as its value.
    package func set(_ key: String, _ value: String) throws(SystemError) {
        try configure(1, key, value)
    }

    /// Sets a parameter without a value.
    package func set(_ key: String) throws(SystemError) {
        let number = descriptor.rawValue
        try check("fsconfig", "\(type) \(key)") { apus_fsconfig(number, 0, key, nil, 0) }
    }

    private func configure(_ command: UInt32, _ key: String, _ value: String) throws(SystemError) {
        let number = descriptor.rawValue
        try check("fsconfig", "\(type) \(key)=\(value)") { apus_fsconfig(number, command, key, value, 0) }
    }

    /// Creates the file system and a detached mount of it.
    package func mount(_ attributes: MountAttributes = []) throws(SystemError) -> MountTree {
        let number = descriptor.rawValue
        // FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC
        try check("fsconfig", type) { apus_fsconfig(number, 6, nil, nil, 0) }
        return MountTree(
            owning: FileDescriptor(
                owning: try check("fsmount", type) { apus_fsmount(number, 1, UInt32(attributes.rawValue)) }))
    }

    /// What the file system has said about a failure, in its own words; nil when it said nothing.
    package func complaint() -> String? {
        var text: String?
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
            // One message a read: "e invalid value for …"; the last error is the one that counts.
            while true {
                let got = Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count)
                guard got > 2 else { return }
                text = String(decoding: buffer[2..<got], as: UTF8.self)
            }
        }
        while text?.lastLetter == "\n" { text?.removeLast() }
        return text
    }
}
