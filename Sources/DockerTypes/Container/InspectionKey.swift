/// A member's name in the JSON of Docker's API, written as a literal.
struct InspectionKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral value: String) { stringValue = value }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// What is written member by member, in Docker's order.
typealias InspectionMembers = KeyedEncodingContainer<InspectionKey>

/// A list or map that Docker prints as null where it is empty.
func orNull<Elements: Collection>(_ elements: Elements) -> Elements? { elements.isEmpty ? nil : elements }

extension KeyedEncodingContainer where Key == InspectionKey {
    /// Writes `value`, null where there is none.
    mutating func put<Value: Encodable>(_ key: InspectionKey, _ value: Value?) throws {
        // As an optional where it is nil: its type says what templates see.
        if let value { try encode(value, forKey: key) } else { try encode(Value?.none, forKey: key) }
    }
}
