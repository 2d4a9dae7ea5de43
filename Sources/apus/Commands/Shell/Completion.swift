import Bytes
import ContainerSpec
import DockerTypes
import Engine
import Flags
import OCI
import Store

extension Verb {
    static let completion = Verb(
        id: "completion",
        syntax: CommandSyntax(
            summary: "Print the completion script for a shell", usage: ["bash|fish|zsh"], arguments: .exactly(1))
    ) { parsed, context in
        let shell = parsed.positionals[0]
        guard let script = CompletionScript.text(shell: shell, program: Context.program) else {
            throw CommandFailure(
                "there is no completion for the shell '\(shell)': it is one of \(CompletionScript.shells.joined(separator: ", "))"
            )
        }
        try context.output.write(script)
        return 0
    }

    /// What the completion scripts ask: candidates for the last of the words.
    static let complete = Verb(
        id: "__complete",
        syntax: CommandSyntax(
            summary: "Print completions for a command line", usage: ["WORD..."], isInterspersed: false)
    ) { parsed, context in
        for line in Completer(context: context).candidates(parsed.positionals) { try context.output.line(line) }
        return 0
    }
}

/// Finds what an unfinished command line may go on with.
private struct Completer {
    let context: Context

    func candidates(_ words: [String]) -> [String] {
        var words = words
        if words.isEmpty { words = [""] }
        // The global flags, then the verb.
        guard let verb = firstPositional(words, GlobalOptions.syntax) else {
            if words.last?.begins(with: "-") == true { return lines(GlobalOptions.syntax.completion(words)) }
            return commands(nil, nouns: true)
        }
        let rest = Array(words[(verb + 1)...])
        if let place = CommandTable.find(nil, words[verb]) { return lines(place.verb().syntax.completion(rest)) }
        guard CommandTable.nouns.contains(where: { $0.name == words[verb] }) else { return [] }
        if rest.count == 1 { return commands(words[verb], nouns: false) }
        guard let place = CommandTable.find(words[verb], rest[0]) else { return [] }
        return lines(place.verb().syntax.completion(Array(rest.dropFirst())))
    }

    /// The place of the first complete word that belongs to no flag.
    private func firstPositional(_ words: [String], _ syntax: CommandSyntax) -> Int? {
        var place = 0
        while place < words.count - 1 {
            let word = words[place]
            if !word.begins(with: "-") { return place }
            if case .value = syntax.completion([word, ""]) { place += 1 }
            place += 1
        }
        return nil
    }

    private func commands(_ noun: String?, nouns: Bool) -> [String] {
        let verbs = CommandTable.placements.filter { $0.noun == noun && $0.prominence != .hidden }
            .map { "\($0.name)\t\($0.verb().syntax.summary)" }
        return verbs + (nouns ? CommandTable.nouns.map { "\($0.name)\t\($0.summary)" } : [])
    }

    private func lines(_ request: CompletionRequest) -> [String] {
        switch request {
        case .flags(let flags): flags.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }
        case .value, .positional(.files): [":files"]
        case .positional(.none): [":files"]
        case .positional(.containers): containers { _ in true }
        case .positional(.runningContainers): containers { $0.state.isActive }
        case .positional(.images): images()
        case .positional(.networks): networks()
        case .positional(.volumes): ((try? context.engine().listVolumes().volumes) ?? []).map { "\($0.name)\tlocal" }
        }
    }

    private func containers(_ test: (ContainerSnapshot) -> Bool) -> [String] {
        let all = (try? context.engine().allContainers().containers) ?? []
        return all.filter(test).map { "\($0.name)\t\($0.description.options.image)" }
    }

    private func networks() -> [String] {
        let all = (try? context.engine().listNetworks()) ?? []
        return all.map { "\($0.name)\t\($0.driver)" }
    }

    private func images() -> [String] {
        let all = (try? context.engine().images.images().images) ?? []
        return all.flatMap { image in image.repoTags.map { "\($0)\t\(image.id.short)" } }
    }
}
