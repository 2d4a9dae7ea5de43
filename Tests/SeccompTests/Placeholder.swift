import Testing

@Suite struct SeccompPlaceholder {}
