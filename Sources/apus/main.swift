import Glibc
import Linux

// Hidden verbs come first, before anything is set up: they run in namespaces of their own and need a single thread.

exit(Dispatch.run(Array(CommandLine.arguments.dropFirst())))
