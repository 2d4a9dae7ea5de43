// What would be done before main, and takes a twentieth of the time of a short command.

// The words of the command line, for Swift's CommandLine. Its runtime would look for them in the stack, whose place it reads in /proc/self/maps: that takes as long as the parsing of a command, and
// where /proc is not mounted there are none. The C library hands them to each function that runs before main.

// Swift's (stdlib/public/CommandLineSupport); what it is given comes before what it has found.
void _swift_stdlib_overrideUnsafeArgvArgc(char **arguments, int count);

__attribute__((constructor)) static void keep_arguments(int count, char **arguments) {
  _swift_stdlib_overrideUnsafeArgvArgc(arguments, count);
}

// glibc's (elf/dl-origin.c), for static programs as well: where the program is, which a link of /proc tells, for libraries that are loaded
// from beside it. None is; this is its word for an unknown place.
const char *_dl_get_origin(void);
const char *_dl_get_origin(void) { return (const char *)-1; }
