import CairnSchema

/// Writes a projection: a struct of some columns, nested in that of the record.
struct ProjectionEmitter {
    let entity: EntityModel
    /// The spelling in the body of the entity.
    let types: TypeSpelling

    func write(_ projection: ProjectionModel, _ code: inout CodeWriter) {
        let columns = projection.properties.map { "`\($0.column.name)`" }.joined(separator: ", ")
        code.line()
        code.doc(DocText.said(projection.doc) ?? "Of a record of `\(entity.table.name)`: \(columns).")
        let identifiable = projection.hasKey ? ", \(types.standard("Identifiable"))" : ""
        code.block("public struct \(projection.name): \(types.cairn("Projection"))\(identifiable)") { code in
            code.doc("The record it is a part of.")
            code.line("public typealias _Record = \(entity.typeName)")
            if projection.hasKey {
                // Inside of an identifiable type `ID` is its own.
                code.doc("What identifies the record.")
                code.line("public typealias ID = \(entity.typeName).ID")
            }
            EntityEmitter.writeProperties(projection.properties, types, &code)
            writeInitializers(projection, &code)
            if projection.hasKey { EntityEmitter.writeID(entity.identifier, &code) }
            writeRows(projection, &code)
            EqualityEmitter(types: types).write(
                projection.properties, of: projection.name,
                hashing: projection.hasKey ? entity.identifier.parts : nil, &code)
        }
    }

    private func writeInitializers(_ projection: ProjectionModel, _ code: inout CodeWriter) {
        code.line()
        code.doc("One with these values.")
        let parameters = projection.properties.map { "\($0.name): \(types.spell($0))" }
        code.function("public init", parameters) { code in
            for property in projection.properties { code.line("self.\(property.name) = \(property.name)") }
        }
        code.line()
        code.doc("What it has of a record.")
        code.block("public init(_ record: \(entity.typeName))") { code in
            code.call("self.init", projection.properties.map { "\($0.name): record.\($0.name)" })
        }
    }

    private func writeRows(_ projection: ProjectionModel, _ code: inout CodeWriter) {
        let rows = RowEmitter(entity: entity, types: types)
        let places = projection.properties.map { "\($0.column.position)" }.joined(separator: ", ")
        code.line()
        code.doc("The places of its columns in the table.")
        code.line("public static var columnPositions: [\(types.standard("Int"))] { [\(places)] }")
        code.line()
        code.doc("Reads it from a row of the table.")
        code.block("public init(row: \(types.cairn("RowReader"))) throws") { code in
            code.call("try self.init", projection.properties.map { "\($0.name): \(rows.read($0))" })
        }
        code.line()
        code.doc("Writes its columns, in their order.")
        code.block("public func write(to row: inout \(types.cairn("RowWriter")))") { code in
            for property in projection.properties {
                code.line("row.write(\(reach(property.name, beside: "row")))")
            }
        }
    }
}
