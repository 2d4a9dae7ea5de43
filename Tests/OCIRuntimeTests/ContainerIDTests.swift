import Testing

@testable import OCIRuntime

@Suite struct ContainerIDTests {
    @Test(arguments: ["a", "0123456789abcdef", "web_1", "a+b-c.d", "A"])
    func namesOfDirectoriesAreIDs(_ id: String) throws { try ContainerID.check(id) }

    @Test(arguments: ["", ".", "..", ".cache", "a/b", "../x", "a b", "ä", "a\u{0}b"])
    func whatCouldLeaveTheRootOrHideInItIsNone(_ id: String) {
        #expect(throws: OCIError.self) { try ContainerID.check(id) }
    }
}
