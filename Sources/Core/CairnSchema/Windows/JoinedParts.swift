/// What columns have whose texts were joined, by the joined text.
///
/// The problem: a text with a separator in it does not say where one column ends and the next one begins, and nothing may move between
/// columns that nobody moved. So a text is only taken apart where there is one way to do it, by what the record had before if need be.
struct JoinedParts: Sendable {
    /// What one column has.
    enum Part: Sendable, Hashable {
        /// A text.
        case text(String)
        /// What it had.
        case same(Value)

        /// The value of a column; nil when the text is none of its type.
        func of(_ type: ValueType) -> Value? {
            switch self {
            case .text(let text): ValueConversion.closest(.string(text), as: type)
            case .same(let value): value
            }
        }
    }

    private let columns: [(position: Int, isNullable: Bool)]
    private let separator: String

    /// - Parameter columns: In the order in which they are joined.
    init(_ columns: [Column], with separator: String) {
        self.columns = columns.map { ($0.position, $0.isNullable) }
        self.separator = separator
    }

    /// What each column has; nil when the text does not say.
    /// - Parameter stored: What the record has in the old table; nil for a new one.
    func parts(of text: String, over stored: [Value]?) -> [Part]? {
        let kept = stored.map { stored in columns.map { stored[$0.position] } }
        if let kept, Utf8.equal(joined(kept), text) { return kept.map(Part.same) }
        if let kept, isUnclear(kept) { return nil }
        let all = ColumnConversion.split(text, at: separator, nil)
        if all.count == columns.count { return all.map(Part.text) }
        return all.count < columns.count ? fewer(all, kept) : kept.flatMap { more(text, $0) }
    }

    /// Whether what a record has does not say which columns have nothing: one of its texts has a separator in it, and others are null.
    private func isUnclear(_ kept: [Value]) -> Bool {
        let texts = kept.filter { !$0.isNull }
        return texts.count < kept.count && !texts.isEmpty
            && ColumnConversion.split(joined(kept), at: separator, nil).count != texts.count
    }

    private func joined(_ values: some Sequence<Value>) -> String {
        values.filter { !$0.isNull }.map(ValueConversion.closestText).joined(separator: separator)
    }

    /// Columns that may be null have nothing: those that had nothing before, or else those that must if others may not.
    private func fewer(_ texts: [String], _ kept: [Value]?) -> [Part]? {
        var isNull = kept.map { $0.map(\.isNull) } ?? []
        if isNull.filter({ !$0 }).count != texts.count {
            isNull = columns.map(\.isNullable)
            // Of a new record it is the first ones, where some of them may have a text; nothing moves in one that is there.
            for place in isNull.indices where kept == nil && isNull.filter({ !$0 }).count < texts.count {
                isNull[place] = false
            }
        }
        guard isNull.filter({ !$0 }).count == texts.count else { return nil }
        var rest = texts[...]
        return isNull.map { $0 ? .same(.null) : .text(rest.removeFirst()) }
    }

    /// One column has a text with separators in it, the others what they had.
    private func more(_ text: String, _ kept: [Value]) -> [Part]? {
        guard !kept.contains(where: \.isNull) else { return nil }
        let bytes = Array(text.utf8)
        let found = kept.indices.compactMap { place -> [Part]? in
            let before = Array((joined(kept[..<place]) + (place > 0 ? separator : "")).utf8)
            let after = Array(((place < kept.count - 1 ? separator : "") + joined(kept[(place + 1)...])).utf8)
            guard before.count + after.count <= bytes.count, bytes.starts(with: before),
                bytes.suffix(after.count).elementsEqual(after)
            else { return nil }
            let own = String(decoding: bytes[before.count..<bytes.count - after.count], as: UTF8.self)
            var parts = kept.map(Part.same)
            parts[place] = .text(own)
            return parts
        }
        return found.count == 1 ? found[0] : nil
    }
}
