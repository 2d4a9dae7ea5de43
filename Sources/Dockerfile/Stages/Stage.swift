/// What stands between one FROM and the next.
package struct Stage: Hashable, Sendable {
    /// Its number, from 0.
    package let index: Int
    /// What it begins with.
    package let from: FromInstruction
    /// FROM itself.
    package let instruction: Instruction
    /// What follows.
    package let instructions: [Instruction]

    /// The name, or "stage-" and the number, as messages and TARGETSTAGE have it.
    package var displayName: String { from.name ?? "stage-\(index)" }
}
