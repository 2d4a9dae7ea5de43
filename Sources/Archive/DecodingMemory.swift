import Glibc
package import Linux

/// The memory that decoders of a process and of its workers share: a layer may ask for a window of 128 MiB, and an image has many layers.
///
/// It is a lock on a file that all of them have: any number holds it together with windows as encoders take them, and a decoder with a larger one
/// is alone, whatever the others decode. The lock belongs to the process (fcntl(2)), and ends with it, so that each has one decoder that takes it.
package struct DecodingMemory: Sendable {
    /// What a decoder takes of it.
    enum Share: Equatable {
        /// A window that others may have beside it.
        case common
        /// All that there is.
        case alone

        /// The share for a window of `bytes`.
        init(window bytes: UInt64) { self = bytes <= DecodingMemory.commonWindow ? .common : .alone }
    }

    /// The largest window that decoders may have side by side, in bytes: more is not to be had without zstd's --long or --ultra.
    static let commonWindow: UInt64 = 8 << 20

    private let file: CInt
    private let isPatient: Bool

    /// The memory behind the lock on `file`, a descriptor that stays open. Who is not `isPatient` fails where it would have to wait: its input is on
    /// its way, and nobody is to wait for that while having a share.
    package init(lockedBy file: CInt, isPatient: Bool) {
        self.file = file
        self.isPatient = isPatient
    }

    /// The descriptor of the file that workers of this process are given, which stays open. Throws `SystemError` where there can be none.
    package static func sharedFile() throws(SystemError) -> CInt { try shared.get().descriptor.rawValue }

    private static let shared: Result<SharedFile, SystemError> = {
        do throws(SystemError) {
            return .success(SharedFile(try MemoryFile.create("apus-decoding-memory")))
        } catch {
            return .failure(error)
        }
    }()

    private final class SharedFile: Sendable {
        let descriptor: FileDescriptor

        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    /// Takes `share`. Who has one gives it back before: two that wait for each other's would wait for ever. Throws `ArchiveError.unreadable`.
    func take(_ share: Share) throws(ArchiveError) {
        do throws(SystemError) {
            var lock = Self.lock(share == .common ? F_RDLCK : F_WRLCK)
            try check("fcntl F_SETLK") { fcntl(file, isPatient ? F_SETLKW : F_SETLK, &lock) }
        } catch {
            throw .unreadable(error)
        }
    }

    /// Gives back what was taken.
    func leave() {
        var lock = Self.lock(F_UNLCK)
        _ = fcntl(file, F_SETLK, &lock)
    }

    private static func lock(_ kind: CInt) -> Glibc.flock {
        var lock = Glibc.flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
