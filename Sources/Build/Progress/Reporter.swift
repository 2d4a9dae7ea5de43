import Errors
import Archive
import Bytes
import Linux
import OCI
import Synchronization

/// Numbers the steps of a build, and tells whoever listens what happens, one thing at a time.
final class Reporter: Sendable {
    private let next = Mutex(0)
    private let report: @Sendable (BuildEvent) -> Void

    init(_ report: @escaping @Sendable (BuildEvent) -> Void) { self.report = report }

    /// Makes a step known; returns its number.
    func add(_ name: String, inputs: [Int] = []) -> Int {
        next.withLock { next in
            let number = next
            next += 1
            let digest = Digest(of: Array(name.utf8))
            report(.added(BuildStep(number: number, name: name, digest: digest, inputs: inputs)))
            return number
        }
    }

    private func tell(_ event: BuildEvent) { next.withLock { _ in report(event) } }

    func start(_ number: Int) { tell(.started(number, .now())) }

    func end(_ number: Int, _ ending: BuildStep.Ending) { tell(.ended(number, .now(), ending)) }

    func part(_ number: Int, _ part: BuildStep.Part) { tell(.part(number, part, .now())) }

    func output(_ number: Int, _ stream: BuildStep.Stream, _ bytes: [UInt8]) {
        tell(.output(number, stream, bytes, .now()))
    }

    func warn(_ event: BuildEvent) { tell(event) }

    /// Does a step of the build's own from its beginning to its end. Throws what `body` throws.
    func step<Value>(_ name: String, _ body: (_ number: Int) throws(BuildError) -> Value) throws(BuildError) -> Value {
        let number = add(name)
        start(number)
        do throws(BuildError) {
            let value = try body(number)
            end(number, .done)
            return value
        } catch {
            end(number, error.kind == .cancelled ? .cancelled : .failed(error.message))
            var error = error
            if error.step == nil { error.step = number }
            throw error
        }
    }
}
