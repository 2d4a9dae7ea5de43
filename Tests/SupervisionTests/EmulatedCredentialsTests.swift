import Testing

@testable import Supervision

/// The rules of credentials(7) where the kernel cannot keep them.
@Suite struct EmulatedCredentialsTests {
    private typealias IDs = EmulatedCredentials.IDs

    private func ids(_ real: UInt32, _ effective: UInt32, _ saved: UInt32) -> IDs {
        var ids = IDs(real)
        (ids.effective, ids.saved, ids.fileSystem) = (effective, saved, effective)
        return ids
    }

    /// What `ids` are after `change`, and whether that is allowed.
    private func after(_ ids: IDs, _ change: (inout IDs) -> Bool) -> (ids: IDs, isDone: Bool) {
        var ids = ids
        let isDone = change(&ids)
        return (ids, isDone)
    }

    private func expect(
        _ before: IDs, _ change: (inout IDs) -> Bool, _ expected: IDs?, _ place: SourceLocation = #_sourceLocation
    ) {
        let (ids, isDone) = after(before, change)
        #expect(isDone == (expected != nil), sourceLocation: place)
        // What fails changes nothing.
        #expect(ids == expected ?? before, sourceLocation: place)
    }

    @Test func rootBecomesAnybodyAndNobodyComesBack() {
        expect(IDs(0), { $0.set(5, true) }, IDs(5))
        expect(IDs(5), { $0.set(0, false) }, nil)
        expect(IDs(5), { $0.set(6, false) }, nil)
        expect(ids(0, 5, 0), { $0.set(0, false) }, ids(0, 0, 0))
        // As a set-user-ID program has them.
        expect(ids(5, 0, 0), { $0.set(real: .max, effective: 5, true) }, ids(5, 5, 0))
        expect(ids(5, 5, 0), { $0.set(real: .max, effective: 0, false) }, ids(5, 0, 0))
        expect(ids(5, 0, 0), { $0.set(real: 5, effective: 5, true) }, IDs(5))
        expect(IDs(5), { $0.set(real: .max, effective: 0, false) }, nil)
        expect(IDs(5), { $0.set(real: 0, effective: .max, false) }, nil)
    }

    @Test func eachOfThreeIsOneOfThree() {
        expect(ids(1, 2, 3), { $0.set(real: 3, effective: 1, saved: 2, false) }, ids(3, 1, 2))
        expect(ids(3, 1, 2), { $0.set(real: 3, effective: 1, saved: 4, false) }, nil)
        expect(ids(3, 1, 2), { $0.set(real: .max, effective: .max, saved: .max, false) }, ids(3, 1, 2))
        expect(ids(3, 1, 2), { $0.set(real: 7, effective: .max, saved: 9, true) }, ids(7, 1, 9))
        // The first part of what fails is not done either.
        expect(ids(7, 1, 9), { $0.set(real: 1, effective: 8, false) }, nil)
        var three = ids(7, 1, 9)
        let answers = [
            three.setFileSystem(9, false), three.setFileSystem(4, false), three.setFileSystem(.max, true),
            three.setFileSystem(4, true), three.setFileSystem(.max, true),
        ]
        #expect(answers == [1, 9, 9, 9, 4])
    }

    @Test func capabilitiesThatAreKeptAreForGroups() {
        for keeps in [false, true] {
            var credentials = EmulatedCredentials.root
            credentials.keepsCapabilities = keeps
            let became = credentials.changeUser { $0.set(5, $1) }
            let cameBack = credentials.changeUser { $0.set(0, $1) }
            #expect(became && !cameBack && credentials.mayChangeGroups == keeps)
        }
    }

    @Test func filesAreTheirOwnersToGive() {
        var user = EmulatedCredentials.root
        #expect(user.mayGive((9, 9), to: 1, 2))
        (user.user, user.group, user.groups) = (IDs(5), IDs(6), [7])
        #expect(user.mayGive((5, 1), to: 5, 7) && user.mayGive((5, 1), to: nil, 6) && user.mayGive((5, 1), to: nil, 1))
        #expect(
            !user.mayGive((5, 6), to: 0, nil) && !user.mayGive((5, 6), to: nil, 8) && !user.mayGive((0, 6), to: nil, 6))
    }

    /// A process that writes its own mark is another of those that there are, or root.
    @Test func marksThatAreForgedAreKnownOrRoots() throws {
        var table = CredentialTable()
        var other = EmulatedCredentials.root
        other.user = IDs(5)
        let (first, second) = (table.mark(other), table.mark(other))
        let mark = try #require(first)
        #expect(table.credentials(mark) == other && second == mark)
        for forged in [0, 1, .max, mark + 1, mark ^ 1 << 40, 1 << 63, UInt64(Int64.max)] {
            #expect(table.credentials(forged) == .root)
        }
    }

    @Test func theTableHasAnEnd() {
        var table = CredentialTable()
        var other = EmulatedCredentials.root
        var refused = 0
        for number in 1..<UInt32(CredentialTable.limit) + 2 {
            other.user = IDs(number)
            if table.mark(other) == nil { refused += 1 }
        }
        let root = table.mark(.root)
        #expect(refused == 2 && root != nil)
        var groups = CredentialTable()
        var marks: [UInt64?] = []
        for number: UInt32 in 1...5 {
            other.groups = Array(repeating: number, count: CredentialTable.groupLimit / 4)
            marks.append(groups.mark(other))
        }
        #expect(marks.map { $0 == nil } == [false, false, false, false, true])
    }
}
