/// Which of the old names became which of the new ones: by `renamed_from` first, then by the name itself.
///
/// It never guesses. Where both are possible the pairing goes by name and reports the conflict, and nobody acts on it.
struct NamePairing {
    /// A new name with what the schema file says it was called before.
    struct Declared {
        let name: String
        let renamedFrom: String?
    }

    /// For each new name the old one; nil where it is new.
    private(set) var sources: [String?]
    /// The old names that became nothing.
    private(set) var dropped: [String]
    /// New names that say they were called `from` before, though the old schema has both, or another says so too.
    private(set) var conflicts: [(name: String, from: String)] = []

    /// - Parameter isSettled: Whether what is declared is known to be so: also that a name was given to another one since.
    init(old: [String], new: [Declared], isSettled: Bool) {
        let known = Set(old)
        var taken: Set<String> = []
        sources = Array(repeating: nil, count: new.count)
        for (place, declared) in new.enumerated() {
            guard let from = declared.renamedFrom, from != declared.name, known.contains(from) else { continue }
            if known.contains(declared.name) && !isSettled || taken.contains(from) {
                conflicts.append((declared.name, from))
            } else {
                sources[place] = from
                taken.insert(from)
            }
        }
        for (place, declared) in new.enumerated() where sources[place] == nil {
            guard known.contains(declared.name), taken.insert(declared.name).inserted else { continue }
            sources[place] = declared.name
        }
        dropped = old.filter { !taken.contains($0) }
    }
}
