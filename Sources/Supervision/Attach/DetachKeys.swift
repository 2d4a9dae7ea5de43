import Bytes

/// Finds the key sequence that detaches a client (ctrl-p ctrl-q by default) in what the user types.
package struct DetachKeys: Sendable {
    private let keys: [UInt8]
    private var matched = 0

    /// Docker's default, "ctrl-p,ctrl-q".
    package static let standard = "ctrl-p,ctrl-q"

    /// Parses "ctrl-<a-z @ [ \ ] ^ _>" and single characters, separated by commas; nil for anything else. The empty text
    /// switches detaching off.
    package init?(_ text: String) {
        var keys: [UInt8] = []
        if !text.isEmpty {
            for part in text.split(on: ",", omittingEmptySubsequences: false) {
                if part.utf8.count == 1 {
                    keys.append(part.utf8.first!)
                } else if part.begins(with: "ctrl-"), part.utf8.count == 6, let key = part.utf8.last {
                    switch key {
                    case 97...122: keys.append(key - 96)
                    case 64, 91...95: keys.append(key - 64)
                    default: return nil
                    }
                } else {
                    return nil
                }
            }
        }
        self.keys = keys
    }

    /// What of `input` goes to the container, and whether the sequence is now complete. Keys that may begin the
    /// sequence are held back until it is clear that they do not.
    package mutating func scan(_ input: some Sequence<UInt8>) -> (forwarded: [UInt8], detached: Bool) {
        guard !keys.isEmpty else { return (Array(input), false) }
        var forwarded: [UInt8] = []
        for byte in input {
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count { return (forwarded, true) }
                continue
            }
            forwarded += keys[..<matched]
            matched = byte == keys[0] ? 1 : 0
            if matched == 0 {
                forwarded.append(byte)
            } else if keys.count == 1 {
                return (forwarded, true)
            }
        }
        return (forwarded, false)
    }
}
