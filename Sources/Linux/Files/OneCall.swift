import Glibc

extension [UInt8] {
    /// What one call of read(2) or its like gives: at most `room` bytes, and no more memory touched than they fill. `call` returns their
    /// number, or -1 with errno set, which is the failure then.
    package static func filled(
        room: Int, by call: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Result<[UInt8], Errno> {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            let got = call(UnsafeMutableRawBufferPointer(buffer))
            if got < 0 { failure = .current }
            count = Swift.max(got, 0)
        }
        return failure.map { .failure($0) } ?? .success(bytes)
    }
}
