import Engine
import Errors
import Flags
import Glibc
import Linux
import Store

extension Verb {
    static let unshare = Verb(
        id: "unshare",
        syntax: CommandSyntax(
            summary: "Run a command in the user namespace of your containers",
            usage: ["[OPTIONS] [COMMAND [ARG...]]"],
            description:
                "Run a command (by default $SHELL) in the user namespace that your containers share: you are root "
                + "there, files of your subordinate ids can be read, changed and removed, and mounts are the command's own. "
                + "APUS_ROOT and APUS_RUN name your store to it.",
            isInterspersed: false, completion: .files),
        failureStatus: 125
    ) { parsed, context in
        var paths = try StorePaths.locate(root: context.options.root, run: context.options.runRoot) { name in
            getenv(name).map { String(cString: $0) }
        }
        // Who looks for what is wrong with a store needs the command all the more.
        do throws(StoreError) { paths = try paths.prepared() } catch { context.warn(error.description) }
        // podman's names beside our own: scripts that clean up a store know them.
        for name in ["APUS_ROOT", "CONTAINERS_GRAPHROOT"] { setenv(name, paths.data, 1) }
        for name in ["APUS_RUN", "CONTAINERS_RUNROOT"] { setenv(name, paths.run, 1) }
        let (program, command) = try command(parsed.positionals)
        do throws(EngineError) {
            try Unshare.execute(command, called: program, paths)
        } catch {
            guard case .start(let code) = error.kind else { throw error }
            throw CommandFailure(error.message, status: code)
        }
    }
}

private func command(_ words: [String]) throws(CommandFailure) -> (program: String, command: Replacement) {
    if let first = words.first { return (first, Replacement(lastOwnWords: words.count)) }
    guard let shell = getenv("SHELL").map({ String(cString: $0) }), !shell.isEmpty else {
        throw CommandFailure("no command was given, and $SHELL names none", status: 125)
    }
    return (shell, Replacement(shell))
}
