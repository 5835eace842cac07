import CairnSchema

/// Receipts as text, for drivers that keep them beside the data.
package enum ReceiptJSON {
    package static func encode(_ receipt: Receipt) -> String {
        let results = receipt.results.map { metadata in
            JSONValue.array([
                .int(metadata.revision), .int(Int(metadata.createdAt.microseconds)),
                .int(Int(metadata.updatedAt.microseconds)),
            ])
        }
        let text: JSONValue = [
            "token": .string(receipt.token.rawValue), "time": .int(Int(receipt.time.microseconds)),
            "results": .array(results),
        ]
        return text.description
    }

    package static func decode(_ text: String) -> Receipt? {
        guard let json = try? JSONValue(parsing: text), case .string(let token)? = json["token"],
            let time = time(json["time"]), case .array(let elements)? = json["results"]
        else { return nil }
        var results: [RecordMetadata] = []
        for element in elements {
            guard case .int(let revision)? = element[0], let created = self.time(element[1]),
                let updated = self.time(element[2])
            else { return nil }
            results.append(RecordMetadata(revision: revision, createdAt: created, updatedAt: updated))
        }
        return Receipt(token: OutcomeToken(rawValue: token), time: time, results: results)
    }

    private static func time(_ value: JSONValue?) -> Timestamp? {
        guard case .int(let microseconds)? = value else { return nil }
        return Timestamp(microseconds: Int64(microseconds))
    }
}
