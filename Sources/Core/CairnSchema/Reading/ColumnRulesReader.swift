/// Reads the bounds and the default of a column, now that its type is known.
struct ColumnRulesReader {
    let draft: ColumnDraft
    let type: ValueType
    /// The values of the enum the column has or refers to; nil when there is none.
    let enumValues: [String]?
    /// The column, for messages.
    let what: String

    func rules(_ diagnostics: inout DiagnosticCollector) -> ColumnRules {
        var rules = ColumnRules()
        rules.minimum = bound(draft.minimum, "min", &diagnostics)
        rules.maximum = bound(draft.maximum, "max", &diagnostics)
        rules.minimumLength = length(draft.minimumLength, "min_length", &diagnostics)
        rules.maximumLength = length(draft.maximumLength, "max_length", &diagnostics)
        rules.pattern = pattern(&diagnostics)
        if let minimum = rules.minimum, let maximum = rules.maximum, let order = Value.compare(minimum, maximum),
            order > 0
        {
            diagnostics.error(
                "schema.bounds", at: draft.maximum?.offset ?? draft.offset, "'max' of \(what) is less than its 'min'")
        }
        if let minimum = rules.minimumLength, let maximum = rules.maximumLength, minimum > maximum {
            diagnostics.error(
                "schema.bounds", at: draft.maximumLength?.offset ?? draft.offset,
                "'max_length' of \(what) is less than its 'min_length'")
        }
        return rules
    }

    private func bound(_ node: JSONNode?, _ name: String, _ diagnostics: inout DiagnosticCollector) -> Value? {
        guard let node else { return nil }
        guard type.hasBounds, draft.type.name != nil else {
            diagnostics.error(
                "schema.bounds", at: node.offset, "'\(name)' of \(what) has no meaning for its type",
                remedy: type.hasLength && draft.type.name != nil ? "use '\(name)_length'" : "remove it")
            return nil
        }
        var scanner = diagnostics.scanner(at: node.offset)
        do {
            return try ValueJSON.read(&scanner, as: type)
        } catch {
            diagnostics.error("schema.bounds", at: error.offset, "'\(name)' of \(what): \(error.message)")
            return nil
        }
    }

    private func length(
        _ given: (value: Int, offset: Int)?, _ name: String, _ diagnostics: inout DiagnosticCollector
    ) -> Int? {
        guard let given else { return nil }
        guard type.hasLength, draft.type.name != nil else {
            diagnostics.error(
                "schema.bounds", at: given.offset, "'\(name)' of \(what) has no meaning for its type",
                remedy: type.hasBounds ? "use '\(name.prefix(3))'" : "remove it")
            return nil
        }
        return given.value
    }

    private func pattern(_ diagnostics: inout DiagnosticCollector) -> String? {
        guard let (text, offset) = draft.pattern else { return nil }
        guard type == .string, draft.type.name != nil else {
            diagnostics.error(
                "schema.bounds", at: offset, "'pattern' of \(what) has no meaning for its type", remedy: "remove it")
            return nil
        }
        do {
            _ = try RegularExpression(text)
            return text
        } catch {
            diagnostics.error("schema.pattern", at: offset, "'pattern' of \(what): \(error)")
            return nil
        }
    }

    func defaultValue(_ rules: ColumnRules, _ diagnostics: inout DiagnosticCollector) -> DefaultValue? {
        guard let node = draft.defaultNode else { return nil }
        switch (node.content, type) {
        case (.null, _):
            if !draft.isNullable {
                diagnostics.error(
                    "schema.default", at: node.offset, "'default' of \(what) is null, which the column may not be",
                    remedy: "make it nullable with '?', or give another default")
            }
            return nil
        case (.string("now"), .timestamp), (.string("now"), .date): return .now
        case (.string("uuid"), .uuid) where draft.type == .uuid: return .uuid
        default: return literal(node, rules, &diagnostics)
        }
    }

    private func literal(
        _ node: JSONNode, _ rules: ColumnRules, _ diagnostics: inout DiagnosticCollector
    ) -> DefaultValue? {
        guard node.depth <= JSONLimits.columnDepth else {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "'default' of \(what) nests more than \(JSONLimits.columnDepth) deep, and no record may")
            return nil
        }
        var scanner = diagnostics.scanner(at: node.offset)
        let value: Value
        do {
            value = try ValueJSON.read(&scanner, as: type)
        } catch {
            diagnostics.error("schema.default", at: error.offset, "'default' of \(what): \(error.message)")
            return nil
        }
        if let values = enumValues, case .string(let text) = value,
            !values.contains(where: { Utf8.equal($0, text) })
        {
            diagnostics.error(
                "schema.default", at: node.offset, "'default' of \(what) is '\(text)', which is not one of its values",
                remedy: NearestName.hint(text, among: values))
            return nil
        }
        if let broken = ColumnCheck.brokenRule(value, rules) {
            diagnostics.error("schema.default", at: node.offset, "'default' of \(what) breaks its own rule: \(broken)")
            return nil
        }
        return .literal(value)
    }

    /// Reports values of a conversion that the column would not take.
    func check(
        _ conversion: Conversion, _ rules: ColumnRules, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) {
        func report(_ message: String, remedy: String? = nil) {
            diagnostics.error("schema.convert", at: offset, "'convert' of \(what) \(message)", remedy: remedy)
        }
        do {
            let (values, otherwise) = try conversion.values(as: type)
            if otherwise?.isNull ?? false, !draft.isNullable {
                report("has null as 'otherwise', which the column may not be", remedy: "give a value, or leave it out")
            }
            for value in (values.map { Array($0.values) } ?? []) + [otherwise].compactMap({ $0 }) {
                let text = ValueJSON.value(value)
                if let enumValues, case .string(let string) = value,
                    !enumValues.contains(where: { Utf8.equal($0, string) })
                {
                    report(
                        "has \(text), which is not one of its values",
                        remedy: NearestName.hint(string, among: enumValues))
                } else if let broken = ColumnCheck.brokenRule(value, rules) {
                    report("has \(text), which breaks a rule of the column: \(broken)")
                }
            }
        } catch {
            report(error.message, remedy: error.remedy)
        }
    }
}
