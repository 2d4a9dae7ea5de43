// libarchive's interface for one archive that is read or written through callbacks, in the tar format. Nothing
// else of it is called: each further function can bring formats, compressions and their libraries into a static
// executable.
#ifndef APUS_CARCHIVE_H
#define APUS_CARCHIVE_H
#include <archive.h>
#include <archive_entry.h>

// archive_set_error(3), which Swift cannot call because it takes any number of arguments.
void apus_archive_set_error(struct archive *archive, const char *message);

#endif
