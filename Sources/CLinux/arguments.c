// The words of the command line, for Swift's CommandLine.
//
// Its runtime would look for them in the stack, whose place it reads in /proc/self/maps: that takes as long as the parsing of a command, and
// where /proc is not mounted there are none. The C library hands them to each function that runs before main.

// Swift's (stdlib/public/CommandLineSupport); what it is given comes before what it has found.
void _swift_stdlib_overrideUnsafeArgvArgc(char **arguments, int count);

__attribute__((constructor)) static void keep_arguments(int count, char **arguments) {
  _swift_stdlib_overrideUnsafeArgvArgc(arguments, count);
}
