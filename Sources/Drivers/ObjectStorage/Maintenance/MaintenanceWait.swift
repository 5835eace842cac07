/// Who wants to know how long a maintenance window still waits: for those who watch a tool that does.
package enum MaintenanceWait {
    /// Hears how many seconds are left, at the beginning of a wait and every some minutes of it; nil when nobody listens.
    @TaskLocal package static var heard: (@Sendable (_ secondsLeft: Double) -> Void)?
}
