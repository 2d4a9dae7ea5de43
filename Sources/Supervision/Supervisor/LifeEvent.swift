package import Bytes
package import ContainerSpec
package import OCI

/// What happens to a container, in the words of Docker's events.
package enum LifeEvent: Hashable, Sendable {
    case create, start, restart, stop, pause, unpause, destroy, attach, detach, update, top, export
    case commit(comment: String, image: Digest, reference: String)
    case kill(signal: CInt)
    case die(exitCode: CInt, milliseconds: Int64)
    case oom
    case resize(rows: UInt16, columns: UInt16)
    case rename(from: String)
    case execCreate(id: String, command: String), execStart(id: String, command: String)
    case execDie(id: String, exitCode: CInt), execDetach(id: String)
    case health(ContainerHealth.Status)
    /// It has come to a network, or has left one.
    case connect(Network), disconnect(Network)
    /// A volume is in its file system, or is no longer.
    case mount(Volume), unmount(Volume)

    /// What is said of a volume.
    package struct Volume: Hashable, Sendable {
        package var name: String
        package var destination: String
        package var readOnly: Bool
    }

    /// What is said of a network.
    package struct Network: Hashable, Sendable {
        package var id: String
        package var name: String
        package var driver: String
    }
}

extension LifeEvent {
    /// Docker's word for it.
    package var action: String {
        switch self {
        case .create: "create"
        case .start: "start"
        case .restart: "restart"
        case .stop: "stop"
        case .pause: "pause"
        case .unpause: "unpause"
        case .destroy: "destroy"
        case .attach: "attach"
        case .detach: "detach"
        case .update: "update"
        case .top: "top"
        case .export: "export"
        case .commit: "commit"
        case .kill: "kill"
        case .die: "die"
        case .oom: "oom"
        case .resize: "resize"
        case .rename: "rename"
        case .execCreate(_, let command): "exec_create: " + command
        case .execStart(_, let command): "exec_start: " + command
        case .execDie: "exec_die"
        case .execDetach: "exec_detach"
        case .health(let status): "health_status: " + status.rawValue
        case .connect: "connect"
        case .disconnect: "disconnect"
        case .mount: "mount"
        case .unmount: "unmount"
        }
    }

    /// What it has to say beside the container's own attributes.
    package var attributes: [ByteKey: String] {
        switch self {
        case .commit(let comment, let image, let reference):
            ["comment": comment, "imageID": image.description, "imageRef": reference]
        case .kill(let signal): ["signal": String(signal)]
        case .die(let code, let milliseconds): ["exitCode": String(code), "execDuration": String(milliseconds / 1000)]
        case .resize(let rows, let columns): ["height": String(rows), "width": String(columns)]
        case .rename(let old): ["oldName": "/" + old]
        case .execCreate(let id, _), .execStart(let id, _), .execDetach(let id): ["execID": id]
        case .connect(let network), .disconnect(let network): ["name": network.name, "type": network.driver]
        case .mount(let volume):
            [
                "driver": "local", "destination": volume.destination, "propagation": "",
                "read/write": volume.readOnly ? "false" : "true",
            ]
        case .unmount: ["driver": "local"]
        case .execDie(let id, let code): ["execID": id, "exitCode": String(code)]
        case .create, .start, .restart, .stop, .pause, .unpause, .destroy, .attach, .detach, .update, .top, .export,
            .oom, .health:
            [:]
        }
    }
}
