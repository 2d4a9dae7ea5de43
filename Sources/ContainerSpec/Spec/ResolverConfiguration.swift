import Addresses
import Bytes

/// The host's `/etc/resolv.conf` taken apart (resolv.conf(5)).
struct ResolverConfiguration {
    /// As it was read.
    let text: String
    var nameServers: [String] = []
    var search: [String] = []
    var options: [String] = []

    /// Reads the host's file, or that of systemd-resolved where the former names its stub alone.
    init(host: HostFacts) {
        self.init(text: host.read("/etc/resolv.conf") ?? "")
        // The stub answers on the host's loopback only; the file beside it names the real servers.
        if nameServers == ["127.0.0.53"], let real = host.read("/run/systemd/resolve/resolv.conf") {
            self.init(text: real)
        }
    }

    /// Unknown lines are passed over; of several search lists the last counts.
    init(text: String) {
        self.text = text
        for line in text.split(on: "\n") {
            var words = line.words
            guard words.count > 1 else { continue }
            switch words.removeFirst() {
            case "nameserver": nameServers.append(words[0])
            case "search", "domain": search = words
            case "options": options += words
            default: break
            }
        }
    }

    /// The name servers that another network namespace can reach. A zone names an interface of the host's.
    var outside: [String] { nameServers.filter { !(IPAddress($0)?.isLoopback ?? false) && !$0.has("%") } }

    /// The file's new text.
    var rendered: String {
        var lines = nameServers.map { "nameserver \($0)" }
        if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return textFile(lines)
    }
}
