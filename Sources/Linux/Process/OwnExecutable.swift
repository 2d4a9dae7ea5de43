import CLinux
import Glibc

/// The file that the calling process executes, where a container must not be able to write to it.
///
/// What a container names as its program may be `/proc/self/exe`, which is us until execve(2) has succeeded; another of
/// its processes then holds our executable open, and overwrites it when nobody executes it any more (CVE-2019-5736). A
/// supervisor prevents that while it lives, since the kernel refuses to write to what is executed (ETXTBSY). A runtime
/// that leaves its containers alone has to start from a place that cannot be written at all.
package enum OwnExecutable {
    /// Whether somebody with all capabilities of the calling process's user namespace can write to the file. Not where another
    /// user owns it, whom the namespace does not know, or its file system is read-only.
    package static var canBeOverwritten: Bool { faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) == 0 }

    /// A sealed memory file, close-on-exec, with the program that a container's process executes in front of its command where
    /// that is so. Its arguments are a name, the number of a packet socket, the number of paths to try, these, and those of the
    /// command. What cannot be executed it tells on the socket, in the words of `Runtime`'s ChildMessage; the socket closes where
    /// the command is executed.
    package static func starter() throws(SystemError) -> FileDescriptor {
        try MemoryFile.program("apus-exec", apus_starter_image)
    }

    /// Goes on from a read-only mount of the executable that exists for this process alone, or, where no mount can be
    /// made and the caller could write to the file, from a sealed copy in memory. Returns where that is so already, and
    /// where nobody in a container of this caller's could write to the file. Costs one execve(2). Throws `SystemError`
    /// where none of it can be done.
    package static func protect() throws(SystemError) {
        let file = try FileDescriptor.open("/proc/self/exe", O_RDONLY)
        if try isProtected(file) { return }
        do throws(SystemError) {
            let tree = try MountTree.clone(file, recursive: false)
            try tree.setAttributes(.readOnly)
            throw again(tree.descriptor)
        } catch {
            // An ordinary user's containers can write to what is that user's alone.
            if faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) != 0 { return }
            throw again(try copy(of: file))
        }
    }

    private static func isProtected(_ file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        let number = file.rawValue
        // F_GET_SEALS (1034) knows memory files alone; F_SEAL_WRITE is 8.
        let seals = apus_fcntl_set(number, 1034, 0)
        if seals >= 0 { return seals & 8 != 0 }
        return try file.mountFlags().contains(.readOnly)
    }

    private static func again(_ program: borrowing FileDescriptor) -> SystemError {
        let image = ExecutionImage(arguments: CommandLine.arguments, environment: HelperProgram.environment())
        return SystemError("execveat", "/proc/self/exe", image.execute(program.rawValue))
    }

    private static func copy(of file: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor {
        let copy = try MemoryFile.executable("apus")
        let (from, to) = (file.rawValue, copy.rawValue)
        while true {
            let count = sendfile(to, from, nil, 1 << 30)
            if count == 0 { break }
            if count < 0 { throw SystemError("sendfile", "/proc/self/exe") }
        }
        try check("fcntl F_ADD_SEALS") { apus_memfd_seal(to) }
        return copy
    }
}
