import CairnCore

/// How old the manifest of a view may become.
///
/// A manifest is kept for a day after its successor was made, and its index files with it. A process that follows the log for longer
/// than that must look now and then whether its manifest is still the newest: to go on reading its index files, and because a
/// manifest that it makes must be the successor of one that is there. One that came out as an old version long after
/// newer ones were made and removed would begin a second line of manifests, which nobody reads and no rule knows.
extension Follower {
    /// How long a manifest is taken for the newest after it was seen to be that.
    private static let manifestTrust = Duration.seconds(6 * 3600)
    /// Seconds of the store's clock after such a sighting past which nothing may be written that relies on it: a quarter of
    /// the time for which its successor's successor is kept.
    static let relianceOnManifest: Double = 12 * 3600

    /// Whether it must be looked whether the manifest of the newest view still is the newest.
    /// - Parameter date: The store's time; nil for a store that does not say it.
    func isManifestOld(at date: StoreDate?) throws -> Bool {
        let sighting = try tip.whileOpen { $0.sighting }
        if surroundings.uptime() - sighting.uptime > Follower.manifestTrust { return true }
        guard let date, let seen = sighting.date else { return false }
        return date.timeIntervalSince(seen) > Double(Follower.manifestTrust.components.seconds)
    }

    /// Takes the newest manifest as the base of the newest view. One LIST, and one GET if it is another one.
    @discardableResult
    func adoptNewest() async throws -> View {
        let view = try tip.view()
        let manifest = view.manifest.manifest
        if let (name, seen) = try await LogReader.newestManifestName(log.access),
            ObjectNames.version(ofManifest: name) == manifest.version
        {
            try tip.adopt(manifest, seen: seen)
        } else {
            do {
                let (newest, seen) = try await log.newestManifest()
                try tip.adopt(newest, seen: seen)
            } catch let error as StorageError where error.code == .replaced {
                tip.end(error)
                throw error
            }
        }
        return try tip.view()
    }
}
