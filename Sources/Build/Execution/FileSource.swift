/// Where COPY, ADD and mounts take files from.
enum FileSource: Sendable {
    /// A context: a directory of the caller's, or one that was made of an archive.
    case context(ContextTree)
    /// What layers' directories show together, the lowest first; none: nothing at all. They stay where they are while they are used.
    case layers([String])
}
