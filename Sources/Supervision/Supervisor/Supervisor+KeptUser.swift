import Bytes
import ContainerSpec
import Errors
import Linux
import OCI

extension Supervisor {
    /// Gives the user whom `--userns=keep-id` keeps a line in the container's /etc/passwd and /etc/group where the image
    /// has none, as podman does: ssh, git and others refuse a user without a name. The image's own files stay as they
    /// are; the container sees copies.
    func nameKeptUser(_ plan: inout LaunchPlan, _ root: borrowing FileDescriptor) throws(SupervisorFailure) {
        guard let account = plan.keptAccount else { return }
        let home = plan.spec.process?.cwd ?? "/"
        let line = "\(account.user):*:\(account.uid):\(account.gid):\(account.user):\(home):/bin/sh\n"
        try add(line, of: account.uid, to: "passwd", &plan, root)
        try add("\(account.group):x:\(account.gid):\(account.user)\n", of: account.gid, to: "group", &plan, root)
    }

    private func add(
        _ line: String, of id: UInt32, to name: String, _ plan: inout LaunchPlan, _ root: borrowing FileDescriptor
    ) throws(SupervisorFailure) {
        let path = "/etc/\(name)"
        var mounts = plan.spec.mounts ?? []
        for mount in mounts where mount.destination == path || mount.destination == "/etc" { return }
        let content: [UInt8]
        do throws(OptionError) { content = try UserResolver.read("etc/\(name)", root) } catch {
            throw SupervisorFailure(error.description)
        }
        guard !content.isEmpty, !UserResolver.lists(id, in: content) else { return }
        var text = String(decoding: content, as: UTF8.self)
        if !text.ends(with: "\n") { text += "\n" }
        try writeFiles([LaunchPlan.GeneratedFile(name: name, destination: path, content: text + line)])
        var options = ["rbind", "rprivate"]
        if request.readOnlyRoot { options.append("ro") }
        mounts.append(
            .init(destination: path, type: "bind", source: "\(request.runDirectory)/\(name)", options: options))
        plan.spec.mounts = mounts
    }
}
