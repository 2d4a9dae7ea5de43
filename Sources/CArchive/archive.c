#include "CArchive.h"

#include <errno.h>

// libarchive's PAX writer calls this where an entry's type cannot be written, and finds it in the object file of
// archive_write_set_format(3), which names every format that there is: 7-Zip, ZIP, XAR and with them nettle,
// libxml2 and more would come into a static executable. A definition here keeps that file out. It is never called:
// `TarWriter` refuses such types before.
void __archive_write_entry_filetype_unsupported(struct archive *archive, struct archive_entry *entry,
                                                const char *format) {
  (void)entry;
  archive_set_error(archive, -1, "%s: a type that the format does not have", format);
}

void apus_archive_set_error(struct archive *archive, const char *message) {
  archive_set_error(archive, EIO, "%s", message);
}
