import CLinux
import Glibc

/// Extended attributes (xattr(7)) of an open file or of a name, never following a final symbolic link;
/// each throws `SystemError`.
package enum ExtendedAttributes {
    /// Sets `name` of the open file `descriptor`.
    package static func set(_ name: RawName, of descriptor: CInt, to value: [UInt8]) throws(SystemError) {
        try check("fsetxattr", name.printable) { apus_fsetxattr(descriptor, name, value, value.count) }
    }

    /// Sets `name` of what `file` names in `directory`; throws EOPNOTSUPP where the kernel is older than 6.13
    /// and there is no /proc.
    package static func set(
        _ name: RawName, of file: RawName, in directory: CInt, to value: [UInt8]
    ) throws(SystemError) {
        try check("setxattrat", name.printable) { apus_setxattrat(directory, file, name, value, value.count) }
    }

    /// Removes `name` from the open file `descriptor`; that it was not there, or that the file system has none, is no error.
    package static func remove(_ name: RawName, of descriptor: CInt) throws(SystemError) {
        do throws(SystemError) {
            try check("fremovexattr", name.printable) { apus_fremovexattr(descriptor, name) }
        } catch  where error.errno == .noData || error.errno == .notSupported {}
    }

    /// The value of `name` of the open file `descriptor`; nil where there is none, or the file system has none.
    package static func get(_ name: RawName, of descriptor: CInt) throws(SystemError) -> [UInt8]? {
        try value { apus_fgetxattr(descriptor, name, $0, $1) }
    }

    /// The value of `name` of what `file` names in `directory`; nil where there is none.
    package static func get(_ name: RawName, of file: RawName, in directory: CInt) throws(SystemError) -> [UInt8]? {
        try value { apus_getxattrat(directory, file, name, $0, $1) }
    }

    /// The names of the open file `descriptor`; none where the file system has no attributes.
    package static func list(of descriptor: CInt) throws(SystemError) -> [RawName] {
        try split(value { apus_flistxattr(descriptor, $0?.assumingMemoryBound(to: CChar.self), $1) })
    }

    /// The names of what `file` names in `directory`.
    package static func list(of file: RawName, in directory: CInt) throws(SystemError) -> [RawName] {
        try split(value { apus_listxattrat(directory, file, $0?.assumingMemoryBound(to: CChar.self), $1) })
    }

    private static func split(_ list: [UInt8]?) -> [RawName] {
        guard let list else { return [] }
        return list.split(separator: 0).map { $0.map(CChar.init(bitPattern:)) + [0] }
    }

    private static func value(_ call: (UnsafeMutableRawPointer?, Int) -> Int) throws(SystemError) -> [UInt8]? {
        var room = 256
        while true {
            var bytes = [UInt8](repeating: 0, count: room)
            let got = bytes.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
            if got >= 0 {
                bytes.removeSubrange(got...)
                return bytes
            }
            switch Errno.current {
            case .noData, .notSupported, .notImplemented: return nil
            case Errno(ERANGE) where room < 1 << 20: room *= 16
            case .interrupted: continue
            case let errno: throw SystemError("getxattr", nil, errno)
            }
        }
    }
}
