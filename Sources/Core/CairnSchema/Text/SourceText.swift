/// The text of a file and its name, to turn offsets into lines and columns.
package struct SourceText: Sendable {
    package let name: String
    package let bytes: [UInt8]
    private let lineStarts: [Int]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        lineStarts = [0] + bytes.indices.lazy.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
    }

    /// Where a byte stands. Lines and columns count from 1, columns in bytes, as the Swift compiler counts them.
    package func location(at offset: Int) -> Diagnostic.Location {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return Diagnostic.Location(file: name, line: low + 1, column: offset - lineStarts[low] + 1)
    }
}
