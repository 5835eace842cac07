import CairnSchema
import ObjectStorage

/// What the values of one field are, over all records of a table.
struct FieldObservation {
    /// The types that are tried where nothing is declared, the narrowest first.
    private static let guesses: [ValueType] = [.bool, .int, .double, .uuid, .timestamp, .date, .string]

    private(set) var count = 0
    private(set) var nulls = 0
    /// The types that no value has ruled out.
    private var possible: Set<ValueType> = Set(guesses + [.bytes, .json])
    /// The values met, to see whether they are all different; nil once two were the same.
    private var met: Set<JSONValue>? = []

    mutating func add(_ value: JSONValue) {
        if value == .null {
            nulls += 1
            return
        }
        count += 1
        possible = possible.filter { FieldObservation.accepts(value, $0) }
        if met?.insert(value).inserted == false { met = nil }
    }

    /// Whether no two records have the same value.
    var isDistinct: Bool { met != nil }

    /// Whether all values are of a type.
    func fits(_ type: ValueType) -> Bool { possible.contains(type) }

    /// The narrowest type that all values have.
    var type: ValueType {
        if count == 0 { return .string }
        return FieldObservation.guesses.first { possible.contains($0) } ?? .json
    }

    private static func accepts(_ value: JSONValue, _ type: ValueType) -> Bool {
        switch (type, value) {
        case (.json, _), (.bool, .bool), (.int, .int), (.double, .int), (.double, .double), (.string, .string): true
        case (.timestamp, .string(let text)): Timestamp(ForeignTime.microseconds(text)) != nil
        case (.uuid, .string(let text)), (.date, .string(let text)), (.bytes, .string(let text)):
            ValueJSON.parse(text, as: type) != nil
        default: false
        }
    }
}

/// What the records of one table are.
struct TableObservation {
    private(set) var records = 0
    /// In the order in which they were met.
    private(set) var fields: [(name: String, observation: FieldObservation)] = []
    /// Fields whose text is the id of each record.
    private var identical: Set<String>?

    mutating func add(id: String, _ members: JSONObject) {
        records += 1
        var same: Set<String> = []
        for member in members.members {
            let place = fields.firstIndex { Utf8.equal($0.name, member.name) }
            if let place {
                fields[place].observation.add(member.value)
            } else {
                var observation = FieldObservation()
                observation.add(member.value)
                fields.append((member.name, observation))
            }
            switch member.value {
            case .string(let text) where Utf8.equal(text, id): same.insert(member.name)
            case .int(let number) where Utf8.equal(String(number), id): same.insert(member.name)
            default: break
            }
        }
        identical = identical?.intersection(same) ?? same
    }

    func field(_ name: String) -> FieldObservation? { fields.first { Utf8.equal($0.name, name) }?.observation }

    /// Whether a field has the id in every record.
    func isID(_ name: String) -> Bool { identical?.contains(name) ?? false }

    /// Whether some record has no value of a field.
    func isSparse(_ name: String) -> Bool { field(name).map { $0.count < records } ?? (records > 0) }
}
