package import OCI

/// A scope unit that was made for a container.
package struct SystemdScope: Hashable, Sendable {
    package var manager: SystemdManager
    /// The unit's name, "apus-1234.scope".
    package var unit: String

    package init(manager: SystemdManager, unit: String) {
        self.manager = manager
        self.unit = unit
    }

    /// Ends all processes of the scope and removes it, by systemd. One that is gone is no error. Throws `CgroupError`.
    package func stop() throws(CgroupError) {
        var bus = try manager.connect()
        let deadline = Deadline(seconds: 30)
        do throws(CgroupError) {
            _ = try bus.call(SystemdCalls.stopUnit(unit, bus: bus.isBus), deadline: deadline)
        } catch {
            guard case .systemd(let text) = error, text.contains("not loaded") else { throw error }
        }
        _ = try? bus.call(SystemdCalls.resetFailedUnit(unit, bus: bus.isBus), deadline: deadline)
    }

    /// Tells systemd of new limits of a scope that the container has itself: it writes its own again with each
    /// `daemon-reload`. Throws `CgroupError`.
    package func setLimits(_ resources: RuntimeSpec.Resources) throws(CgroupError) {
        let limits = SystemdCalls.limits(try CgroupSettings(resources))
        guard !limits.isEmpty else { return }
        var bus = try manager.connect()
        _ = try bus.call(
            SystemdCalls.setUnitProperties(unit, limits, bus: bus.isBus), deadline: Deadline(seconds: 30))
    }
}

extension SystemdManager {
    /// Connects to the first socket that answers.
    func connect() throws(CgroupError) -> BusConnection {
        var failure = CgroupError.systemd("there is no message bus to reach systemd by")
        for socket in sockets {
            do throws(CgroupError) { return try BusConnection.open(socket) } catch { failure = error }
        }
        throw failure
    }
}
