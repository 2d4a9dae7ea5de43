import Glibc

/// Whether Docker's client is there to compare with.
let hasDocker = access("/usr/bin/docker", X_OK) == 0 || access("/usr/local/bin/docker", X_OK) == 0

/// What `words` print on both standard output and standard error.
func output(of words: [String]) -> String {
    let command = words.map {
        "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
    // Without a terminal on standard input Docker's client lays its help out for 80 columns.
    guard let pipe = popen(command.joined(separator: " ") + " 2>&1 </dev/null", "r") else { return "" }
    defer { pclose(pipe) }
    var bytes: [UInt8] = []
    while case let byte = getc(pipe), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
}
