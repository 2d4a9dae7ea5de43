import CLinux

/// Which databases the C library asks for the names of hosts, users and groups.
package enum NameService {
    private static let restricted: Void = apus_configure_name_service()

    /// Has hosts looked up in files and DNS, and accounts in files, whatever nsswitch.conf(5) says: a static program
    /// that asked for more would load shared libraries of another C library. Before the first lookup; further calls
    /// do nothing.
    package static func restrict() { restricted }
}
