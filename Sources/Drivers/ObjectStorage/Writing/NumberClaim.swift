import CairnCore
import ObjectStores

/// Decides whether a commit record got its number: the heart of the protocol, without input and output.
///
/// The problem: the answer to a create-only PUT may be lost, come from a server that fails after it wrote, or belong to an
/// earlier attempt. The idea: the bytes at the number tell, because each record has random bytes of its own. Until they have
/// been seen, or a definite answer came to the only attempt, nothing is decided.
///
/// Invariants: `won` only after our bytes were acknowledged or seen at the number; `lost` only after other bytes were seen there;
/// `refused` only when no attempt can have taken effect, then or later; everything else stays unknown. Nothing is inferred from an
/// absence: while an uncertain attempt is under way, a missing record may still arrive, so the same bytes are sent again.
///
/// A record of another store at the number (``Ownership``) is replaced on the condition that it is still the one that was seen. All
/// attempts have the same bytes, and each takes effect only where nothing or that stray stands, so what is said above holds for both.
struct NumberClaim: Sendable {
    /// What to do next.
    enum Step: Sendable {
        /// PUT the record, in the ``mode``.
        case put
        /// GET the number.
        case read
        /// Wait a little, then ask ``next()`` again.
        case pause
        case end(End)
    }

    /// How it ended.
    enum End: Sendable {
        /// The record stands at its number.
        case won
        /// Another record does: its bytes.
        case lost([UInt8])
        /// No attempt took effect, or can.
        case refused(any Error)
        /// The time is over, and nobody knows.
        case unknown(any Error)
    }

    /// What came of a step.
    enum Event: Sendable {
        /// The PUT was acknowledged, at a moment of the store's clock.
        case written(StoreDate?)
        /// The PUT was answered with 412: some record is there.
        case exists
        /// The PUT was refused for another reason, and did not take effect.
        case refused(any Error)
        /// The PUT did not take effect, and may if it is sent again.
        case busy(any Error)
        /// The PUT may have taken effect.
        case unclear(any Error)
        /// The GET found these bytes.
        case found([UInt8])
        /// The GET found a stray, with this mark.
        case stray(ETag)
        /// The GET found nothing.
        case absent
        /// The GET failed.
        case unreadable(any Error)
        /// The pause is over.
        case paused
        /// There is no time left.
        case late
    }

    private let ours: [UInt8]
    /// The mark of the stray at the number, if one was seen there last.
    private var stray: ETag?
    /// Whether an attempt of ours may have taken effect, or still may.
    private(set) var isUncertain = false
    /// What went wrong last.
    private var problem: (any Error)?
    private var isRecordThere = false
    private(set) var step = Step.put

    /// On which condition the record is to be put.
    var mode: PutMode { stray.map { .ifMatch($0) } ?? .create }

    /// One of ``ObjectStorageFaults``.
    private let trustsRefusals: Bool

    init(_ bytes: [UInt8], trustsRefusals: Bool = false) {
        ours = bytes
        self.trustsRefusals = trustsRefusals
    }

    mutating func take(_ event: Event) {
        switch event {
        case .written: step = .end(.won)
        case .exists:
            isRecordThere = true
            step = .read
        case .refused(let error):
            // It settles only the attempt it answers.
            problem = error
            step = isUncertain && !trustsRefusals ? .pause : .end(.refused(error))
        case .busy(let error):
            problem = error
            step = .pause
        case .unclear(let error):
            isUncertain = true
            problem = error
            step = .read
        case .found(let bytes): step = .end(bytes == ours ? .won : .lost(bytes))
        case .stray(let mark):
            isRecordThere = false
            // With 412 before it, or an answer that was lost: after a while, and again.
            step = mark == stray ? .pause : .put
            stray = mark
        case .absent:
            stray = nil
            // With 412 before it: a store that is not consistent, or one whose record was removed. Try again, and see.
            isRecordThere = false
            step = .pause
        case .unreadable(let error):
            problem = error
            step = .pause
        case .paused: step = isRecordThere || needsLook ? .read : .put
        case .late:
            let error = problem ?? StorageError.timeout()
            step = .end(isUncertain ? .unknown(error) : .refused(error))
        }
        needsLook = if case .refused = event { isUncertain } else { false }
    }

    /// Whether the number must be looked at before anything is sent again: a refusal said nothing about it.
    private var needsLook = false
}
