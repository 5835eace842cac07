/// What the clients of one run do, and how often what befalls their processes.
package struct WorkloadPlan: Sendable {
    /// The kinds of deeds.
    enum Kind: String, Sendable, CaseIterable {
        case insertUser = "insert_user"
        case updateUser = "update_user"
        case birthday
        case deleteUser = "delete_user"
        case swapHandles = "swap_handles"
        case admit
        case insertPost = "insert_post"
        case deletePost = "delete_post"
        case transfer
        case append
        case batch
        case find
        case query
        case count
        case snapshot
        case audit
        case outcome
        case maintain
        case note
    }

    /// Processes at a time.
    package var processes = 3
    /// Tasks of a process that work at once.
    var clients = 2
    /// Deeds of a process and those that follow it in its place.
    package var deeds = 24
    /// How many users, accounts, lists there may be: few make quarrels, many make listings.
    var users = 6
    var accounts = 4
    var lists = 2
    /// How often each kind is done.
    var weights: [Int] = Kind.allCases.map { _ in 4 }
    /// Microseconds between two deeds of a client, at most.
    var thinking = 50_000
    /// Of a hundred processes, how many die before they are done.
    var deaths = 0
    /// Of a hundred deaths, how many come at an effect and not at a time.
    var deathsAtEffect = 50
    /// Of a hundred processes, how many are paused on the way.
    var pauses = 0
    /// Of a hundred processes, how many close their store and open it again.
    var reopenings = 0
    /// Of a hundred processes, how many have a wrong clock.
    var skewed = 0
    /// Of a hundred deeds, how many are cancelled.
    var cancellations = 0
    /// Whether a program with another schema comes by.
    var hasStranger = false
    /// How often, of a hundred batches, one is sent again though it succeeded.
    var repetitions = 20
    /// Records of a batch at most.
    var batchSize = 4
    /// Whether requests are tried again by a wrapper, as the S3 client does, or by nobody.
    var retries = true
    /// Bytes of text in posts, at most.
    var textBytes = 12
    /// Of a hundred reads, how many may be old.
    var stale = 10
    /// Of a hundred openings, how many end while work is under way.
    var hasty = 0
    /// Of a hundred batches, how many are so large that their record has parts.
    var heavy = 0
    /// Whether somebody edits record files of the table `notes` by hand.
    var hasEditor = false
    /// Whether a collector is at work.
    var collects = false
    /// Mistakes it makes.
    var collectorMistakes: Collector.Mistakes = []
    /// Whether processes stay for days when their work is done, and let the driver itself collect.
    var tidies = false
    /// Whether one of them first writes a batch so large that its record has parts.
    var leavesParts = false
    /// Whether the first process sleeps for days at a bad moment; nil: no.
    var sleep: Sleep?
    /// Of a hundred processes, how many go on as two, because somebody has copied their machine.
    var copies = 0
    /// How many objects that nobody needs lie in the bucket, about as many as fit on a page of a listing.
    var crowd = 0
    /// Whether somebody removes the store while processes are at work, and lets it be made anew.
    var isReplaced = false
    /// How many records and manifests of that store come when the new one is there.
    var strays = 0
    /// Whether the first process works through a fixed list of deeds, and those in its place do nothing.
    package var isScripted = false

    package init() {}

    /// How the first process sleeps.
    enum Sleep: String, Sendable, CaseIterable {
        /// Between two deeds, for longer than commit records are kept; at times until the moment when those go that it needs.
        case betweenDeeds = "sleep_between_deeds"
        /// Before it publishes the manifest that names an index file it has written, for longer than such a file is kept.
        case beforeManifest = "sleep_before_manifest"
    }

    /// A plan by chance.
    package static func random(_ random: inout SeededRandom, processes: Int?) -> WorkloadPlan {
        var plan = WorkloadPlan()
        plan.processes = processes ?? random.number(2...4)
        plan.clients = random.pick([1, 1, 2, 3], else: 2)
        plan.deeds = random.pick([10, 20, 20, 40, 80], else: 20)
        plan.users = random.pick([2, 4, 8, 40], else: 8)
        plan.accounts = random.number(2...5)
        plan.lists = random.number(1...3)
        plan.weights = Kind.allCases.map { kind in
            let weight = random.pick([0, 1, 2, 4, 8], else: 2)
            return kind == .outcome || kind == .maintain ? (weight + 1) / 2 : weight
        }
        if plan.weights.allSatisfy({ $0 == 0 }) { plan.weights[0] = 1 }
        plan.thinking = random.pick([0, 50_000, 50_000, 5_000_000, 600_000_000, 100_000_000_000], else: 50_000)
        plan.collects = random.chance(60)
        plan.deaths = random.pick([0, 0, 30, 70], else: 0)
        plan.deathsAtEffect = random.pick([0, 50, 100], else: 50)
        plan.pauses = random.pick([0, 0, 30, 60], else: 0)
        plan.reopenings = random.pick([0, 20, 50], else: 0)
        plan.skewed = random.pick([0, 30, 100], else: 0)
        plan.cancellations = random.pick([0, 0, 5, 20], else: 0)
        plan.hasStranger = random.chance(10)
        plan.repetitions = random.pick([5, 30], else: 5)
        plan.batchSize = random.pick([2, 4, 30], else: 4)
        plan.retries = random.chance(70)
        plan.textBytes = random.pick([12, 12, 12, 3_000], else: 12)
        plan.stale = random.pick([0, 10, 40], else: 10)
        plan.hasty = random.pick([0, 0, 30], else: 0)
        plan.heavy = random.chance(4) ? 20 : 0
        plan.hasEditor = random.chance(10)
        return plan
    }

    /// Adds by chance what happens in few runs.
    mutating func addRarities(_ random: inout SeededRandom) {
        copies = random.pick([0, 0, 0, 40], else: 0)
        crowd = random.chance(6) ? random.pick([999, 1000, 1001], else: 0) : 0
        isReplaced = random.chance(4)
        if random.chance(6), let sleep = random.pick(Sleep.allCases) { letSleep(sleep) }
        // One run in sixteen; where a collector is at work it leaves nothing to the driver.
        tidies = !collects && random.below(6) == 0
        leavesParts = tidies && !hasEditor && random.chance(50)
        if isReplaced, random.chance(50) { replace(strays: random.number(1...8)) }
    }

    /// Makes it a plan in which the store is replaced, and something of the old one comes late.
    mutating func replace(strays: Int) {
        isReplaced = true
        self.strays = strays
        // What is kept for a day is told from a stray by what the driver says, and the collector of the simulation says nothing of strays.
        (sleep, collects, tidies, leavesParts) = (nil, false, false, false)
    }

    /// Makes it a plan in which the first process sleeps at a bad moment, while another one is at work, or is idle.
    mutating func letSleep(_ sleep: Sleep) {
        self.sleep = sleep
        processes = 2
        clients = 1
        collects = true
        (deaths, reopenings, hasty, cancellations, heavy, crowd, pauses, copies) = (0, 0, 0, 0, 0, 0, 0, 0)
        (hasEditor, hasStranger, isReplaced, tidies) = (false, false, false, false)
        users = 4
        weights = Kind.allCases.map { kind in
            switch kind {
            case .maintain, .outcome, .note: 0
            case .transfer, .append, .insertUser, .insertPost: 6
            default: 2
            }
        }
        switch sleep {
        case .betweenDeeds: (deeds, thinking) = (420, 7_200_000_000)
        case .beforeManifest: (deeds, thinking) = (24, 36_000_000_000)
        }
    }
}
