import Bytes
import Errors
import Glibc
import Linux
import OCI
import Runtime

extension SpecBuilder {
    /// What the devices of a container come to: nodes to make, nodes to bind, rules of the device cgroup.
    struct Devices {
        var nodes: [RuntimeSpec.Device] = []
        var binds: [RuntimeSpec.Mount] = []
        var rules: [RuntimeSpec.Resources.DeviceRule] = []
    }

    mutating func devices() throws(OptionError) -> Devices {
        guard options.deviceCgroupRules.isEmpty || host.canLimitDevices else {
            throw .refused("--device-cgroup-rule", Self.noDeviceGuard(host))
        }
        var devices = Devices()
        if host.canLimitDevices {
            devices.rules = options.privileged ? [.init(allow: true, access: "rwm")] : Self.defaultRules
        }
        if options.privileged { addHostDevices(to: &devices) }
        for device in options.devices { try add(device, to: &devices) }
        if host.canLimitDevices, !options.privileged {
            for rule in options.deviceCgroupRules {
                devices.rules.append(
                    .init(
                        allow: true, type: rule.type, major: rule.major, minor: rule.minor, access: rule.permissions))
            }
        }
        return devices
    }

    private static func noDeviceGuard(_ host: HostFacts) -> String {
        host.mode == .host
            ? "guarding devices takes a cgroup of version 2 that can be made here, and programs of the kernel's (CAP_BPF)"
            : "only root of the host may guard devices by programs of the kernel's"
    }

    /// Docker's rules: nothing but null, zero, full, random, urandom, tty and console; the runtime adds the pseudo
    /// terminals.
    private static let defaultRules: [RuntimeSpec.Resources.DeviceRule] =
        [.init(allow: false, access: "rwm")]
        + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1)].map {
            .init(allow: true, type: "c", major: $0.0, minor: $0.1, access: "rwm")
        }

    private mutating func add(_ option: DeviceOption, to devices: inout Devices) throws(OptionError) {
        let path = option.pathOnHost
        let found: [HostDevice]
        do throws(SystemError) { found = try HostDevice.list(below: host.root + path) } catch {
            throw OptionError(
                "error gathering device information while adding custom device \"\(path)\": \(error.errno)")
        }
        guard !found.isEmpty else { throw OptionError("\(path) is no device, and has none below it") }
        if !host.canLimitDevices, !option.permissions.has("r") || !option.permissions.has("w"),
            !options.privileged
        {
            throw .refused(
                "permission '\(option.permissions)' of device \(path)",
                Self.noDeviceGuard(host) + "; use rw or rwm")
        }
        for device in found {
            let inside = option.pathInContainer + device.path.dropping((host.root + path).utf8.count)
            add(device, as: inside, to: &devices)
            if host.canLimitDevices, !options.privileged {
                devices.rules.append(
                    .init(
                        allow: true, type: device.type, major: device.major, minor: device.minor,
                        access: option.permissions))
            }
        }
    }

    // Nobody but root of the host can make a node that works, so an ordinary user has the host's own bound.
    private func add(_ device: HostDevice, as path: String, to devices: inout Devices) {
        if host.mode == .host {
            devices.nodes.removeAll { $0.path.isSame(as: path) }
            var node = RuntimeSpec.Device(
                type: device.type, path: path, major: device.major, minor: device.minor, fileMode: device.mode)
            node.uid = device.uid
            node.gid = device.gid
            devices.nodes.append(node)
        } else {
            devices.binds.removeAll { $0.destination.isSame(as: path) }
            devices.binds.append(
                .init(
                    destination: path, type: "bind", source: device.path,
                    options: ["bind", "rprivate", "nosuid", "noexec"]))
        }
    }

    // What the runtime makes itself, and what belongs to somebody's terminal.
    private static let ownDevices: Set<String> = [
        "console", "null", "zero", "full", "random", "urandom", "tty", "ptmx",
    ]

    private mutating func addHostDevices(to devices: inout Devices) {
        guard let found = try? HostDevice.list(below: host.root + "/dev", skipping: HostDevice.foreignDirectories)
        else { return }
        for device in found {
            let path = String(device.path.dropping(host.root.utf8.count))
            let name = path.dropping(5)
            if Self.ownDevices.contains(String(name)) { continue }
            if host.mode != .host, name.begins(with: "tty") { continue }
            add(device, as: path, to: &devices)
        }
    }
}

/// A device node of the host.
struct HostDevice {
    let path: String
    /// "b" or "c".
    let type: String
    let major: Int64
    let minor: Int64
    /// Permission bits.
    let mode: FileMode
    let uid: UInt32
    let gid: UInt32

    /// Directories below /dev that are file systems of their own kind or other containers' work.
    static let foreignDirectories: Set<String> = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"]

    /// The device at `path`, or all in the directory there and below it, sorted. Throws `SystemError`.
    static func list(below path: String, skipping names: Set<String> = []) throws(SystemError) -> [HostDevice] {
        let status = try Files.status(path)
        if let device = HostDevice(path, status) { return [device] }
        guard status.isDirectory else { return [] }
        var found: [HostDevice] = []
        for name in try Files.list(path).sorted() where !names.contains(name) {
            let child = path + "/" + name
            guard let status = try? Files.status(child, following: false) else { continue }
            if let device = HostDevice(child, status) {
                found.append(device)
            } else if status.isDirectory {
                found += (try? list(below: child, skipping: names)) ?? []
            }
        }
        return found
    }

    private init?(_ path: String, _ status: FileStatus) {
        switch status.raw.st_mode & S_IFMT {
        case S_IFCHR: type = "c"
        case S_IFBLK: type = "b"
        default: return nil
        }
        self.path = path
        major = Int64(status.deviceParts.major)
        minor = Int64(status.deviceParts.minor)
        mode = status.permissions
        uid = status.raw.st_uid
        gid = status.raw.st_gid
    }
}
