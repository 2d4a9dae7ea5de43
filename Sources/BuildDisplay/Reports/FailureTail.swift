/// What a step wrote before it failed, between rules.
enum FailureTail {
    /// The tail of the step `name`, whose lines `lines` appends.
    static func text(_ name: String, isForTerminal: Bool, _ lines: (inout [UInt8]) -> Void) -> [UInt8] {
        var page = Array("------\n > \(isForTerminal ? SpokenText.line(name) : SpokenText.plain(name)):\n".utf8)
        lines(&page)
        page += "------\n".utf8
        return page
    }
}
