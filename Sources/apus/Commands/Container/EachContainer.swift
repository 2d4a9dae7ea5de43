import Engine
import Errors

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
}
