import Bytes
import DockerTypes
import Engine
import Errors
import Flags
import Glibc
import Linux
import OCI
import Rendering
import Store

/// `images --tree`, as Docker's client draws it.
struct ImageTreeList {
    private struct Column {
        let title: String
        let width: Int
        var isRight = false
    }

    private static let spacing = 3
    /// The fewest columns that names have before others give way.
    private static let leastName = 12

    private let images: [(names: [String], cells: [String])]
    private let width: Int
    private let isColored: Bool

    /// The tree of `images`; those without a name are left out unless `all` are wanted. `width` is the terminal's, in columns.
    init(
        _ images: [ImageSummary], _ filter: ImageFilter, _ engine: Engine, all: Bool, width: Int, isColored: Bool
    ) {
        self.images = images.compactMap { image in
            let names = image.repoTags.filter(filter.admitsName).map { VisibleText.escaped($0) }
            guard !names.isEmpty || all && !filter.hasNames && image.repoTags.isEmpty else { return nil }
            let cells = [
                Shortening.id(image.image.id.description), HumanSize.decimal(image.size, digits: 3),
                HumanSize.decimal(engine.contentSize(of: image.image), digits: 3), image.containers > 0 ? "U" : "",
            ]
            return (names: names, cells: cells)
        }
        self.width = max(20, width)
        self.isColored = isColored
    }

    /// Refuses the flags that have no meaning beside it, as Docker does.
    static func check(_ parsed: ParsedArguments) throws {
        for (flag, name) in [("quiet", "quiet"), ("no-trunc", "no-trunc"), ("digests", "show-digest")]
        where parsed.bool(flag) {
            throw CommandFailure("--\(name) is not yet supported with --tree")
        }
        if parsed.string("format")?.isEmpty == false {
            throw CommandFailure("--format is not yet supported with --tree")
        }
    }

    /// The columns of standard output, 80 where that is no terminal; and whether colours are wanted there.
    static var surroundings: (width: Int, isColored: Bool) {
        let columns = Terminal.size(of: STDOUT_FILENO).map { Int($0.columns) } ?? 0
        let isColored = Terminal.isTerminal(STDOUT_FILENO) && getenv("NO_COLOR") == nil
        return (columns > 0 ? columns : 80, isColored)
    }

    /// All lines.
    var text: String {
        let columns = columns
        let warning = "WARNING: This is an experimental feature. The output may change and shouldn't be depended on."
        var lines = [paint(warning, "93"), legend, ""]
        var titles: [String] = []
        for column in columns { titles.append(cell(column.title, column, paint: "39", "1", isTitle: true)) }
        lines.append(titles.joined(separator: Self.gap))
        for image in images { add(image.names, image.cells, columns, to: &lines) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let gap = String(repeating: " ", count: spacing)

    private var legend: String {
        guard isColored else { return String(repeating: " ", count: max(0, width - 18)) + "Info ->  U In Use " }
        let words =
            "\(paint(paint("i", "106", "30"), "1")) \(paint("Info → ", "96")) \(paint(" U ", "38;5;0", "48;5;14")) In Use "
        return String(repeating: " ", count: max(0, width - 21)) + words
    }

    /// Those that have room beside the names, which have what is left and no more than they need.
    private var columns: [Column] {
        var columns: [Column] = []
        var left = width
        for column in [
            Column(title: "ID", width: 12), Column(title: "DISK USAGE", width: 10, isRight: true),
            Column(title: "CONTENT SIZE", width: 12, isRight: true), Column(title: "EXTRA", width: 5),
        ] {
            guard left - column.width - Self.spacing >= Self.leastName else { break }
            left -= column.width + Self.spacing
            columns.append(column)
        }
        let widest = images.flatMap(\.names).map(\.count).max() ?? 0
        let none = images.contains { $0.names.isEmpty } ? Self.untagged.count : 0
        return [Column(title: "IMAGE", width: min(left, max(widest, none, "IMAGE".count)))] + columns
    }

    private static let untagged = "<untagged>"

    private func add(_ names: [String], _ cells: [String], _ columns: [Column], to lines: inout [String]) {
        // All but the last have lines of their own.
        for name in names.dropLast() { lines.append(paint(Shortening.ellipsis(name, width), "34", "1")) }
        var row = [cell(names.last ?? Self.untagged, columns[0], paint: "34", "1")]
        for (column, text) in zip(columns.dropFirst(), cells) { row.append(cell(text, column, paint: "39")) }
        lines.append(row.joined(separator: Self.gap))
    }

    private func cell(_ text: String, _ column: Column, paint codes: String..., isTitle: Bool = false) -> String {
        let shown = Shortening.ellipsis(text, column.width)
        let room = String(repeating: " ", count: max(0, column.width - shown.count))
        let colored = shown.isEmpty ? "" : paint(shown, codes)
        return column.isRight && !isTitle ? room + colored : colored + room
    }

    private func paint(_ text: String, _ codes: String...) -> String { paint(text, codes) }

    private func paint(_ text: String, _ codes: [String]) -> String {
        guard isColored else { return text }
        return codes.map { "\u{1b}[\($0)m" }.joined() + text + "\u{1b}[0m"
    }
}
