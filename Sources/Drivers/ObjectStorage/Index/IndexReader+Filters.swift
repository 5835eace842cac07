import CairnCore

/// What filters say of keys. See ``IndexFilter``.
extension IndexReader {
    /// What can be said of a key in one run without a request.
    enum Knowledge {
        /// The run has no entry that begins with it.
        case absent
        /// What tells whether it has is in memory.
        case inMemory
        case unknown
    }

    /// Whether a run has something, as far as that is in memory.
    /// - Parameters:
    ///   - asked: What the filter of the run is asked for: a key, or the values of a unique index.
    ///   - bounds: All entries that begin with it.
    func knowledge(of asked: [UInt8], _ bounds: IndexBounds, in run: IndexRun) -> Knowledge {
        guard bounds.meets(run) else { return .absent }
        switch cachedSection(run) {
        case .whole: return .inMemory
        case .blocks(let directory):
            let blocks = directory.blocks(in: bounds)
            if blocks.isEmpty { return .absent }
            if blocks.allSatisfy({ isCached($0, directory, of: run) }) { return .inMemory }
        case nil: break
        }
        guard let filter = run.filter, filter.isPossible else { return .unknown }
        let hash = XXHash64.hash(asked)
        let place = IndexBlockCache.Place(file: run.file, offset: filter.piece(of: hash).range.lowerBound)
        guard case .filter(let piece) = cache.content(place) else { return .unknown }
        // What may be there is to be looked for in the blocks.
        return piece.mayHave(hash) ? .unknown : .absent
    }

    /// Those of some runs that may have something, in their order. For what is probably in none: at most one request for each, all
    /// at the same time.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`.
    func runs(_ runs: [IndexRun], thatMayHave asked: [UInt8], _ bounds: IndexBounds) async throws -> [IndexRun] {
        var candidates: [IndexRun] = []
        var unknown: [IndexRun] = []
        for run in runs {
            switch knowledge(of: asked, bounds, in: run) {
            case .absent: continue
            case .unknown where isWhole(run) || run.filter != nil: unknown.append(run)
            case .unknown, .inMemory: break
            }
            candidates.append(run)
        }
        if unknown.isEmpty { return candidates }
        let hash = XXHash64.hash(asked)
        let found = try await unknown.concurrently(LogReader.width) { run in
            guard !isWhole(run), let filter = run.filter else {
                _ = try await section(run)
                return true
            }
            return try await piece(of: hash, filter, run).mayHave(hash)
        }
        let absent = Set(zip(unknown, found).filter { !$0.1 }.map(\.0))
        return absent.isEmpty ? candidates : candidates.filter { !absent.contains($0) }
    }

    /// Reads the piece of a filter that a hash is in: one request, unless it is cached.
    private func piece(
        of hash: UInt64, _ filter: IndexRun.Filter, _ run: IndexRun
    ) async throws -> IndexFilterPiece {
        guard filter.isPossible else { throw damaged(run, "the manifest says what cannot be of its filter") }
        let (number, range) = filter.piece(of: hash)
        let place = IndexBlockCache.Place(file: run.file, offset: range.lowerBound)
        let contents = try await cache.contents([place], keeps: keepsBlocks) { _ in
            let piece = try await read(run, range) { bytes in
                guard let piece = IndexFilterPiece(bytes, of: run, filter, piece: number) else {
                    throw damaged(run, "piece \(number) of its filter is not what was written")
                }
                return piece
            }
            return [.filter(piece)]
        }
        guard case .filter(let piece)? = contents.first else { throw damaged(run, "its filter is none") }
        return piece
    }

    // MARK: What was just written

    /// Keeps what readers of a new run will ask for first, from the file it was written to: whoever writes an index need not read it
    /// again. That is all of a small run, and the directory and the filter of a large one.
    func keep(_ run: IndexRun, of file: [UInt8]) {
        guard keepsBlocks else { return }
        if isWhole(run) {
            guard let blocks = try? decodeWhole(Array(file[run.offset..<run.offset + run.length]), run) else { return }
            return cache.keep(.blocks(blocks), at: place(run))
        }
        let end = run.directoryOffset + run.directoryLength
        if let directory = try? decodeDirectory(Array(file[run.directoryOffset..<end]), run) {
            cache.keep(.directory(directory), at: place(run))
        }
        guard let filter = run.filter, filter.isPossible else { return }
        for number in 0..<filter.pieces {
            let start = filter.offset + number * filter.pieceLength
            let bytes = Array(file[start..<start + filter.pieceLength])
            guard let piece = IndexFilterPiece(bytes, of: run, filter, piece: number) else { continue }
            cache.keep(.filter(piece), at: IndexBlockCache.Place(file: run.file, offset: start))
        }
    }
}
