import Bytes
import Engine
import Flags
import OCI
import Rendering
import Store

extension Verb {
    static let imageTree = Verb(
        id: "image tree",
        syntax: CommandSyntax(
            summary: "Show the layers of an image as a tree", usage: ["[OPTIONS] IMAGE"],
            flags: [Flag("whatrequires", nil, .bool, "Show what other images have on the image's last layer")],
            arguments: .exactly(1), completion: .images)
    ) { parsed, context in
        let engine = try context.engine()
        let name = parsed.positionals[0]
        let tree = parsed.bool("whatrequires") ? try engine.imagesRequiring(name) : try engine.imageTree(name)
        var lines = [
            "Image ID: \(tree.image.id.short)", "Tags:     [\(ImageTreeText.names(tree.image.repoTags))]",
            "Size:     \(HumanSize.decimal(tree.size))",
            tree.layers.isEmpty ? "No Image Layers" : "Image Layers",
        ]
        ImageTreeText.add(tree.layers, below: "", to: &lines)
        for line in lines { try context.output.line(line) }
        return 0
    }
}

/// The lines of `image tree`.
private enum ImageTreeText {
    static func names(_ names: [String]) -> String {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: " ")
    }

    static func add(_ nodes: [ImageTree.Node], below indent: String, to lines: inout [String]) {
        for (place, node) in nodes.enumerated() {
            let isLast = place == nodes.count - 1
            let size = HumanSize.decimal(node.size)
            let padded = String(repeating: " ", count: max(0, 7 - size.utf8.count)) + size
            let top = node.tags.isEmpty ? "" : " Top Layer of: [\(names(node.tags))]"
            lines.append("\(indent)\(isLast ? "└──" : "├──") ID: \(node.id.short) Size: \(padded)\(top)")
            add(node.children, below: indent + (isLast ? "    " : "│   "), to: &lines)
        }
    }
}
