import CairnSchema

extension Batch {
    /// What tells two batches apart that use one idempotency key: the SHA-256 of their operations.
    package var digest: [UInt8] {
        if let origin { return origin }
        var writer = JSONWriter()
        writer.array { writer in
            for operation in operations {
                writer.element()
                Batch.write(operation, to: &writer)
            }
        }
        return SHA256.digest(writer.bytes)
    }

    private static func write(_ operation: WriteOperation, to writer: inout JSONWriter) {
        let (kind, values, revision): (String, [Value], Int?) =
            switch operation {
            case .insert(_, let values): ("insert", values, nil)
            case .update(_, let values, let revision): ("update", values, revision)
            case .upsert(_, let values): ("upsert", values, nil)
            case .delete(_, let key, let revision): ("delete", key.values, revision)
            }
        let table = operation.table
        let names = kind == "delete" ? table.key.map { table.columns[$0].name } : table.columns.map(\.name)
        // By name, because the same schema may have its columns in another order tomorrow.
        let columns = JSONObject(
            zip(names, values).map { JSONObject.Member(name: $0, value: ValueJSON.value($1)) })
        writer.write(
            .array([
                .string(kind), .string(table.name), revision.map(JSONValue.int) ?? .null, .object(columns),
            ]))
    }
}
