import Testing

@Suite struct LinuxPlaceholder {}
