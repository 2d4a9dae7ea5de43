import Cgroups
import JSON
import Linux
package import OCI

extension OCIRuntime {
    /// Changes the limits of a container; what `resources` does not name stays as it is.
    package func update(_ id: String, _ resources: RuntimeSpec.Resources) throws(OCIError) {
        let container = try lockedContainer(id)
        guard container.record.process.isAlive else { throw OCIError("container not running") }
        let cgroup = try container.cgroup(for: "update")
        _ = try reporting("cannot update the container \(id)") { try cgroup.apply(resources) }
    }

    /// The limits in a document of the form of `linux.resources`; `name` is what errors call it.
    package static func resources(_ bytes: [UInt8], name: String) throws(OCIError) -> RuntimeSpec.Resources {
        try reporting { try JSONTree.parse(bytes).decode(name: name) }
    }
}
