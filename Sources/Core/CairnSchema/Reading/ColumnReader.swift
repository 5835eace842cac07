/// Reads the declaration of one column: a type, or an object with a type and options.
enum ColumnReader {
    static func read(
        _ member: JSONMember, of table: String, _ diagnostics: inout DiagnosticCollector
    ) -> ColumnDraft? {
        let what = "column '\(member.name)' of \(table)"
        NameRules.check(member.name, "column", at: member.nameOffset, &diagnostics)
        switch member.value.content {
        case .string(let text):
            guard let (type, isNullable) = type(named: text, of: what, at: member.value.offset, &diagnostics) else {
                return nil
            }
            var draft = ColumnDraft(
                name: member.name, offset: member.nameOffset, type: type, typeOffset: member.value.offset)
            draft.isNullable = isNullable
            return draft
        case .object:
            guard var reader = MemberReader(member.value, what, &diagnostics) else { return nil }
            return object(&reader, member, what, &diagnostics)
        default:
            diagnostics.error(
                "schema.type", at: member.value.offset,
                "\(what) is a type name or an object, found \(member.value.kind)", remedy: "write it like \"string?\"")
            return nil
        }
    }

    private static func object(
        _ reader: inout MemberReader, _ member: JSONMember, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> ColumnDraft? {
        let declared = declaredType(&reader, what, &diagnostics)
        var draft = ColumnDraft(
            name: member.name, offset: member.nameOffset, type: declared?.type ?? .string,
            typeOffset: declared?.offset ?? member.value.offset)
        draft.isNullable = reader.bool("nullable", &diagnostics) || declared?.isNullable ?? false
        if let unique = reader.take("unique") {
            draft.uniqueOffset = unique.offset
            if case .bool(let isUnique) = unique.content {
                draft.isUnique = isUnique
            } else {
                diagnostics.error(
                    "schema.type", at: unique.offset, "'unique' of \(what) is true or false, found \(unique.kind)")
            }
        }
        draft.defaultNode = reader.take("default")
        draft.minimum = reader.take("min")
        draft.maximum = reader.take("max")
        draft.minimumLength = reader.length("min_length", &diagnostics)
        draft.maximumLength = reader.length("max_length", &diagnostics)
        draft.pattern = reader.string("pattern", &diagnostics)
        draft.onDelete = onDelete(&reader, draft, what, &diagnostics)
        draft.isSensitive = reader.bool("sensitive", &diagnostics)
        draft.deprecation = deprecation(&reader, what, &diagnostics)
        draft.doc = reader.string("doc", &diagnostics)?.text
        draft.renamedFrom = reader.string("renamed_from", &diagnostics)
        draft.conversion = conversion(&reader, what, &diagnostics)
        draft.allowances = AllowanceReader.read(&reader, in: .column, &diagnostics)
        reportAutoIncrement(&reader, what, &diagnostics)
        reader.finish(&diagnostics)
        return declared == nil ? nil : draft
    }

    // MARK: Type

    private static func declaredType(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> (type: ColumnType, isNullable: Bool, offset: Int)? {
        let type = reader.take("type")
        let values = reader.take("enum")
        let target = reader.take("references")
        let given = [type, values, target].compactMap { $0 }
        guard given.count == 1, let node = given.first else {
            diagnostics.error(
                "schema.missing", at: given.last?.offset ?? reader.node.offset,
                "\(what) needs exactly one of 'type', 'enum', 'references'")
            return nil
        }
        if values != nil {
            return enumeration(node, what, &diagnostics).map { (.enumeration($0), false, node.offset) }
        }
        guard case .string(let text) = node.content else {
            let member = type == nil ? "references" : "type"
            diagnostics.error("schema.type", at: node.offset, "'\(member)' of \(what) is a string, found \(node.kind)")
            return nil
        }
        if target != nil {
            let name = text.hasSuffix("?") ? String(text.dropLast()) : text
            return (.reference(table: name), text.hasSuffix("?"), node.offset)
        }
        return ColumnReader.type(named: text, of: what, at: node.offset, &diagnostics)
            .map { ($0.type, $0.isNullable, node.offset) }
    }

    /// A type by its text: a scalar name, `[name]` for an array, `?` at the end for "may be null".
    private static func type(
        named text: String, of what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) -> (type: ColumnType, isNullable: Bool)? {
        let isNullable = text.hasSuffix("?")
        let base = isNullable ? String(text.dropLast()) : text
        let isArray = base.hasPrefix("[") && base.hasSuffix("]")
        let name = isArray ? String(base.dropFirst().dropLast()) : base
        guard let scalar = ColumnType.named.first(where: { $0.name == name })?.type else {
            unknownType(name, isArray: isArray, what, at: offset, &diagnostics)
            return nil
        }
        if scalar == .blob { diagnostics.unsupported("blob", of: what, at: offset) }
        return (isArray ? .array(scalar) : scalar, isNullable)
    }

    private static func unknownType(
        _ name: String, isArray: Bool, _ what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) {
        let names = ColumnType.named.map(\.name).filter { $0 != "blob" }
        let remedy: String
        if isArray, name.hasPrefix("[") || name.hasSuffix("?") {
            remedy = "the elements of an array are of a scalar type and never null; use json for more"
        } else if name.hasSuffix("[]"), let element = known(String(name.dropLast(2))) {
            remedy = "an array is written '[\(element)]'"
        } else if ["serial", "autoincrement", "auto_increment", "identity", "bigserial"].contains(name.lowercased()) {
            remedy = autoIncrementAdvice
        } else if let known = known(name) {
            remedy = "the type is called '\(known)' here"
        } else {
            let nearest = NearestName.of(name, among: names + aliases.keys.sorted())
            remedy =
                nearest.map { "did you mean '\(aliases[$0] ?? $0)'?" }
                ?? "the types are \(names.joined(separator: ", "))"
        }
        diagnostics.error("schema.unknown_type", at: offset, "\(what) has the unknown type '\(name)'", remedy: remedy)
    }

    /// The type that goes by a name here or elsewhere.
    private static func known(_ name: String) -> String? {
        if ColumnType.named.contains(where: { $0.name == name && $0.type != .blob }) { return name }
        return aliases[name.lowercased()]
    }

    /// What people who come from other systems write.
    private static let aliases = [
        "text": "string", "varchar": "string", "char": "string", "str": "string", "integer": "int", "int64": "int",
        "bigint": "int", "long": "int", "int32": "int", "smallint": "int", "number": "double", "float": "double",
        "real": "double", "float64": "double", "boolean": "bool", "binary": "bytes", "data": "bytes",
        "datetime": "timestamp", "time": "timestamp", "timestamptz": "timestamp", "day": "date", "numeric": "decimal",
        "money": "decimal", "jsonb": "json", "object": "json", "guid": "uuid",
    ]

    private static func enumeration(
        _ node: JSONNode, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> [String]? {
        guard let texts = MemberReader.strings(node, "'enum' of \(what)", &diagnostics) else { return nil }
        if texts.isEmpty {
            diagnostics.error("schema.enum", at: node.offset, "'enum' of \(what) has no value")
        }
        if texts.count > SchemaLimits.enumValues {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "'enum' of \(what) has \(texts.count) values; the limit is \(SchemaLimits.enumValues)")
        }
        var cases: [String: String] = [:]
        // Swift takes texts for equal that differ in bytes only, and refuses an enum with both.
        var equalTexts: Set<String> = []
        for (text, offset) in texts {
            let name = Naming.lowerCamelCase(text)
            if text.utf8.count > SchemaLimits.enumValueBytes {
                diagnostics.error(
                    "schema.limit", at: offset,
                    "a value of 'enum' of \(what) has \(text.utf8.count) bytes; the limit is \(SchemaLimits.enumValueBytes)"
                )
            } else if name.utf8.first.map({ !(0x61...0x7A).contains($0) }) ?? true {
                diagnostics.error(
                    "schema.enum", at: offset, "the value '\(text)' of \(what) makes no name for a Swift case",
                    remedy: "begin it with a letter a-z")
            } else if let other = cases.updateValue(text, forKey: name) {
                diagnostics.error(
                    "schema.enum", at: offset,
                    Utf8.equal(other, text)
                        ? "\(what) has the value '\(text)' twice"
                        : "the values '\(other)' and '\(text)' of \(what) make the same Swift case '\(name)'",
                    remedy: "keep one of them")
            } else if !equalTexts.insert(text).inserted {
                diagnostics.error(
                    "schema.enum", at: offset,
                    "\(what) has two values '\(text)' that are the same text in other bytes", remedy: "keep one of them"
                )
            }
        }
        return texts.map(\.text)
    }

    // MARK: Options

    private static func onDelete(
        _ reader: inout MemberReader, _ draft: ColumnDraft, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> ReferenceAction? {
        let isReference = if case .reference = draft.type { true } else { false }
        guard let text = reader.string("on_delete", &diagnostics) else { return isReference ? .restrict : nil }
        guard isReference else {
            diagnostics.error(
                "schema.reference", at: text.offset, "\(what) has 'on_delete' but is no reference",
                remedy: "remove it, or declare the column with 'references'")
            return nil
        }
        guard let action = ReferenceAction(rawValue: text.text) else {
            diagnostics.error(
                "schema.reference", at: text.offset, "'on_delete' of \(what) cannot be '\(text.text)'",
                remedy: "it is 'restrict', 'cascade' or 'set_null', or left out")
            return .restrict
        }
        if action == .setNull, !draft.isNullable {
            diagnostics.error(
                "schema.reference", at: text.offset,
                "'on_delete' of \(what) is 'set_null', but it is a column which may not be null",
                remedy: "make it nullable, or use 'cascade' or 'restrict'")
        }
        return action
    }

    /// `deprecated` is true, or a text that says what to use instead.
    private static func deprecation(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> String? {
        guard let value = reader.take("deprecated") else { return nil }
        switch value.content {
        case .bool(let isDeprecated): return isDeprecated ? "deprecated in the schema" : nil
        case .string(let text): return text
        default:
            diagnostics.error(
                "schema.type", at: value.offset, "'deprecated' of \(what) is true or a text, found \(value.kind)")
            return nil
        }
    }

    /// What the values are made from where the column is new.
    private static func conversion(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> (conversion: Conversion, offset: Int)? {
        guard let node = reader.take("convert") else { return nil }
        guard node.depth <= JSONLimits.columnDepth else {
            diagnostics.error(
                "schema.limit", at: node.offset, "'convert' of \(what) nests more than \(JSONLimits.columnDepth) deep")
            return nil
        }
        var scanner = diagnostics.scanner(at: node.offset)
        do throws(JSONError) {
            let value = try JSONValue(&scanner, depth: 0)
            do throws(Conversion.Mistake) {
                return (try Conversion(value), node.offset)
            } catch {
                diagnostics.error(
                    "schema.convert", at: node.offset, "'convert' of \(what) \(error.message)", remedy: error.remedy)
            }
        } catch {
            diagnostics.error("schema.convert", at: error.offset, "'convert' of \(what): \(error.message)")
        }
        return nil
    }

    private static let autoIncrementAdvice =
        "there is none: a counter is one object all writers fight for on S3; make the key a uuid, which makes its own values"

    private static func reportAutoIncrement(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) {
        let names = ["auto_increment", "autoincrement", "auto_increment_by", "serial", "identity", "generated"]
        for member in reader.all where names.contains(member.name) {
            _ = reader.take(member.name)
            diagnostics.error(
                "schema.unknown_member", at: member.nameOffset, "\(what) asks for an automatic number",
                remedy: autoIncrementAdvice)
        }
    }
}
