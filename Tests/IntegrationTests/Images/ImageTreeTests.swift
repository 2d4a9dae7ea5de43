import Linux
import TestSupport
import Testing

/// `image tree` and `images --tree`.
@Suite struct ImageTreeTests {
    /// An image `top` on `busybox`, and `side` beside it.
    private func build(_ sandbox: Sandbox) throws {
        for (name, text) in [("top:1", "one"), ("side", "two")] {
            try sandbox.write("FROM busybox\nCOPY \(text) /\(text)\n", to: "Dockerfile")
            try sandbox.write(String(repeating: text, count: 1000), to: text)
            try sandbox.output("build", "-q", "-t", name, ".")
        }
        try sandbox.output("tag", "top:1", "top:2")
    }

    @Test(arguments: TestUser.available)
    func theLayersOfAnImageAreShownWithTheNamesThatEndThere(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try build(sandbox)
            let id = try sandbox.output("images", "-q", "top:1")
            let tree = try sandbox.apus("image", "tree", "top:2")
            #expect(tree.code == 0 && tree.lines.count == 6, "\(tree)")
            #expect(tree.lines[0] == "Image ID: \(id)")
            #expect(tree.lines[1] == "Tags:     [top:1 top:2]")
            #expect(tree.lines[2].hasPrefix("Size:     ") && tree.lines[3] == "Image Layers")
            #expect(tree.lines[4].hasPrefix("├── ID: ") && tree.lines[4].hasSuffix("Top Layer of: [busybox:latest]"))
            #expect(
                tree.lines[5].hasPrefix("└── ID: ")
                    && tree.lines[5].hasSuffix("Size:     3kB Top Layer of: [top:1 top:2]"))
            // The last layer of the base is what others have below theirs.
            let base = String(tree.lines[4].dropFirst(8).prefix(12))
            let needed = try sandbox.apus("image", "tree", "--whatrequires", "busybox")
            #expect(needed.lines.count == 7, "\(needed)")
            #expect(needed.lines[4].hasPrefix("└── ID: \(base) "), "\(needed)")
            let tops = needed.lines.suffix(2)
            #expect(tops.first?.hasPrefix("    ├── ID: ") == true && tops.last?.hasPrefix("    └── ID: ") == true)
            #expect(
                Set(tops.compactMap { $0.split(separator: "[").last }) == ["top:1 top:2]", "side:latest]"])
            let alone = try sandbox.apus("image", "tree", "--whatrequires", "side")
            #expect(alone.lines.count == 5, "\(alone)")
            let missing = try sandbox.apus("image", "tree", "nosuch")
            #expect(missing.code == 1 && missing.complaints == "apus: No such image: nosuch:latest\n", "\(missing)")
        }
    }

    @Test func imagesAreShownAsATreeWithTheSizeOfTheirContent() throws {
        try withBusybox(.any) { sandbox throws in
            try build(sandbox)
            let first = try sandbox.apus("images", "--tree")
            #expect(first.code == 0 && first.complaints.isEmpty, "\(first)")
            #expect(!first.text.contains("\u{1b}"))
            // The names of an image have lines of their own, and the last has the columns.
            let names = first.lines.map { $0.prefix { $0 != " " } }
            #expect(Set(names.suffix(4)) == ["busybox:latest", "top:1", "top:2", "side:latest"], "\(first)")
            let bare = try #require(first.lines.first { $0.hasPrefix("top:1") })
            #expect(bare == "top:1")
            let row = try #require(first.lines.first { $0.hasPrefix("side:latest") })
            let words = row.split(separator: " ").map(String.init)
            #expect(words.count == 4 && words[1].utf8.count == 12 && words[2] != "0B" && words[3] != "0B", "\(row)")
            let header = try #require(first.lines.first { $0.hasPrefix("IMAGE ") })
            #expect(header.split(separator: " ") == ["IMAGE", "ID", "DISK", "USAGE", "CONTENT", "SIZE", "EXTRA"])
            // One that a container has is marked.
            try sandbox.output("create", "--network", "none", "--name", "user", "side", "sh")
            let used = try sandbox.apus("images", "--tree", "side")
            let last = try #require(used.lines.last)
            #expect(last.hasSuffix("U    "), "\(used)")
            #expect(used.lines.count == 4)
            try sandbox.output("rm", "user")
            // Without a name only -a shows it.
            try sandbox.output("build", "-q", "-t", "side", "--label", "a=b", ".")
            #expect(try !(sandbox.output("images", "--tree")).contains("<untagged>"))
            #expect(try sandbox.output("images", "--tree", "-a").contains("\n<untagged>"))
            for (flag, name) in [("-q", "quiet"), ("--no-trunc", "no-trunc"), ("--digests", "show-digest")] {
                let refused = try sandbox.apus("images", "--tree", flag)
                #expect(refused.code == 1)
                #expect(refused.complaints == "apus: --\(name) is not yet supported with --tree\n")
            }
            #expect(try sandbox.apus("images", "--tree", "--format", "x").code == 1)
        }
    }

    @Test func aTerminalHasColoursAndLongNamesGiveWay() throws {
        try withBusybox(.any) { sandbox throws in
            let long = "registry.example.com:5000/" + String(repeating: "long/", count: 20) + "name:1"
            try sandbox.output("tag", "busybox", long)
            try sandbox.output("rmi", "busybox")
            func screen(_ environment: String...) throws -> String {
                let session = try TerminalSession(
                    sandbox.spawn(Executable.path, ["images", "--tree"], adding: environment),
                    size: WindowSize(rows: 24, columns: 60))
                #expect(try session.wait() == .exited(code: 0))
                return session.screen
            }
            let shown = try screen()
            #expect(
                shown.contains("\u{1b}[34m\u{1b}[1mregistry.example…\u{1b}[0m   \u{1b}[39m"), "\(shown)")
            #expect(!shown.contains("EXTRA") && shown.contains("\u{1b}[39m\u{1b}[1mCONTENT SIZE\u{1b}[0m"))
            let plain = try screen("NO_COLOR=1")
            #expect(plain.contains("registry.example…   ") && !plain.contains("\u{1b}"), "\(plain)")
        }
    }
}
