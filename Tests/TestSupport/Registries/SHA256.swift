/// The digest of something small (FIPS 180-4): "sha256:…".
package func sha256(_ message: [UInt8]) -> String {
    // The beginnings of the fractions of square and cube roots of primes.
    func fraction(_ number: Double) -> UInt32 { UInt32((number - number.rounded(.down)) * 4_294_967_296) }
    let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    func cubeRoot(_ number: Int) -> Double {
        var root = 3.0
        for _ in 0..<60 { root -= (root * root * root - Double(number)) / (3 * root * root) }
        return root
    }
    let rounds = primes.map { fraction(cubeRoot($0)) }
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(shift)))
    }
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    for start in stride(from: 0, to: bytes.count, by: 64) {
        var words = (0..<16).map { place in
            bytes[(start + place * 4)..<(start + place * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for place in 16..<64 {
            let (a, b) = (words[place - 15], words[place - 2])
            let first = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3
            let second = rotated(b, 17) ^ rotated(b, 19) ^ b >> 10
            words.append(words[place - 16] &+ first &+ words[place - 7] &+ second)
        }
        var work = state
        for place in 0..<64 {
            let (a, e) = (work[0], work[4])
            let choice = e & work[5] ^ ~e & work[6]
            let majority = a & work[1] ^ a & work[2] ^ work[1] & work[2]
            let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let first = work[7] &+ sum1 &+ choice &+ rounds[place] &+ words[place]
            work = [first &+ sum0 &+ majority, a, work[1], work[2], work[3] &+ first, e, work[5], work[6]]
        }
        for place in 0..<8 { state[place] = state[place] &+ work[place] }
    }
    return "sha256:"
        + state.map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }.joined()
}
