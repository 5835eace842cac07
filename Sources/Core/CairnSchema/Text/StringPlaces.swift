extension SourceText {
    /// Where a byte of what a JSON string says stands in the file: escapes take more room there.
    /// - Parameter start: Where the string begins, with its quote. The file was read before, so it is well formed.
    func place(ofByte byte: Int, inStringAt start: Int) -> Int {
        var place = start + 1
        var said = 0
        while said < byte, place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            let (length, count) = unit(at: place)
            // A byte inside of what an escape says is at the escape.
            guard said + count <= byte else { break }
            place += length
            said += count
        }
        return place
    }

    /// How many bytes of the file the next unit of a string takes, and how many it says.
    private func unit(at place: Int) -> (length: Int, count: Int) {
        guard bytes[place] == UInt8(ascii: "\\") else { return (1, 1) }
        guard place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "u") else { return (2, 1) }
        let digits = bytes[min(place + 2, bytes.count)..<min(place + 6, bytes.count)]
        let unit = digits.reduce(0) { $0 << 4 | Int(Hex.digit($1) ?? 0) }
        switch unit {
        case ..<0x80: return (6, 1)
        case ..<0x800: return (6, 2)
        // A surrogate pair is two escapes for one character of four bytes.
        case 0xD800..<0xDC00: return (12, 4)
        default: return (6, 3)
        }
    }
}
