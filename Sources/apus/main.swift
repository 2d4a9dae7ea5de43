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

// Taken as they come: the standard library's list of them is made by generic code.
var arguments: [String] = []
for place in 0..<Int(CommandLine.argc) {
    if let word = CommandLine.unsafeArgv[place] { arguments.append(String(cString: word)) }
}
if arguments.count > 1, arguments[1] == LastWords.verb, let code = LastWords.say(Array(arguments.dropFirst(2))) {
    exit(code)
}
if arguments.count > 1, let worker = Worker(rawValue: arguments[1]) { exit(worker.run(Array(arguments.dropFirst(2)))) }

// For callers that take the path of a runtime and put their own words behind it.
let isRuntime = arguments.first.map { $0 == OCICommand.program || $0.ends(with: "/" + OCICommand.program) } ?? false
if !arguments.isEmpty { arguments.removeFirst() }
exit(Dispatch.run(isRuntime ? ["oci"] + arguments : arguments))
