import Bytes

/// Which known name somebody meant who wrote another: as BuildKit and Terraform's language suggest, one that is less than three
/// changes away.
package enum Suggestion {
    /// The name of `names` that is nearest to `given`; nil where none is near, or where `given` is one of them.
    package static func nearest(to given: String, among names: [String], ignoringCase: Bool = false) -> String? {
        let wanted = letters(given, ignoringCase)
        // A name that long is no slip of the finger, and the table below is quadratic.
        guard wanted.count <= 200 else { return nil }
        var best: String?
        var least = 3
        for name in names {
            let letters = letters(name, ignoringCase)
            if letters == wanted { return nil }
            guard letters.count <= 200 else { continue }
            let distance = distance(wanted, letters)
            if distance < least { (best, least) = (name, distance) }
        }
        guard let best, ignoringCase else { return best }
        // A name is suggested in the case in which the other one was written.
        return given.lowercased().isSame(as: given) ? best.lowercased() : best
    }

    private static func letters(_ name: String, _ ignoringCase: Bool) -> [Unicode.Scalar] {
        Array((ignoringCase ? name.lowercased() : name).unicodeScalars)
    }

    // Levenshtein's distance, by rows.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var corner = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let changed = corner + (letter == other ? 0 : 1)
                corner = row[j + 1]
                row[j + 1] = min(changed, row[j] + 1, corner + 1)
            }
        }
        return row[right.count]
    }
}
