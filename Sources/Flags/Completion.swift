import Bytes

/// What may stand at the end of an unfinished command line.
package enum CompletionRequest: Equatable, Sendable {
    /// Names of flags with their help, each with its dashes.
    case flags([String: String])
    /// The value of a flag; nothing is known about it but that it may be a path.
    case value(of: String)
    /// A positional argument.
    case positional(CommandSyntax.Completion)
}

extension CommandSyntax {
    /// What the last of `words` may become. The others are complete; none is the command's own name.
    package func completion(_ words: [String]) -> CompletionRequest {
        var index = 0
        let last = words.count - 1
        while index < last {
            let word = words[index]
            index += 1
            if word == "--" { return .positional(completion) }
            if word.begins(with: "-"), word != "-" {
                guard let flag = pendingFlag(word) else { continue }
                if index == last { return .value(of: flag.name) }
                index += 1
            } else if !isInterspersed {
                // What follows is the command in the container.
                return .positional(.none)
            }
        }
        guard let current = words.last, current.begins(with: "-") else { return .positional(completion) }
        if let equals = current.place(of: "="), current.begins(with: "--") {
            return .value(of: String(current[..<equals].dropping(2)))
        }
        var names: [String: String] = ["--help": "Print this help"]
        for flag in flags where !flag.isHidden && flag.refused == nil {
            names["--\(flag.name)"] = flag.help.split(on: "\n").first.map(String.init) ?? ""
        }
        return .flags(names.filter { $0.key.begins(with: current) })
    }

    /// The flag that takes the word after `word` as its value; nil where `word` has all it needs.
    private func pendingFlag(_ word: String) -> Flag? {
        if word.begins(with: "--") {
            guard !word.has("=") else { return nil }
            return flags.first { $0.hasName(String(word.dropping(2))) && $0.impliedValue == nil }
        }
        for (offset, letter) in word.unicodeScalars.dropFirst().enumerated() {
            guard let flag = flags.first(where: { $0.shorthand == letter }) else { return nil }
            if flag.impliedValue == nil { return offset + 2 == word.unicodeScalars.count ? flag : nil }
        }
        return nil
    }
}

/// The scripts that make a shell ask the program itself for completions, by its hidden verb `__complete`, which
/// gets the words after the program's name up to the cursor and prints a line "word<tab>help" for each candidate,
/// and then ":files" where paths are welcome.
package enum CompletionScript {
    /// The names of the shells.
    package static let shells = ["bash", "fish", "zsh"]

    /// The script for `shell`; nil for a shell that is none of `shells`.
    package static func text(shell: String, program: String) -> String? {
        switch shell {
        case "bash": bash(program)
        case "zsh": zsh(program)
        case "fish": fish(program)
        default: nil
        }
    }

    // Bash breaks words at colons and equal signs, which image names and flags are full of: the line is split here
    // again, and what stands before the last such break is taken off the candidates.
    private static func bash(_ program: String) -> String {
        """
        # bash completion for \(program): source it, or install it as /usr/share/bash-completion/completions/\(program)
        _\(program)() {
            local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} full candidate files=
            local -a words
            read -ra words <<<"$line"
            [[ $line == *[[:space:]] ]] && words+=("")
            full=${words[-1]}
            [[ $word == [:=] ]] && word=
            local cut=${full%"$word"}
            COMPREPLY=()
            while IFS=$'\\t' read -r candidate _; do
                if [[ $candidate == :files ]]; then files=1; continue; fi
                [[ $candidate == "$full"* ]] && COMPREPLY+=("${candidate#"$cut"}")
            done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
            if [[ -n $files && ${#COMPREPLY[@]} -eq 0 ]]; then
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
        }
        complete -F _\(program) \(program)

        """
    }

    private static func zsh(_ program: String) -> String {
        """
        #compdef \(program)
        # zsh completion for \(program): put it into a directory of $fpath under the name _\(program)
        _\(program)() {
            local -a candidates
            local line files
            while IFS= read -r line; do
                if [[ $line == :files ]]; then files=1; continue; fi
                candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
            done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
            (( ${#candidates} )) && _describe '\(program)' candidates && return
            [[ -n $files ]] && _files
        }
        compdef _\(program) \(program)

        """
    }

    private static func fish(_ program: String) -> String {
        """
        # fish completion for \(program): put it into ~/.config/fish/completions/\(program).fish
        function __\(program)_complete
            set -l tokens (commandline -opc) (commandline -ct)
            for line in ($tokens[1] __complete -- $tokens[2..] 2>/dev/null)
                if test "$line" = :files
                    __fish_complete_path (commandline -ct)
                else
                    echo $line
                end
            end
        end
        complete -c \(program) -f -a '(__\(program)_complete)'

        """
    }
}
