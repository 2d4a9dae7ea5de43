import Bytes
import Engine
import Glibc
import Linux
import Workers

// Before anything else is opened, which would get the number of a stream that the caller has closed.
DescriptorTable.fillStandard()
// What is started from here has signals at their defaults.
Signals.ignoreFileSizeLimit()

// Hidden verbs come first, before anything is set up: they run in namespaces of their own and need a single thread.

if CommandLine.arguments.count > 1, let worker = Worker(rawValue: CommandLine.arguments[1]) {
    exit(worker.run(Array(CommandLine.arguments.dropFirst(2))))
}

// For callers that take the path of a runtime and put their own words behind it.
let isRuntime =
    CommandLine.arguments.first.map { $0 == OCICommand.program || $0.ends(with: "/" + OCICommand.program) } ?? false

// A copied slice would be unspecialised code of the standard library, whose first step looks through every protocol
// conformance of the executable.
var words: [String] = isRuntime ? ["oci"] : []
for place in 1..<max(1, CommandLine.arguments.count) { words.append(CommandLine.arguments[place]) }
exit(Dispatch.run(words))
