import Bytes
import CLinux
import Glibc

/// The program that takes the place of process 1 with `--init`.
package enum Reaper {
    /// A sealed memory file with the program, close-on-exec: nothing on any disk, and nothing that could be written.
    package static func program() throws(SystemError) -> FileDescriptor {
        try MemoryFile.program("apus-init", apus_reaper_image)
    }

    /// PR_SET_CHILD_SUBREAPER: orphans below the process come to it, where it is not the first of its namespace.
    package static func adoptOrphans() { _ = apus_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

    /// Kills and reaps every child of the process but `spared`, and what comes to it by that where it has adopted orphans,
    /// until there is none. Where the kernel does not list them (CONFIG_PROC_CHILDREN) it does nothing.
    package static func endChildren(besides spared: [ProcessID] = []) {
        // Each round ends a generation; who forks faster than that is caught up with, or left after so many.
        for _ in 0..<1000 {
            let text = (try? Files.readText("/proc/thread-self/children", limit: 1 << 20)) ?? ""
            let children = text.split(on: " ").compactMap { ProcessID($0) }.filter { !spared.contains($0) }
            if children.isEmpty { return }
            for child in children { kill(child, SIGKILL) }
            for child in children { _ = try? waitForExit(of: child) }
        }
    }
}
