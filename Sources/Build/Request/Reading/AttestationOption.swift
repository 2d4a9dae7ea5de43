import Bytes
package import Errors

/// The texts of `--attest`, `--provenance` and `--sbom`. No attestation is made: what asks for none is taken, and what asks for one refused.
package enum AttestationOption {
    /// Checks a text of `--attest`: "type=provenance,disabled=true". Throws `OptionError`.
    package static func check(_ text: String) throws(OptionError) {
        guard !text.isEmpty else { return }
        var type: String?
        var isDisabled = false
        for field in try OptionFields.split(text) {
            guard let (key, value) = OptionFields.pair(field) else { throw .usage("invalid value \(field.excerpt)") }
            if key == "type" { type = value }
            guard key == "disabled" else { continue }
            guard let flag = goBool(value) else {
                throw .usage("invalid value \(field.excerpt): disabled is true or false")
            }
            isDisabled = flag
        }
        guard let type else { throw .usage("attestation type not specified") }
        if !isDisabled { throw refusal("--attest type=\(type.excerpt)") }
    }

    /// Checks a text of `--provenance` or `--sbom`, which `flag` names. Throws `OptionError`.
    package static func check(_ text: String, flag: String) throws(OptionError) {
        if text.isEmpty || goBool(text) == false { return }
        if goBool(text) == nil {
            for field in try OptionFields.split(text) {
                if let (key, value) = OptionFields.pair(field), key == "disabled", goBool(value) == true { return }
            }
        }
        throw refusal("--\(flag)=\(text.excerpt)")
    }

    private static func refusal(_ what: String) -> OptionError {
        .refused(what, "attestations are not made; give --provenance=false and --sbom=false, or neither")
    }
}
