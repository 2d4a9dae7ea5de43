/// How a rule compares an argument with a value (config-linux.md, Seccomp; seccomp_rule_add(3)).
package enum SeccompOperator: String, CaseIterable, Sendable {
    case notEqual = "SCMP_CMP_NE"
    case less = "SCMP_CMP_LT"
    case lessOrEqual = "SCMP_CMP_LE"
    case equal = "SCMP_CMP_EQ"
    case greaterOrEqual = "SCMP_CMP_GE"
    case greater = "SCMP_CMP_GT"
    /// The argument under the mask `value` equals `valueTwo`.
    case maskedEqual = "SCMP_CMP_MASKED_EQ"
}
