import CairnSchema

/// Puts two changes of one JSON value together, member by member.
struct ThreeWayMerge {
    /// Where both changed a value, each to another: the names of the members on the way.
    private(set) var conflicts: [[String]] = []

    /// The value with both changes; nil when it is gone.
    mutating func merge(_ base: JSONValue?, _ left: JSONValue?, _ right: JSONValue?, at path: [String]) -> JSONValue? {
        if left == right || right == base { return left }
        if left == base { return right }
        guard case .object(let leftObject)? = left, case .object(let rightObject)? = right else {
            // Reasons are for people: one of them is enough.
            if path.dropLast().last != "allow" { conflicts.append(path) }
            return left
        }
        var merged: [JSONObject.Member] = []
        let names = Set((leftObject.members + rightObject.members).map { Array($0.name.utf8) })
        for name in names.map({ String(decoding: $0, as: UTF8.self) }).sorted(by: Utf8.isLess) {
            if let value = merge(base?[name], leftObject[name], rightObject[name], at: path + [name]) {
                merged.append(.init(name: name, value: value))
            }
        }
        return .object(JSONObject(merged))
    }
}
