import Testing

@Suite struct OCIPlaceholder {}
