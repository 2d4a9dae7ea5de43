import Glibc

/// The names of this UTS namespace (uts_namespaces(7)).
package enum HostIdentity {
    /// sethostname(2).
    package static func setHostname(_ name: String) throws(SystemError) {
        try check("sethostname", name) { sethostname(name, name.utf8.count) }
    }

    /// setdomainname(2).
    package static func setDomainname(_ name: String) throws(SystemError) {
        try check("setdomainname", name) { setdomainname(name, name.utf8.count) }
    }
}
