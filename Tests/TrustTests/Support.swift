import Linux
import OCI

@testable import Trust

/// A policy whose default is `rules`, a list in JSON, with `transports`, an object.
func policy(_ rules: String, transports: String? = nil) throws -> TrustPolicy {
    let rest = transports.map { ", \"transports\": \($0)" } ?? ""
    return try TrustPolicy(Array("{\"default\": \(rules)\(rest)}".utf8), path: "/p.json")
}

/// What is wrong with the document `text`; nil where nothing is.
func fault(_ text: String) -> String? {
    do throws(TrustError) {
        _ = try TrustPolicy(Array(text.utf8), path: "/p.json")
        return nil
    } catch {
        guard case .policyFile("/p.json", let cause) = error else { return "\(error)" }
        return cause
    }
}

let digestA = Digest(.sha256, hex: String(repeating: "a", count: 64))!
let digestB = Digest(.sha256, hex: String(repeating: "b", count: 64))!

let accept = #"[{"type": "insecureAcceptAnything"}]"#
let reject = #"[{"type": "reject"}]"#
