// Macros of <fcntl.h> that Swift does not see, under their own names.

/// The object is the descriptor's own (openat(2) and others, with an empty path).
package let AT_EMPTY_PATH: CInt = 0x1000
/// A whole tree of mounts (open_tree(2), mount_setattr(2)).
package let AT_RECURSIVE: CInt = 0x8000
