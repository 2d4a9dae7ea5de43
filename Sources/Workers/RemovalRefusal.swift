import Linux

/// What is said of a tree that could not be removed.
enum RemovalRefusal {
    /// One sentence: what stands in the way in `tree`, and what helps.
    static func sentence(_ error: SystemError, of tree: String) -> String {
        let sentence = "cannot remove \(tree): \(error)"
        switch error.errno {
        // Outside of every id of the user's there is nobody who may: only root of the machine.
        case .access, .notPermitted:
            return sentence
                + "; what it has there belongs to none of your ids (has /etc/subuid or /etc/subgid been changed?): "
                + "remove it with 'sudo rm -rf \(quoted(tree))'"
        case .busy:
            return sentence
                + "; something is mounted there that you may not unmount: unmount it with 'sudo umount', and "
                + "try again"
        default: return sentence
        }
    }

    // A word of a shell.
    private static func quoted(_ path: String) -> String {
        let plain = path.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/._-".utf8.contains(byte)
        }
        if plain { return path }
        var text = ""
        for letter in path.unicodeScalars { text += letter == "'" ? "'\\''" : String(letter) }
        return "'\(text)'"
    }
}
