import Engine
import Glibc
import Linux

// Hidden verbs come first, before anything is set up: they run in namespaces of their own and need a single thread.

if CommandLine.arguments.count > 1, let worker = Worker(rawValue: CommandLine.arguments[1]) {
    exit(worker.run(Array(CommandLine.arguments.dropFirst(2))))
}

exit(Dispatch.run(Array(CommandLine.arguments.dropFirst())))
