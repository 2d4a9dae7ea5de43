package import Bytes

/// A container's configuration, `config.json` (runtime-spec 1.3, config.md). Field names are the specification's.
package struct RuntimeSpec: Codable, Hashable, Sendable {
    package var ociVersion: String
    package var process: Process?
    package var root: Root?
    package var hostname: String?
    package var domainname: String?
    package var mounts: [Mount]?
    package var hooks: Hooks?
    package var annotations: [ByteKey: String]?
    package var linux: Linux?

    package init(ociVersion: String = "1.2.0") { self.ociVersion = ociVersion }

    /// The container's root file system.
    package struct Root: Codable, Hashable, Sendable {
        /// Absolute, or relative to the bundle.
        package var path: String
        package var readonly: Bool?

        package init(path: String, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }

    /// A file system to mount, in the order of the list.
    package struct Mount: Codable, Hashable, Sendable {
        /// Absolute path in the container.
        package var destination: String
        package var type: String?
        package var source: String?
        package var options: [String]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?

        package init(destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }
    }

    /// Programs that run at the steps of the life cycle (config.md, POSIX-platform Hooks).
    package struct Hooks: Codable, Hashable, Sendable {
        package var prestart: [Hook]?
        package var createRuntime: [Hook]?
        package var createContainer: [Hook]?
        package var startContainer: [Hook]?
        package var poststart: [Hook]?
        package var poststop: [Hook]?

        package init() {}
    }

    /// One program, which gets the container's state on its standard input.
    package struct Hook: Codable, Hashable, Sendable {
        /// Absolute path of the executable.
        package var path: String
        package var args: [String]?
        package var env: [String]?
        /// In seconds, above 0.
        package var timeout: Int?

        package init(path: String) { self.path = path }
    }
}
