package import Errors
import Glibc
import Linux

extension Worker {
    /// Starts the worker from `executable`, waits for its end and returns what it wrote to its standard output, `limit`
    /// bytes at the most. `passing` are its descriptors from 3 on, which are borrowed. The caller may have threads.
    ///
    /// Throws `EngineError` with what the worker wrote to its standard error where its exit code is not 0, and where it
    /// cannot be started or was killed.
    package func answer(
        _ executable: String, _ arguments: [String], passing descriptors: [CInt] = [], limit: Int = 1 << 16
    ) throws(EngineError) -> [UInt8] {
        try engine {
            var ends = try FileDescriptor.pipe()
            let output = ends.takeFirst()
            let input = ends.takeSecond()
            var errorEnds = try FileDescriptor.pipe()
            let errorOutput = errorEnds.takeFirst()
            let errorInput = errorEnds.takeSecond()
            let pid = try start(
                executable, arguments, inheriting: [nil, input.rawValue, errorInput.rawValue] + descriptors)
            endLifetime(input)
            endLifetime(errorInput)
            let answer: [UInt8]
            let complaint: [UInt8]
            do {
                // A complaint fits into its pipe.
                answer = try output.readAll(limit: limit)
                complaint = try errorOutput.readAll(limit: 1 << 16)
            } catch {
                endLifetime(output)
                endLifetime(errorOutput)
                _ = try? waitForExit(of: pid)
                throw error
            }
            switch try waitForExit(of: pid) {
            case .exited(0): return answer
            case .exited(let code):
                guard !complaint.isEmpty else {
                    throw EngineError("the process \(rawValue) ended with exit code \(code) and without a word")
                }
                throw EngineError(String(decoding: complaint, as: UTF8.self))
            case .signaled(SIGPIPE): throw EngineError("nobody reads it any more")
            case .signaled(let signal):
                throw EngineError("the process \(rawValue) was killed by signal \(signal)")
            }
        }
    }
}
