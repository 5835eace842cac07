/// What requests cost, as data.
///
/// Providers change their prices, and they differ by region: compare with the provider's page before you rely on a figure.
public struct PriceTable: Sendable, Hashable {
    /// Provider, class and region.
    public var name: String
    /// Billionths of a dollar for one request of a kind; free when it is not here.
    public var nanodollars: [ObjectCall.Operation: Int]
    /// Billionths of a dollar for each GiB that is read.
    public var nanodollarsPerGiBReceived: Int

    /// A table.
    public init(name: String, nanodollars: [ObjectCall.Operation: Int], nanodollarsPerGiBReceived: Int = 0) {
        self.name = name
        self.nanodollars = nanodollars
        self.nanodollarsPerGiBReceived = nanodollarsPerGiBReceived
    }

    /// Amazon S3 Standard in us-east-1: $0.005 for 1,000 PUT, COPY, POST and LIST, $0.0004 for 1,000 GET and others; DELETE and
    /// aborting are free, and so is traffic inside of the region. Source: the pricing page of Amazon S3.
    public static let s3Standard = PriceTable(
        name: "Amazon S3 Standard, us-east-1",
        nanodollars: [
            .put: 5000, .copy: 5000, .list: 5000, .beginUpload: 5000, .uploadPart: 5000, .completeUpload: 5000,
            .parts: 5000, .uploads: 5000, .get: 400, .head: 400,
        ])
}

extension PriceTable {
    /// What one call costs, in billionths of a dollar. A call that failed was a request, too.
    func nanodollars(_ record: ObjectCallRecord) -> Double {
        Double(nanodollars[record.call.operation] ?? 0)
            + Double(record.bytesReceived) / Double(1 << 30) * Double(nanodollarsPerGiBReceived)
    }

    /// What one call costs, in dollars.
    public func dollars(_ record: ObjectCallRecord) -> Double { nanodollars(record) / 1e9 }
}
