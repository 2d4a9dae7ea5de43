import Engine
import Errors
import Linux

/// What verbs share that take several containers.
enum EachContainer {
    /// Does `body` for each of `names` and prints what it returns; an error is said, and the others are done all the
    /// same. Returns the exit status: 1 where any failed.
    static func run(_ names: [String], _ context: Context, _ body: (String) throws(EngineError) -> String) throws
        -> CInt
    {
        var status: CInt = 0
        for name in names {
            do throws(EngineError) {
                let text = try body(name)
                try? context.output.line(text)
            } catch {
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }

    /// As `run`, for what takes its time: all at once, some dozens at most, and told in the order of `names`.
    static func runAtOnce(
        _ names: [String], _ context: Context, _ body: @escaping @Sendable (String) throws(EngineError) -> String
    ) throws -> CInt {
        guard names.count > 1 else { return try run(names, context, body) }
        func begin(_ name: String) throws(EngineError) -> PendingCall<String> {
            do throws(SystemError) { return try Linux.begin { try body(name) } } catch {
                throw EngineError("cannot work on several containers at once: \(error)")
            }
        }
        let width = 48
        var calls = try names.prefix(width).map { try begin($0) }
        var place = 0
        return try run(names, context) { name throws(EngineError) in
            let call = calls[place]
            place += 1
            if calls.count < names.count { calls.append(try begin(names[calls.count])) }
            do { return try call.wait() } catch let error as EngineError { throw error } catch {
                throw EngineError("\(error)")
            }
        }
    }
}
