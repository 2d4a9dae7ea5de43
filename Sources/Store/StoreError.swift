package import Errors
package import Linux
package import OCI

/// What can go wrong with what is on disk.
package enum StoreError: KindedError, Sendable, CustomStringConvertible {
    /// No environment variable and no account says where the store is.
    case noHome
    /// A directory of the store cannot be used; `cause` is a part of a sentence.
    case unusableDirectory(path: String, cause: String)
    /// A system call failed while doing `action` ("write the image index").
    case failed(action: String, SystemError)
    /// A document of the store is not what it must be. Nothing was changed.
    case corrupt(path: String, cause: String)

    /// The image index is not there or is no index, though there are images; `cause` is a part of a sentence.
    case lostIndex(path: String, cause: String)

    /// There is no room for a blob in the store, whose directory is `store`.
    case noRoom(Digest, store: String, SystemError)

    case unknownImage(String)
    /// An id prefix that several images or containers have.
    case ambiguous(kind: String, prefix: String)
    /// The image is there, but not for the platform that was asked for.
    case otherPlatform(name: String, wanted: String, present: String)
    case missingBlob(Digest)
    case wrongDigest(expected: Digest, actual: Digest)
    /// Sizes in bytes; `actual` is at least what was read when the reading stopped.
    case wrongSize(digest: Digest?, expected: Int64, actual: Int64)
    /// In bytes.
    case tooLarge(digest: Digest, limit: Int)
    /// A removal that Docker's rules forbid; the whole sentence.
    case conflict(String)

    case invalidName(String)
    case nameTaken(name: String, container: String)
    case unknownContainer(String)
    case unknownNetwork(String)
    case unknownVolume(String)
    /// What somebody asked for cannot be; the whole sentence.
    case invalid(String)

    package var kind: ErrorKind {
        switch self {
        case .unknownImage, .unknownContainer, .unknownNetwork, .unknownVolume, .otherPlatform, .missingBlob: .notFound
        case .conflict, .nameTaken: .conflict
        case .ambiguous, .invalid, .invalidName, .wrongDigest, .wrongSize, .tooLarge: .invalid
        case .noHome, .unusableDirectory, .failed, .corrupt, .lostIndex, .noRoom: .system
        }
    }

    package var description: String {
        switch self {
        case .noHome:
            "cannot find the home directory of this user: set HOME, XDG_DATA_HOME or APUS_ROOT"
        case .unusableDirectory(let path, let cause): "the directory \(path) cannot be used: \(cause)"
        case .failed(let action, let error): "cannot \(action): \(error)"
        case .corrupt(let path, let cause):
            "\(path) is damaged (\(cause)): it was left as it is; repair it or move it away"
        case .lostIndex(let path, let cause):
            "the list of images \(path) cannot be used (\(cause)): 'apus system check --repair' makes it anew from the images"
                + " that are there"
        case .noRoom(let digest, let store, let error):
            "cannot write blob \(digest) to the store \(store): \(error.errno): make room there and pull again, which goes on with"
                + " what has come"
        case .unknownImage(let name): Self.unknown(name)
        case .ambiguous(let kind, let prefix): "the id prefix \(prefix) is ambiguous: more than one \(kind) has it"
        case .otherPlatform(let name, let wanted, let present):
            "image with reference \(name) was found but its platform (\(present)) does not match the specified platform "
                + "(\(wanted))"
        case .missingBlob(let digest):
            "blob \(digest) is missing from the store: pull or load the image again"
        case .wrongDigest(let expected, let actual): "the content has digest \(actual) instead of \(expected)"
        case .wrongSize(let digest, let expected, let actual):
            "\(digest.map { "blob \($0)" } ?? "the content") has \(actual) bytes instead of \(expected)"
        case .tooLarge(let digest, let limit): "blob \(digest) is larger than the \(limit) bytes that are read of it"
        case .conflict(let sentence), .invalid(let sentence): sentence
        case .invalidName(let name):
            name.utf8.count > 255
                ? "Invalid container name: it is longer than 255 bytes"
                : "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        case .nameTaken(let name, let container):
            "Conflict. The container name \"/\(name)\" is already in use by container \"\(container)\". You have to remove "
                + "(or rename) that container to be able to reuse that name."
        case .unknownContainer(let name): "No such container: \(name)"
        case .unknownNetwork(let name): "network \(name) not found"
        case .unknownVolume(let name): "get \(name): no such volume"
        }
    }
}

extension StoreError {
    /// As Docker complains of an image: with the tag that counts where none is given, and of what is no name by that.
    private static func unknown(_ name: String) -> String {
        do throws(ReferenceError) { return "No such image: \(try Reference(name).familiar)" } catch {
            return error.description
        }
    }
}

/// Runs `body` and tells what was being done when a system call in it failed.
func doing<T: ~Copyable>(_ action: @autoclosure () -> String, _ body: () throws(SystemError) -> T) throws(StoreError)
    -> T
{
    do throws(SystemError) { return try body() } catch { throw .failed(action: action(), error) }
}

/// `Array.withUnsafeBytes` for a body that throws our errors.
func withBytes(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) {
    var failure: StoreError?
    bytes.withUnsafeBytes { buffer in
        do throws(StoreError) { try body(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
}
