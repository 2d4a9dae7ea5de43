extension String: WireCodable {
    package func encode(to encoder: inout WireEncoder) { encoder.write(self) }
    package init(from decoder: inout WireDecoder) throws(WireError) { self = try decoder.read(String.self) }
}

extension Bool: WireCodable {
    package func encode(to encoder: inout WireEncoder) { encoder.write(self) }
    package init(from decoder: inout WireDecoder) throws(WireError) { self = try decoder.read(Bool.self) }
}

extension WireCodable where Self: FixedWidthInteger {
    package func encode(to encoder: inout WireEncoder) { encoder.writeInteger(self) }
    package init(from decoder: inout WireDecoder) throws(WireError) { self = try decoder.readInteger() }
}

extension UInt8: WireCodable {}
extension UInt16: WireCodable {}
extension UInt32: WireCodable {}
extension UInt64: WireCodable {}
extension Int32: WireCodable {}
extension Int64: WireCodable {}
/// Eight bytes on every architecture that we build for.
extension Int: WireCodable {}

extension WireCodable where Self: RawRepresentable, RawValue: WireCodable {
    package func encode(to encoder: inout WireEncoder) { encoder.write(rawValue) }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        let raw = try RawValue(from: &decoder)
        guard let value = Self(rawValue: raw) else { throw .invalidValue("\(Self.self) (\(raw))") }
        self = value
    }
}

extension Array: WireCodable where Element: WireCodable {
    package func encode(to encoder: inout WireEncoder) { encoder.write(self) }
    package init(from decoder: inout WireDecoder) throws(WireError) { self = try decoder.read([Element].self) }
}
