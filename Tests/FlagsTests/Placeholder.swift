import Testing

@Suite struct FlagsPlaceholder {}
