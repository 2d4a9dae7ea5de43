import Linux

/// Calls of `org.freedesktop.systemd1.Manager` (org.freedesktop.systemd1(5)).
enum SystemdCalls {
    private static func call(_ member: String, _ body: [BusValue], bus: Bool) -> BusMessage {
        .call(
            bus ? "org.freedesktop.systemd1" : nil, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
            member, body)
    }

    /// Signals of finished jobs reach us: some managers send them to the whole bus.
    static let watchJobs = BusMessage.call(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
        [
            .string(
                "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.systemd1.Manager',"
                    + "member='JobRemoved'")
        ])

    static func startTransientUnit(_ name: String, _ properties: [BusValue], bus: Bool) -> BusMessage {
        call(
            "StartTransientUnit",
            [.string(name), .string("fail"), .array("(sv)", properties), .array("(sa(sv))", [])], bus: bus)
    }

    static func stopUnit(_ name: String, bus: Bool) -> BusMessage {
        call("StopUnit", [.string(name), .string("replace")], bus: bus)
    }

    static func resetFailedUnit(_ name: String, bus: Bool) -> BusMessage {
        call("ResetFailedUnit", [.string(name)], bus: bus)
    }

    static func setUnitProperties(_ name: String, _ properties: [BusValue], bus: Bool) -> BusMessage {
        // Runtime: not beyond the unit's life.
        call("SetUnitProperties", [.string(name), .boolean(true), .array("(sv)", properties)], bus: bus)
    }

    /// A property as a list of them has it.
    static func property(_ name: String, _ value: BusValue) -> BusValue {
        .structure([.string(name), .variant(value)])
    }

    /// The properties of a scope that holds a container.
    static func scopeProperties(
        _ scope: CgroupRequest.ScopeRequest, processes: [ProcessID], limits: [BusValue]
    ) -> [BusValue] {
        var list = [
            property("Description", .string(scope.description)),
            property("PIDs", .array("u", processes.map { .uint32(UInt32(bitPattern: $0)) })),
            // What is below the scope is ours; the controllers are there.
            property("Delegate", .boolean(true)),
            // A scope whose processes failed goes as well: its name is free again.
            property("CollectMode", .string("inactive-or-failed")),
        ]
        if let slice = scope.slice { list.append(property("Slice", .string(slice))) }
        for kind in ["CPU", "Memory", "IO", "Tasks"] { list.append(property("\(kind)Accounting", .boolean(true))) }
        return list + limits
    }
}
