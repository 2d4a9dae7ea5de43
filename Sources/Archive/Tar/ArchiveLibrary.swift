import CArchive
import CCrypto

/// What libarchive and OpenSSL do once in a process.
enum ArchiveLibrary {
    /// Loads what the libraries would look for in the file system at their first use, where a process that has made
    /// a layer its root would find the layer's own: iconv(3)'s list of converters below /usr/lib/gconv (libarchive
    /// converts the names of PAX headers to the locale's charset and back), and OpenSSL's configuration, which is
    /// not read at all. After it, neither opens a file.
    static func prepare() { _ = once }

    private static let once: Void = {
        apus_hash_prepare()
        let reader = archive_read_new()
        archive_read_support_format_tar(reader)
        // Not for the archives that are read later: with this option libarchive drops those names of ustar headers
        // that it cannot convert, where it passes them on as they are without it.
        archive_read_set_format_option(reader, "tar", "hdrcharset", "UTF-8")
        archive_read_free(reader)
        let writer = archive_write_new()
        archive_write_set_format_pax(writer)
        archive_write_set_format_option(writer, "pax", "hdrcharset", "UTF-8")
        archive_write_free(writer)
    }()

    /// What the library last said of `archive`; empty where it said nothing.
    static func message(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? ""
    }
}
