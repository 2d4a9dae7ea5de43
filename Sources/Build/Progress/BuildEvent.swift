package import Dockerfile
package import Linux
package import OCI

/// Something that happened in a build. Whoever shows a build gets them in order, one at a time.
package enum BuildEvent: Sendable {
    /// A step is known from now on.
    case added(BuildStep)
    /// The step `number` is being worked on.
    case started(_ number: Int, Timestamp)
    /// The step `number` came to an end.
    case ended(_ number: Int, Timestamp, BuildStep.Ending)
    /// How far a part of the step `number` is; the same `id` again replaces what was said of it.
    case part(_ number: Int, BuildStep.Part, Timestamp)
    /// The step `number` wrote this: bytes as its program wrote them, not whole lines perhaps.
    case output(_ number: Int, BuildStep.Stream, [UInt8], Timestamp)
    /// What is odd about the Dockerfile, and the lines that it is about, for those who ask for more than the sentence.
    case warning(LintWarning, excerpt: SourceExcerpt? = nil)
}

/// A step of a build, as displays show it.
package struct BuildStep: Sendable {
    /// Its number in this build, from 0: the order in which steps became known.
    package let number: Int
    /// What it is called: "[build 2/3] RUN make", "[internal] load build definition from Dockerfile".
    package let name: String
    /// A digest of what it is: equal steps of several builds have the same.
    package let digest: Digest
    /// The steps that it waits for.
    package let inputs: [Int]

    package init(number: Int, name: String, digest: Digest, inputs: [Int]) {
        self.number = number
        self.name = name
        self.digest = digest
        self.inputs = inputs
    }

    /// How a step ended.
    package enum Ending: Sendable, Equatable {
        case done
        /// Its result was there already.
        case cached
        /// The build ended before.
        case cancelled
        /// One sentence.
        case failed(String)
    }

    /// A part of a step that takes its time: a layer that is pulled, a context that is sent, an export.
    package struct Part: Sendable {
        /// What tells it from the step's other parts.
        package let id: String
        /// What is shown: "transferring context:", "exporting layers", "sha256:…".
        package let name: String
        /// How many bytes (or things) are done; 0 where nothing is counted.
        package var done: Int64 = 0
        /// How many there are in all; 0 where that is not known.
        package var total: Int64 = 0
        /// Whether it is at its end.
        package var isComplete = false

        package init(id: String, name: String, done: Int64 = 0, total: Int64 = 0, isComplete: Bool = false) {
            self.id = id
            self.name = name
            self.done = done
            self.total = total
            self.isComplete = isComplete
        }
    }

    /// Which of its streams a program wrote to.
    package enum Stream: Int, Sendable { case output = 1, errorOutput = 2 }
}
