import CairnSchema

extension ValueType {
    /// A value, where a query is planned whose values are not known yet.
    /// - Parameter cases: The texts of an enum.
    func sample(_ cases: [String]? = nil) -> Value {
        switch self {
        case .string: .string(cases?.first ?? "a")
        case .int: .int(1)
        case .double: .double(1)
        case .bool: .bool(false)
        case .uuid: .uuid(GeneratedLiteral.uuid(""))
        case .bytes: .bytes([0])
        case .timestamp: .timestamp(.epoch)
        case .date: .date(Timestamp.epoch.date)
        case .decimal: .decimal(1)
        case .json: .json(.null)
        case .array: .array([])
        }
    }
}
