import CairnSchema

/// Writes what the function of a named query makes of its rows, behind the query of the rows itself.
struct SelectionEmitter {
    let selection: SelectionModel
    let text: ConditionEmitter

    /// The variable with the only row.
    private static let row = "_row"

    /// What stands before the query of the rows.
    /// - Parameter isAlone: Whether nothing stands before it in the function.
    func start(isAlone: Bool) -> String {
        if selection.isOne { return "let \(SelectionEmitter.row) = try await " }
        return isAlone ? "try await " : "return try await "
    }

    func write(_ code: inout CodeWriter) {
        code.indented { code in
            writeCall(&code)
            if !selection.isOne { code.line(".map { row in try \(values(of: "row")) }") }
        }
        if selection.isOne { code.line("return try \(values(of: SelectionEmitter.row))") }
    }

    /// A tuple of the values of a row, or the only one.
    private func values(of row: String) -> String {
        let items = selection.items
        if items.count == 1 { return "\(row).value(\(items[0].place))" }
        return "(\(items.map { "\($0.label): \(row).value(\($0.place))" }.joined(separator: ", ")))"
    }

    private func writeCall(_ code: inout CodeWriter) {
        guard let groups = selection.groups else {
            let columns = selection.columns.map { "\($0)" }.joined(separator: ", ")
            return code.line(".namedColumns([\(columns)])")
        }
        let aggregates = "[\(groups.aggregates.map(aggregate).joined(separator: ", "))]"
        guard !selection.isOne else { return code.line(".namedTotals(\(aggregates))") }
        let columns = "[\(groups.columns.map { "\($0)" }.joined(separator: ", "))]"
        var having = groups.having.map(text.lines) ?? []
        if !having.isEmpty { having[0] = "having: " + having[0] }
        var rest: [String] = []
        if !groups.order.isEmpty { rest.append("order: \(text.order(groups.order))") }
        if let limit = groups.limit { rest.append("limit: \(text.count(limit))") }
        if having.count <= 1 {
            let short = ([columns, aggregates] + having + rest).joined(separator: ", ")
            if short.utf8.count <= 80 { return code.line(".namedGroups(\(short))") }
        }
        code.line(".namedGroups(")
        code.indented { code in
            code.line("\(columns), \(aggregates)" + (having.isEmpty && rest.isEmpty ? "" : ","))
            for (index, line) in having.enumerated() {
                code.line(line + (index == having.count - 1 && !rest.isEmpty ? "," : ""))
            }
            if !rest.isEmpty { code.line(rest.joined(separator: ", ")) }
        }
        code.line(")")
    }

    private func aggregate(_ aggregate: TemplateAggregate) -> String {
        switch aggregate {
        case .rows: ".rows"
        case .count(let column): ".count(column: \(column))"
        case .distinctCount(let column): ".distinctCount(column: \(column))"
        case .sum(let column): ".sum(column: \(column))"
        case .average(let column): ".average(column: \(column))"
        case .minimum(let column): ".minimum(column: \(column))"
        case .maximum(let column): ".maximum(column: \(column))"
        }
    }
}
